import { mock } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { defineHistogram } from '../../../lib/define.js';
import {
  limitedBuckets,
  mergedBuckets,
  type NativeBuckets,
} from '../../../lib/instruments/native-buckets.js';
import { NativeCounts } from '../../../lib/instruments/native-counts.js';
import { nativeUpperBound } from '../../../lib/instruments/native-index.js';
import { label } from '../../../lib/label.js';
import { type NativeHistogramOptions, nativeSettings } from '../../../lib/native-histogram.js';
import { createTestRegistry, readText } from '../../../lib/testing.js';

const plain = defineHistogram({ name: 'wait_seconds', help: 'Wait.', native: { schema: 0 } });

function countsOf(
  values: readonly (number | readonly [value: number, weight: number])[],
  options: NativeHistogramOptions,
): NativeBuckets {
  const counts = new NativeCounts(nativeSettings('test', options));
  for (const each of values) {
    const [value, weight] = typeof each === 'number' ? [each, 1] : each;
    if (counts.observe(value, weight)) counts.limit();
  }
  return counts.buckets();
}

function totalOf({ zeroCount, positive, negative }: NativeBuckets): number {
  return [zeroCount, ...positive.values(), ...negative.values()].reduce((sum, count) => sum + count, 0);
}

/** The number of observations of each bucket, by a search through the values. */
function expectedBuckets(values: readonly number[], { schema, zeroThreshold }: NativeBuckets): NativeBuckets {
  const countAbove = (sign: 1 | -1): Map<number, number> => {
    const counts = new Map<number, number>();
    for (const value of values.map((each) => each * sign).filter((each) => each > zeroThreshold)) {
      let index = Math.ceil(Math.log2(value) * 2 ** schema);
      // The logarithm is rounded.
      while (value > nativeUpperBound(schema, index)) index += 1;
      while (value <= nativeUpperBound(schema, index - 1)) index -= 1;
      counts.set(index, (counts.get(index) ?? 0) + 1);
    }
    return new Map([...counts].sort(([a], [b]) => a - b));
  };
  return {
    schema,
    zeroThreshold,
    zeroCount: values.filter((value) => Math.abs(value) <= zeroThreshold).length,
    positive: countAbove(1),
    negative: countAbove(-1),
  };
}

// Without subnormal numbers, near which bounds are rounded: the test of the index has them.
const finite = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .filter((value) => value === 0 || Math.abs(value) > 2 ** -1020);
const usual = fc
  .double({ min: -1_000, max: 1_000, noNaN: true })
  .filter((value) => value === 0 || Math.abs(value) > 2 ** -1020);
const observations = fc.array(fc.oneof(finite, usual, fc.constant(0)), { maxLength: 200 });
const schemas = fc.integer({ min: -4, max: 8 });

test('observations are counted in positive, negative and zero buckets, whose bounds are powers of the growth factor', (t) => {
  const registry = createTestRegistry();
  const histogram = registry.histogram(plain);
  for (const value of [1, 1.5, 2, 2.1, 1024, -3, -3, 0, -0, 1e-50]) histogram.observe(value);
  t.deepEqual(histogram.with({}).native, {
    schema: 0,
    zeroThreshold: 2 ** -128,
    zeroCount: 3,
    positive: new Map([
      [0, 1],
      [1, 2],
      [2, 1],
      [10, 1],
    ]),
    negative: new Map([[2, 2]]),
  });
  t.is(histogram.with({}).count, 10);
});

test('a definition chooses the resolution by a schema, or by a growth factor that buckets do not exceed', (t) => {
  const schemaOf = (options: NativeHistogramOptions): number => nativeSettings('test', options).schema;
  t.is(schemaOf({}), 3);
  t.is(schemaOf({ schema: -4 }), -4);
  t.deepEqual(
    [1.000001, 1.0027, 1.1, 1.5, 2, 3, 4, 15, 16, 1e9].map((growthFactor) => schemaOf({ growthFactor })),
    [8, 8, 3, 1, 0, 0, -1, -1, -2, -4],
  );
});

