/** Quantiles in aggregation rules, of classic and native histograms. */
import test from 'ava';
import { MetricsAggregator } from '../../lib/aggregation.js';
import type { AggregatedSample } from '../../lib/aggregation-rules.js';
import { defineGauge, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import type { NativeHistogramOptions } from '../../lib/native-histogram.js';
import { quantileOf } from '../../lib/quantile-of.js';
import { createTestRegistry, readText } from '../../lib/testing.js';

const labels = { room: label() };
const quantiles = [0, 0.01, 0.25, 0.5, 0.75, 0.99, 1];

/** The samples of a histogram of these values, as a rule gets them. */
function samplesOf(
  values: readonly number[],
  { native, buckets }: { readonly native?: NativeHistogramOptions; readonly buckets?: readonly number[] },
): readonly AggregatedSample[] {
  const registry = createTestRegistry();
  const definition = defineHistogram({
    name: 'wait_seconds',
    help: 'Wait.',
    labels,
    ...(native === undefined ? {} : { native }),
    ...(buckets === undefined ? {} : { buckets }),
  });
  const histogram = registry.histogram(definition);
  // Two series, which are read as one.
  for (const [index, value] of values.entries()) histogram.observe({ room: String(index % 2) }, value);
  let received: readonly AggregatedSample[] = [];
  new MetricsAggregator({ registry, rules: [] })
    .addRule({
      output: defineGauge({ name: 'derived', help: 'Derived.' }),
      matches: ({ name }) => name === 'wait_seconds',
      aggregate: (samples) => {
        received = samples;
        return 0;
      },
    })
    .aggregate();
  return received;
}

for (const [name, values] of [
  ['positive', Array.from({ length: 1_001 }, (_, index) => 1.01 ** index)],
  ['negative', Array.from({ length: 1_001 }, (_, index) => -(1.01 ** index))],
  ['around zero', Array.from({ length: 1_001 }, (_, index) => index - 500)],
] as const) {
  test(`quantiles of ${name} values are within the native bucket of the true one, at every resolution`, (t) => {
    const sorted = [...values].sort((a, b) => a - b);
    for (const schema of [0, 2, 5, 8]) {
      const samples = samplesOf(values, { native: { schema, maxBuckets: 10_000, zeroThreshold: 1e-3 } });
      const growth = 2 ** (2 ** -schema) * (1 + 1e-9);
      for (const quantile of quantiles) {
        const expected = sorted[Math.max(0, Math.ceil(quantile * values.length) - 1)] ?? Number.NaN;
        const received = quantileOf(samples, quantile) ?? Number.NaN;
        const isClose =
          expected === 0
            ? Math.abs(received) <= 1e-3
            : received / expected <= growth && expected / received <= growth;
        t.true(isClose, `schema ${schema}, quantile ${quantile}: expected ${expected}, received ${received}`);
      }
    }
  });
}

test('a rule exposes a quantile of a histogram that has native buckets only', async (t) => {
  const registry = createTestRegistry();
  const wait = defineHistogram({ name: 'wait_seconds', help: 'Wait.', labels, native: { schema: 8 } });
  for (let value = 1; value <= 100; value++) registry.histogram(wait).observe({ room: 'a' }, value);
  new MetricsAggregator({ registry, rules: [] }).addRule({
    output: defineGauge({ name: 'wait_p90_seconds', help: 'The 90th percentile.', labels }),
    matches: ({ name }) => name === 'wait_seconds',
    aggregate: (samples) => quantileOf(samples, 0.9),
  });
  const value = Number(/^wait_p90_seconds\{room="a"\} (.*)$/m.exec(await readText(registry))?.[1]);
  t.true(value > 90 / 1.003 && value < 90 * 1.003, String(value));
});

test('flat samples of native histograms have their buckets too', (t) => {
  const registry = createTestRegistry();
  const wait = defineHistogram({ name: 'wait_seconds', help: 'Wait.', labels, native: { schema: 8 } });
  for (let value = 1; value <= 100; value++) registry.histogram(wait).observe({ room: 'a' }, value);
  const [median] = new MetricsAggregator({ registry, rules: [] })
    .addRule({
      name: 'median',
      matches: ({ name }) => name.startsWith('wait_seconds'),
      aggregate: (samples) => quantileOf(samples, 0.5) ?? Number.NaN,
      outputName: 'median',
      outputLabels: {},
    })
    .aggregate();
  t.true(Math.abs((median?.value ?? 0) / 50 - 1) < 0.003, String(median?.value));
});

test('classic buckets are interpolated as Prometheus does, and the bucket +Inf is its lower bound', (t) => {
  const samples = samplesOf([0.5, 0.5, 1.5, 9], { buckets: [1, 2] });
  t.is(quantileOf(samples, 0.25), 0.5);
  t.is(quantileOf(samples, 0.5), 1);
  t.is(quantileOf(samples, 0.625), 1.5);
  t.is(quantileOf(samples, 1), 2);
  t.is(quantileOf(samplesOf([-5, -3], { buckets: [-4, 0] }), 0.5), -4);
});

test('there is no quantile without observations or without buckets, or of another number than 0 to 1', (t) => {
  t.is(quantileOf([], 0.5), undefined);
  t.is(quantileOf(samplesOf([], { native: {} }), 0.5), undefined);
  t.is(quantileOf(samplesOf([], { buckets: [1] }), 0.5), undefined);
  t.is(quantileOf([{ name: 'a_count', labels: {}, value: 3 }], 0.5), undefined);
  for (const quantile of [-0.1, 1.1, Number.NaN])
    t.is(quantileOf(samplesOf([1], { buckets: [2] }), quantile), undefined);
});
