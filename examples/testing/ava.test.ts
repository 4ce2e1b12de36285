/** With ava, whose tests run concurrently: a registry for each test. */
import { sharedRegistry } from '@tamma/observability';
import {
  createTestRegistry,
  expectRecorded,
  expositionDiff,
  isolateSharedRegistry,
  readValue,
} from '@tamma/observability/testing';
import test from 'ava';
import { greet, greetings } from './greeter.js';

test('a greeting is counted as a success', async (t) => {
  const registry = createTestRegistry();
  t.is(await greet('en', registry), 'Hello');
  t.is(readValue(registry, greetings, { outcome: 'success' }), 1);
});

test('an unknown language is counted as a failure, and the error is thrown', async (t) => {
  const registry = createTestRegistry();
  const [recorded] = await expectRecorded(registry, greetings, () => t.throwsAsync(greet('xx', registry)));
  t.deepEqual(recorded.labels, { outcome: 'failure' });
});

test('a greeting changes nothing else', async (t) => {
  const registry = createTestRegistry();
  await greet('en', registry);
  const diff = await expositionDiff(registry, () => greet('en', registry));
  t.is(diff, '- greetings_total{outcome="success"} 1\n+ greetings_total{outcome="success"} 2');
});

// Code that records in the shared registry: one test after the other.
test.serial('the shared registry starts from 0', async (t) => {
  isolateSharedRegistry();
  await greet('en');
  t.is(readValue(sharedRegistry, greetings, { outcome: 'success' }), 1);
});