test('invalid options of a native histogram name the option, what was expected and what was received', (t) => {
  const messages: readonly (readonly [options: object, message: RegExp])[] = [
    [
      { schema: 9 },
      /Invalid `native\.schema` of histogram `x_seconds`: expected an integer from -4 to 8, received 9\./,
    ],
    [{ growthFactor: 1 }, /Invalid `native\.growthFactor` .* expected a number above 1, received 1\./],
    [{ growthFactor: 1.1, schema: 3 }, /expected growthFactor or schema/],
    [{ maxBuckets: 0 }, /Invalid `native\.maxBuckets` .* expected a positive integer, received 0\./],
    [{ zeroThreshold: -1 }, /Invalid `native\.zeroThreshold`/],
    [{ zeroThreshold: 1, maxZeroThreshold: 0.5 }, /expected at least `zeroThreshold` \(1\), received 0\.5\./],
    [{ minResetSeconds: Number.NaN }, /Invalid `native\.minResetSeconds`/],
    [{ maxBucket: 10 }, /received "maxBucket"\. Did you mean `maxBuckets`\?/],
  ];
  for (const [native, message] of messages)
    t.throws(() => defineHistogram({ name: 'x_seconds', help: 'X.', native }), {
      code: 'ERR_METRICS_INVALID_DEFINITION',
      message,
    });
  t.throws(() => defineHistogram({ name: 'x_seconds', help: 'X.', native: 3 as never }), {
    code: 'ERR_METRICS_INVALID_DEFINITION',
  });
});

test('in text, a histogram that is only native has its sum, its count and the bucket +Inf', async (t) => {
  const registry = createTestRegistry();
  const histogram = registry.histogram(plain);
  histogram.observe(3);
  histogram.observe(4);
  t.is(
    await readText(registry),
    [
      '# HELP wait_seconds Wait.',
      '# TYPE wait_seconds histogram',
      'wait_seconds_bucket{le="+Inf"} 2',
      'wait_seconds_sum 7',
      'wait_seconds_count 2',
      '',
    ].join('\n'),
  );
});

test('in OpenMetrics, a histogram that is only native has the same, without sum and count if the sum is negative', async (t) => {
  const registry = createTestRegistry();
  const histogram = registry.histogram(plain);
  const lines = async (): Promise<string[]> =>
    (await registry.metrics({ format: 'openmetrics' }))
      .split('\n')
      .filter((line) => /^wait_seconds/.test(line));
  t.deepEqual(await lines(), [
    'wait_seconds_bucket{le="+Inf"} 0',
    'wait_seconds_sum 0',
    'wait_seconds_count 0',
  ]);
  histogram.observe(3);
  t.deepEqual(await lines(), [
    'wait_seconds_bucket{le="+Inf"} 1',
    'wait_seconds_sum 3',
    'wait_seconds_count 1',
  ]);
  histogram.observe(-4);
  t.deepEqual(await lines(), ['wait_seconds_bucket{le="+Inf"} 2']);
});

test('classic buckets can be recorded beside the native ones', (t) => {
  const both = defineHistogram({
    name: 'both_seconds',
    help: 'Both.',
    buckets: [1, 5],
    native: { schema: 0 },
  });
  const registry = createTestRegistry();
  const series = registry.histogram(both).with({});
  for (const value of [0.5, 3, 7]) series.observe(value);
  t.deepEqual(series.cumulativeCounts(), [1, 2, 3]);
  t.deepEqual(
    series.native?.positive,
    new Map([
      [-1, 1],
      [2, 1],
      [3, 1],
    ]),
  );
});

test('definitions that differ in the native histogram are different ones', (t) => {
  const registry = createTestRegistry();
  registry.histogram(plain);
  const other = defineHistogram({ name: 'wait_seconds', help: 'Wait.', native: { schema: 1 } });
  t.throws(() => registry.histogram(other), { code: 'ERR_METRICS_DEFINITION_CONFLICT', message: /native/ });
  t.notThrows(() =>
    registry.histogram(defineHistogram({ name: 'wait_seconds', help: 'Wait.', native: { schema: 0 } })),
  );
});

