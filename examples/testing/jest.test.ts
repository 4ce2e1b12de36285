/** With Jest: the same, in a CommonJS project with ts-jest, babel-jest or @swc/jest. */
import { beforeEach, expect, test } from '@jest/globals';
import { sharedRegistry } from '@tamma/observability';
import {
  expectRecorded,
  expositionDiff,
  isolateSharedRegistry,
  readValue,
} from '@tamma/observability/testing';
import { greet, greetings } from './greeter';

beforeEach(() => {
  isolateSharedRegistry();
});

test('a greeting is counted as a success', async () => {
  expect(await greet('en')).toBe('Hello');
  expect(readValue(sharedRegistry, greetings, { outcome: 'success' })).toBe(1);
});

test('an unknown language is counted as a failure, and the error is thrown', async () => {
  const [recorded] = await expectRecorded(sharedRegistry, greetings, () =>
    expect(greet('xx')).rejects.toThrow('unknown language'),
  );
  expect(recorded.labels).toEqual({ outcome: 'failure' });
});

test('a greeting changes nothing else', async () => {
  const diff = await expositionDiff(sharedRegistry, () => greet('en'));
  expect(diff).toContain('+ greetings_total{outcome="success"} 1');
});
