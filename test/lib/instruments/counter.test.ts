import test from 'ava';
import { defineCounter } from '../../../lib/define.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readSamples, readValue } from '../../../lib/testing.js';

const plain = defineCounter({ name: 'plain_total', help: 'Plain.' });
const labelled = defineCounter({ name: 'labelled_total', help: 'Labelled.', labels: { kind: label() } });

test('a counter without labels starts at 0, and one with labels has no series', async (t) => {
  const registry = createTestRegistry();
  registry.counter(plain);
  registry.counter(labelled);
  t.deepEqual(await readSamples(registry, plain), [{ labels: {}, value: 0 }]);
  t.deepEqual(await readSamples(registry, labelled), []);
});

test('inc adds 1 or the given value, with labels first as in prom-client', (t) => {
  const registry = createTestRegistry();
  registry.counter(plain).inc();
  registry.counter(plain).inc(2.5);
  registry.counter(plain).inc(0);
  registry.counter(labelled).inc({ kind: 'a' });
  registry.counter(labelled).inc({ kind: 'a' }, 3);
  registry.counter(labelled).labels('a').inc();
  registry.counter(labelled).labels({ kind: 'a' }).inc(4);
  t.is(readValue(registry, plain), 3.5);
  t.is(readValue(registry, labelled, { kind: 'a' }), 9);
});

test('a bound series starts at 0 and adds to the same value', (t) => {
  const registry = createTestRegistry();
  const bound = registry.counter(labelled).with({ kind: 'a' });
  t.is(readValue(registry, labelled, { kind: 'a' }), 0);
  bound.inc();
  bound.inc(2);
  registry.counter(labelled).inc({ kind: 'a' });
  t.is(readValue(registry, labelled, { kind: 'a' }), 4);
  t.is(bound.value, 4);
});

for (const [value, code, message] of [
  [Number.NaN, 'ERR_METRICS_INVALID_VALUE', /`labelled_total`: expected a finite number, received NaN/],
  [Number.POSITIVE_INFINITY, 'ERR_METRICS_INVALID_VALUE', /received Infinity/],
  [Number.NEGATIVE_INFINITY, 'ERR_METRICS_INVALID_VALUE', /received -Infinity/],
  ['5' as never, 'ERR_METRICS_INVALID_VALUE', /received "5"/],
  [
    -1,
    'ERR_METRICS_NEGATIVE_INCREMENT',
    /Negative increment of counter `labelled_total`: expected a number of 0 or more, received -1/,
  ],
] as const) {
  test(`an increment of ${String(value)} (${typeof value}) is an error and changes no series`, async (t) => {
    const registry = createTestRegistry();
    const counter = registry.counter(labelled);
    const bound = counter.with({ kind: 'bound' });
    bound.inc(7);
    t.throws(() => counter.inc({ kind: 'new' }, value), { code, message });
    t.throws(() => bound.inc(value), { code, message });
    counter.remove({ kind: 'bound' });
    t.throws(() => bound.inc(value), { code, message }, 'also on a series that was removed');
    counter.remove({ kind: 'bound' });
    bound.inc(7);
    t.deepEqual(await readSamples(registry, labelled), [{ labels: { kind: 'bound' }, value: 7 }]);
    t.throws(() => registry.counter(plain).inc(value as number), { code });
    t.is(readValue(registry, plain), 0);
  });
}

test('reset sets a counter without labels to 0', (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(plain);
  counter.inc(5);
  counter.reset();
  t.is(readValue(registry, plain), 0);
  counter.inc();
  t.is(readValue(registry, plain), 1);
  counter.remove();
  t.is(readValue(registry, plain), 0, 'it cannot be removed, as it cannot in prom-client');
});

test('a value beside unknown labels named as those of a recording with an exemplar is an error', (t) => {
  const counter = createTestRegistry().counter(labelled);
  t.throws(() => counter.inc({ exemplarLabels: { run: '1' } } as never, 2), {
    code: 'ERR_METRICS_UNKNOWN_LABEL',
  });
});

test('the error of an invalid increment says whether it is negative or no number', (t) => {
  const counter = createTestRegistry().counter(plain);
  const codes = [-1, Number.NEGATIVE_INFINITY, '-1', Number.NaN].map(
    (value) => (t.throws(() => counter.inc(value as number)) as Error & { code: string }).code,
  );
  t.deepEqual(codes, [
    'ERR_METRICS_NEGATIVE_INCREMENT',
    'ERR_METRICS_INVALID_VALUE',
    'ERR_METRICS_INVALID_VALUE',
    'ERR_METRICS_INVALID_VALUE',
  ]);
  t.notThrows(() => counter.inc(0));
});

test('optional labels and an optional amount may be absent', (t) => {
  const registry = createTestRegistry();
  for (const absent of [undefined, null]) {
    registry.counter(plain).inc(absent as never, 2);
    registry.counter(plain).inc(2, absent as never);
    registry.counter(plain).inc(absent);
    registry.counter(labelled).inc(absent as never);
    registry.counter(labelled).inc({ kind: 'a' }, absent);
  }
  t.is(readValue(registry, plain), 10);
  t.is(readValue(registry, labelled), 2);
  t.is(readValue(registry, labelled, { kind: 'a' }), 2);
});

test('an error of a bound series names its metric, whatever the number of labels', (t) => {
  const deep = defineCounter({
    name: 'deep_total',
    help: 'Deep.',
    labels: { a: label(), b: label(), c: label() },
  });
  const counter = createTestRegistry().counter(deep);
  const bound = counter.with({ a: '1', b: '2', c: '3' });
  t.throws(() => bound.inc(-1), { message: /of counter `deep_total`/ });
  counter.remove('1', '2', '3');
  t.throws(() => bound.inc(-1), { message: /of counter `deep_total`/ });
});

test('a method can be replaced, as spies do', (t) => {
  const counter = createTestRegistry().counter(plain);
  const { inc } = counter;
  const spied: unknown[] = [];
  counter.inc = (...args: unknown[]) => void spied.push(args);
  counter.inc(5);
  t.deepEqual(spied, [[5]]);
  Object.defineProperty(counter, 'inc', { get: () => inc });
  t.is(counter.inc, inc);
});