test('every observation is in the bucket of its value, whatever the resolution and the zero bucket', (t) => {
  const property = fc.property(
    observations,
    schemas,
    fc.constantFrom(0, 1e-9, 0.5),
    (values, schema, zeroThreshold) => {
      const buckets = countsOf(values, { schema, zeroThreshold, maxBuckets: 1_000 });
      t.deepEqual(buckets, expectedBuckets(values, buckets));
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 300 }));
});

test('widening loses no observation: each is in the wider bucket of its value', (t) => {
  const property = fc.property(
    observations,
    schemas,
    fc.integer({ min: 1, max: 20 }),
    fc.constantFrom(0, 1e-3, 10),
    (values, schema, maxBuckets, maxZeroThreshold) => {
      const buckets = countsOf(values, { schema, maxBuckets, zeroThreshold: 0, maxZeroThreshold });
      t.deepEqual(buckets, expectedBuckets(values, buckets));
      t.true(buckets.schema <= schema);
      t.true(buckets.zeroThreshold <= maxZeroThreshold);
      t.true(buckets.positive.size + buckets.negative.size <= maxBuckets || buckets.schema === -4);
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 300 }));
});

test('too many buckets widen the zero bucket as far as allowed, and then halve the resolution', (t) => {
  const values = [0.001, 0.01, 1, 1.1, 1.2, 1.3];
  const options = { schema: 8, maxBuckets: 4, zeroThreshold: 0, maxZeroThreshold: 0.1 };
  const widened = countsOf(values, options);
  t.is(widened.schema, 8);
  t.is(widened.zeroCount, 2);
  t.true(widened.zeroThreshold >= 0.01 && widened.zeroThreshold < 0.0101);
  const halved = countsOf(values, { ...options, maxZeroThreshold: 0 });
  t.is(halved.schema, 1);
  t.is(halved.zeroCount, 0);
});

test('the sum of histograms does not depend on their order, at any resolutions and zero buckets', (t) => {
  const part = fc
    .tuple(observations, schemas, fc.constantFrom(0, 1e-9, 0.75, 1, 3), fc.constantFrom(4, 20, 200))
    .map(([values, schema, zeroThreshold, maxBuckets]) => ({
      values,
      buckets: countsOf(values, { schema, zeroThreshold, maxBuckets, maxZeroThreshold: 5 }),
    }));
  const shuffled = fc
    .array(part, { minLength: 1, maxLength: 5 })
    .chain((parts) => fc.tuple(fc.constant(parts), fc.shuffledSubarray(parts, { minLength: parts.length })));
  const property = fc.property(shuffled, ([parts, others]) => {
    const merged = mergedBuckets(parts.map(({ buckets }) => buckets) as [NativeBuckets, ...NativeBuckets[]]);
    const again = mergedBuckets(others.map(({ buckets }) => buckets) as [NativeBuckets, ...NativeBuckets[]]);
    t.deepEqual(merged, again);
    t.is(
      totalOf(merged),
      parts.reduce((sum, { values }) => sum + values.length, 0),
    );
    t.deepEqual(
      merged,
      expectedBuckets(
        parts.flatMap(({ values }) => values),
        merged,
      ),
    );
  });
  t.notThrows(() => fc.assert(property, { numRuns: 200 }));
});

test('the resolution ends at the lowest schema, even if there are still too many buckets', (t) => {
  const values = Array.from({ length: 100 }, (_, index) => 2 ** (index * 20 - 1000));
  const limited = limitedBuckets(countsOf(values, { schema: 0, maxBuckets: 1_000, zeroThreshold: 0 }), {
    maxBuckets: 3,
    maxZeroThreshold: 0,
  });
  t.is(limited.schema, -4);
  t.is(totalOf(limited), 100);
});

