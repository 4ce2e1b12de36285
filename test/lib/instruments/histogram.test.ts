import test from 'ava';
import fc from 'fast-check';
import { defineHistogram } from '../../../lib/define.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readHistogram, readSamples, readText } from '../../../lib/testing.js';

const plain = defineHistogram({ name: 'plain_seconds', help: 'Plain.', buckets: [1, 2, 5] });
const labelled = defineHistogram({
  name: 'labelled_seconds',
  help: 'Labelled.',
  buckets: [1, 2, 5],
  labels: { kind: label() },
});

test('observations fall into the first bucket whose bound is not below them', (t) => {
  const registry = createTestRegistry();
  const histogram = registry.histogram(plain);
  for (const value of [-1, 0, 1, 1.5, 2, 5, 5.1, 1e9]) histogram.observe(value);
  t.deepEqual(readHistogram(registry, plain), {
    count: 8,
    sum: -1 + 0 + 1 + 1.5 + 2 + 5 + 5.1 + 1e9,
    buckets: new Map([
      [1, 3],
      [2, 5],
      [5, 6],
      [Number.POSITIVE_INFINITY, 8],
    ]),
  });
});

test('a histogram without labels starts at 0, and `zero` creates a labelled series', async (t) => {
  const registry = createTestRegistry();
  registry.histogram(plain);
  t.is(readHistogram(registry, plain)?.count, 0);
  const histogram = registry.histogram(labelled);
  t.deepEqual(await readSamples(registry, labelled), []);
  histogram.zero({ kind: 'a' });
  t.is(readHistogram(registry, labelled, { kind: 'a' })?.count, 0);
  histogram.observe({ kind: 'a' }, 3);
  histogram.zero({ kind: 'a' });
  t.is(readHistogram(registry, labelled, { kind: 'a' })?.sum, 0);
});

test('a weight observes a value that many times', (t) => {
  const registry = createTestRegistry();
  registry.histogram(labelled).with({ kind: 'a' }).observe(1.5, 10);
  registry.histogram(labelled).observe({ kind: 'a' }, 4, 2);
  const reading = readHistogram(registry, labelled, { kind: 'a' });
  t.is(reading?.count, 12);
  t.is(reading?.sum, 23);
  t.is(reading?.buckets.get(2), 10);
});

test('`copyTo` writes the sum and the observations of each bucket', (t) => {
  const registry = createTestRegistry();
  const histogram = registry.histogram(labelled);
  histogram.observe({ kind: 'another' }, 1);
  const series = histogram.with({ kind: 'a' });
  for (const value of [1, 1.5, 1.5, 4, 9]) series.observe(value);
  const target = new Float64Array(5);
  series.copyTo(target);
  t.deepEqual([...target], [17, 1, 2, 1, 1]);
  t.deepEqual(
    [0, 1, 2, 3].map((bucket) => series.countIn(bucket)),
    [1, 2, 1, 1],
  );
});

test('a label may be named `value`', (t) => {
  const registry = createTestRegistry();
  const definition = defineHistogram({
    name: 'coin_seconds',
    help: 'Coins.',
    buckets: [1],
    labels: { value: label() },
  });
  registry.histogram(definition).observe({ value: 2 }, 5);
  t.is(readHistogram(registry, definition, { value: '2' })?.sum, 5);
});

test('setting the buckets that a histogram has is no error, even after observations', (t) => {
  const registry = createTestRegistry();
  registry.histogram(plain).observe(1);
  t.notThrows(() => registry.setBuckets(new Map([['plain_seconds', [1, 2, 5]]])));
  t.throws(() => registry.setBuckets(new Map([['plain_seconds', [1, 2]]])), {
    code: 'ERR_METRICS_INVALID_OPTION',
  });
});

test('timers observe and return seconds, with labels from the start or the end', (t) => {
  const registry = createTestRegistry();
  const histogram = registry.histogram(labelled);
  const both = [
    histogram.startTimer({ kind: 'a' })(),
    histogram.startTimer()({ kind: 'a' }),
    histogram.with({ kind: 'a' }).startTimer()(),
  ];
  const reading = readHistogram(registry, labelled, { kind: 'a' });
  t.is(reading?.count, 3);
  t.true(Math.abs((reading?.sum ?? 0) - both.reduce((sum, seconds) => sum + seconds, 0)) < 1e-9);
});

for (const value of [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  '5' as never,
  undefined as never,
]) {
  test(`observing ${String(value)} (${typeof value}) is an error and changes no series`, async (t) => {
    const registry = createTestRegistry();
    const histogram = registry.histogram(labelled);
    const bound = histogram.with({ kind: 'bound' });
    bound.observe(3);
    const expected = {
      code: 'ERR_METRICS_INVALID_VALUE',
      message: /observation of histogram `labelled_seconds`: expected a finite number/,
    };
    t.throws(() => histogram.observe({ kind: 'new' }, value), expected);
    t.throws(() => bound.observe(value), expected);
    t.is(readHistogram(registry, labelled, { kind: 'new' }), undefined);
    t.is(readHistogram(registry, labelled, { kind: 'bound' })?.sum, 3);
  });
}

for (const weight of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
  test(`a weight of ${weight} is an error and changes no series`, (t) => {
    const registry = createTestRegistry();
    const histogram = registry.histogram(labelled);
    t.throws(() => histogram.observe({ kind: 'new' }, 1, weight), {
      code: 'ERR_METRICS_INVALID_VALUE',
      message: /weight of an observation/,
    });
    t.throws(() => histogram.with({ kind: 'bound' }).observe(1, weight), {
      code: 'ERR_METRICS_INVALID_VALUE',
    });
    t.is(readHistogram(registry, labelled, { kind: 'new' }), undefined);
    t.is(readHistogram(registry, labelled, { kind: 'bound' })?.count, 0);
  });
}

test('`le` comes last, after the labels as declared, and +Inf is the count', async (t) => {
  const registry = createTestRegistry();
  registry.histogram(labelled).observe({ kind: 'a' }, 3);
  t.is(
    await readText(registry),
    `# HELP labelled_seconds Labelled.
# TYPE labelled_seconds histogram
labelled_seconds_bucket{kind="a",le="1"} 0
labelled_seconds_bucket{kind="a",le="2"} 0
labelled_seconds_bucket{kind="a",le="5"} 1
labelled_seconds_bucket{kind="a",le="+Inf"} 1
labelled_seconds_sum{kind="a"} 3
labelled_seconds_count{kind="a"} 1
`,
  );
});

test('a series that reuses a slot has no values of the removed series', (t) => {
  const actions = fc.array(
    fc.tuple(
      fc.constantFrom('observe', 'remove', 'reset'),
      fc.integer({ min: 0, max: 7 }),
      fc.integer({ min: 0, max: 9 }),
    ),
    { maxLength: 120 },
  );
  const property = fc.property(actions, (plan) => {
    const registry = createTestRegistry();
    const histogram = registry.histogram(labelled);
    const bound = Array.from({ length: 8 }, (_, kind) => histogram.with({ kind }));
    const model = new Map<number, number[]>(bound.map((_, kind) => [kind, []]));
    for (const [action, kind, value] of plan) {
      if (action === 'observe') {
        bound[kind]?.observe(value);
        model.set(kind, [...(model.get(kind) ?? []), value]);
      } else if (action === 'remove') {
        histogram.remove({ kind });
        model.delete(kind);
      } else {
        histogram.reset();
        model.clear();
      }
    }
    for (let kind = 0; kind < 8; kind++) {
      const values = model.get(kind);
      const reading = readHistogram(registry, labelled, { kind });
      t.is(reading?.count, values?.length);
      t.is(
        reading?.sum,
        values?.reduce((sum, value) => sum + value, 0),
      );
      t.is(reading?.buckets.get(2), values?.filter((value) => value <= 2).length);
    }
  });
  t.notThrows(() => fc.assert(property));
});