test('the settings can be changed until something is observed in any series, and every series follows', (t) => {
  const definition = defineHistogram({
    name: 'step_seconds',
    help: 'Steps.',
    buckets: [1],
    labels: { step: label() },
  });
  const registry = createTestRegistry();
  const histogram = registry.histogram(definition);
  const [first, second] = ['first', 'second'].map((step) => histogram.with({ step }));
  registry.setNativeHistograms(new Map([['step_seconds', { schema: 2 }]]));
  t.is(histogram.native?.schema, 2);
  t.deepEqual([first?.native?.schema, second?.native?.schema], [2, 2]);
  second?.observe(3);
  t.notThrows(() => registry.setNativeHistograms(new Map([['step_seconds', { schema: 2 }]])));
  t.throws(() => registry.setNativeHistograms(new Map([['step_seconds', { schema: 3 }]])), {
    code: 'ERR_METRICS_INVALID_OPTION',
  });
  t.throws(() => registry.setBuckets(new Map([['step_seconds', [2]]])), {
    code: 'ERR_METRICS_INVALID_OPTION',
  });
  t.is(second?.native?.positive.size, 1);
});

test('the sample of the count has the native buckets, as `get` returns it', async (t) => {
  const registry = createTestRegistry();
  const histogram = registry.histogram(plain);
  histogram.observe(3);
  const withBuckets = (await histogram.get()).values.filter(({ native }) => native !== undefined);
  t.deepEqual(
    withBuckets.map(({ metricName, native }) => [metricName, native?.positive.size]),
    [['wait_seconds_count', 1]],
  );
  const classic = registry.histogram(defineHistogram({ name: 'classic_seconds', help: 'X.', buckets: [1] }));
  t.false((await classic.get()).values.some((sample) => 'native' in sample));
});

test('adding classic counts to a native histogram leaves its native buckets', (t) => {
  const series = createTestRegistry().histogram(plain).with({});
  series.observe(3);
  series.add([1], 2);
  t.is(series.sum, 5);
  t.is(series.native?.positive.size, 1);
});

test('a weight counts in the native buckets too', (t) => {
  const registry = createTestRegistry();
  registry.histogram(plain).with({}).observe(3, 10);
  t.deepEqual(registry.histogram(plain).with({}).native?.positive, new Map([[2, 10]]));
});

test('removed, reset and zeroed series start again at the resolution of the definition', (t) => {
  const narrow = defineHistogram({
    name: 'narrow_seconds',
    help: 'Narrow.',
    labels: { kind: label() },
    native: { schema: 8, maxBuckets: 2 },
  });
  const registry = createTestRegistry();
  const histogram = registry.histogram(narrow);
  const series = histogram.with({ kind: 'a' });
  const fill = (): void => {
    for (const value of [1, 2, 3, 4]) series.observe(value);
  };
  const restarts = [
    () => histogram.zero({ kind: 'a' }),
    () => histogram.remove('a'),
    () => histogram.reset(),
  ];
  for (const restart of restarts) {
    fill();
    t.true((series.native?.schema ?? 8) < 8);
    restart();
    series.observe(1);
    t.deepEqual(series.native, {
      schema: 8,
      zeroThreshold: 2 ** -128,
      zeroCount: 0,
      positive: new Map([[0, 1]]),
      negative: new Map(),
    });
  }
});

test.serial(
  'a series with too many buckets is reset if its last reset is `minResetSeconds` ago, else widened until then',
  (t) => {
    mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_700_000_000_000 });
    t.teardown(() => mock.timers.reset());
    const definition = defineHistogram({
      name: 'reset_seconds',
      help: 'Reset.',
      buckets: [10],
      native: { schema: 8, maxBuckets: 2, minResetSeconds: 60 },
    });
    const series = createTestRegistry().histogram(definition).with({});
    for (const value of [1, 2, 3]) series.observe(value);
    t.true((series.native?.schema ?? 8) < 8);
    t.is(series.count, 3);
    // The scheduled reset restores the resolution.
    mock.timers.tick(60_000);
    t.is(series.count, 0);
    t.is(series.sum, 0);
    t.is(series.native?.schema, 8);
    t.is(series.created, 1_700_000_060);
    // Long after it, the observation that is too much resets the series, and is kept.
    mock.timers.tick(90_000);
    for (const value of [1, 2, 3]) series.observe(value);
    t.is(series.count, 1);
    t.deepEqual(series.native?.positive.size, 1);
    t.is(series.created, 1_700_000_150);
  },
);

/** A series of a histogram with two native buckets at most, on a clock that stands still. */
function limitedSeries(t: ExecutionContext, minResetSeconds: number) {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_700_000_000_000 });
  t.teardown(() => mock.timers.reset());
  const definition = defineHistogram({
    name: 'limited_seconds',
    help: 'Limited.',
    buckets: [10],
    native: { schema: 8, maxBuckets: 2, minResetSeconds },
  });
  const histogram = createTestRegistry().histogram(definition);
  return { histogram, series: histogram.with({}) };
}

test.serial('a scheduled reset happens `minResetSeconds` after the last one, and not before', (t) => {
  const { series } = limitedSeries(t, 60);
  mock.timers.tick(20_000);
  for (const value of [1, 2, 3, 100, 10_000]) series.observe(value);
  mock.timers.tick(39_999);
  t.is(series.count, 5);
  mock.timers.tick(1);
  t.is(series.count, 0);
});

test.serial('a series whose last reset is exactly `minResetSeconds` ago is reset', (t) => {
  const { series } = limitedSeries(t, 60);
  for (const value of [1, 2]) series.observe(value);
  mock.timers.tick(60_000);
  series.observe(3);
  t.is(series.count, 1);
});

test.serial('without `minResetSeconds`, a series with too many buckets is never reset', (t) => {
  const { series } = limitedSeries(t, 0);
  for (const value of [1, 2, 3]) series.observe(value);
  mock.timers.tick(1_000_000_000);
  for (const value of [100, 10_000]) series.observe(value);
  mock.timers.tick(1_000_000_000);
  t.is(series.count, 5);
});

test.serial('a series that was widened several times is reset once', (t) => {
  const { histogram, series } = limitedSeries(t, 60);
  for (const value of [1, 2, 3, 100, 10_000, 1_000_000]) series.observe(value);
  histogram.reset();
  mock.timers.tick(30_000);
  series.observe(1);
  mock.timers.tick(60_000);
  t.is(series.count, 1, 'no reset is left that was scheduled before');
});

test.serial('observations of another process schedule a reset only if the buckets are widened', (t) => {
  const { histogram, series } = limitedSeries(t, 60);
  const other = createTestRegistry().histogram(histogram.definition).with({});
  for (const value of [1, 2]) other.observe(value);
  series.add([2, 0], 3, other.native);
  mock.timers.tick(60_000);
  t.is(series.count, 2);
  other.observe(1_000);
  series.add([0, 1], 1_000, other.native);
  t.true((series.native?.schema ?? 8) < 8);
  mock.timers.tick(60_000);
  t.is(series.count, 0);
});

test.serial('removing a series cancels its scheduled reset', (t) => {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_700_000_000_000 });
  t.teardown(() => mock.timers.reset());
  const definition = defineHistogram({
    name: 'reset_seconds',
    help: 'Reset.',
    buckets: [10],
    native: { schema: 8, maxBuckets: 2, minResetSeconds: 60 },
  });
  const histogram = createTestRegistry().histogram(definition);
  const series = histogram.with({});
  for (const value of [1, 2, 3]) series.observe(value);
  histogram.reset();
  series.observe(1);
  mock.timers.tick(60_000);
  t.is(series.count, 1);
});

test('observing retains no memory once the bucket exists', (t) => {
  const series = createTestRegistry().histogram(plain).with({});
  const values = Float64Array.from({ length: 64 }, (_, index) => 1.1 ** index);
  const observeAll = (times: number): void => {
    for (let at = 0; at < times * values.length; at++) series.observe(values[at % values.length] as number);
  };
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  observeAll(2_000);
  const growths = Array.from({ length: 5 }, () => {
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    observeAll(2_000);
    collectGarbage();
    return process.memoryUsage().heapUsed - before;
  });
  t.true(Math.min(...growths) < 50_000, `grew by ${growths.join(', ')} bytes`);
});
