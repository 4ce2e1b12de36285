/** Native histograms in the history: read from instruments and from protobuf, and widened without false restarts. */
import test from 'ava';
import fc from 'fast-check';
import { Counter as PromClientCounter, Registry } from 'prom-client';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../../lib/define.js';
import { protobufFormat } from '../../../lib/exposition/protobuf-format.js';
import { scrapeChunks } from '../../../lib/exposition/scrape.js';
import { exposedFamilies } from '../../../lib/history/exposed-families.js';
import { metricHistory } from '../../../lib/history/history-answer.js';
import { metricMetas } from '../../../lib/history/metric-meta.js';
import { MetricsHistory } from '../../../lib/history/metrics-history.js';
import { label } from '../../../lib/label.js';
import type { NativeHistogramOptions } from '../../../lib/native-histogram.js';
import { MetricsRegistry } from '../../../lib/registry.js';
import { createTestRegistry } from '../../../lib/testing.js';
import { encodeProtobuf } from '../../helpers/decode-protobuf.js';

const everything = { from: 0, to: Number.POSITIVE_INFINITY, points: Number.POSITIVE_INFINITY };

const wait = (native: NativeHistogramOptions) =>
  defineHistogram({ name: 'wait_seconds', help: 'Wait.', labels: { a: label() }, native });

async function scraped(registry: MetricsRegistry): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of scrapeChunks(registry, { format: protobufFormat })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function read(history: MetricsHistory, time: number, bytes: Buffer): void {
  for (const family of exposedFamilies(bytes)) history.readFamily(time, family);
}

function newest(history: MetricsHistory, name: string): Record<string, unknown> {
  const store = history.storeOf(name);
  if (store === undefined) return {};
  const { tracks, values, bounds } = metricHistory(store, everything);
  const series = tracks.map(({ labels }, index) => [JSON.stringify(labels), values[index]?.at(-1)] as const);
  return { bounds, ...Object.fromEntries(series) };
}

test('the history of a protobuf exposition is the one of the registry that it exposes', async (t) => {
  const prometheus = new Registry();
  const registry = new MetricsRegistry({ prometheus });
  const labels = { a: label() };
  const instruments = [
    registry.counter(defineCounter({ name: 'calls_total', help: 'Calls.', labels })),
    registry.gauge(defineGauge({ name: 'level', help: 'Level.', labels })),
    registry.histogram(defineHistogram({ name: 'time_seconds', help: 'Time.', buckets: [1, 2], labels })),
    registry.histogram(wait({ schema: 5 })),
    registry.histogram(
      defineHistogram({ name: 'both_seconds', help: 'Both.', buckets: [1, 2], labels, native: {} }),
    ),
  ] as const;
  const [calls, level, ...histograms] = instruments;
  calls.inc({ a: 'x"\\\n' }, 2.5);
  level.set({ a: 'y' }, -3);
  for (const histogram of histograms)
    for (const value of [0, -4, 0.5, 1.5, 1.6, 7, 2 ** 40]) histogram.observe({ a: 'z' }, value);
  registry
    .summary(defineSummary({ name: 'run_seconds', help: 'Run.', labels, quantiles: [0.5] }))
    .observe({ a: 'x' }, 3);
  new PromClientCounter({ name: 'other_total', help: 'Other.', registers: [prometheus] }).inc(7);
  const own = new MetricsHistory(10_000);
  for (const instrument of instruments) own.readInstrument(1_000, instrument);
  const history = new MetricsHistory(10_000);
  read(history, 1_000, await scraped(registry));
  for (const { name } of instruments) t.deepEqual(newest(history, name), newest(own, name), name);
  t.deepEqual(newest(history, 'other_total'), { bounds: undefined, '{}': 7 });
  t.deepEqual(newest(history, 'run_seconds'), { bounds: undefined, '{"a":"x"}': [3, 1, 3] });
  t.is(history.storeOf('wait_seconds')?.shape.help, 'Wait.');
  t.is(history.storeOf('level')?.shape.type, 'gauge');
});

test('protobuf of other programs is read: spans with gaps, float counts, untyped metrics, and what is not known', (t) => {
  const positive = {
    positiveSpan: [
      { offset: -1, length: 2 },
      { offset: 2, length: 1 },
    ],
  };
  const bytes = encodeProtobuf([
    {
      name: 'integer_seconds',
      type: 'HISTOGRAM',
      metric: [
        {
          histogram: {
            sampleCount: '9',
            sampleSum: 12,
            schema: 0,
            zeroThreshold: 0.001,
            zeroCount: '2',
            ...positive,
            positiveDelta: ['1', '1', '2'],
            createdTimestamp: '2026-01-01T00:00:00Z',
          },
        },
      ],
    },
    {
      name: 'float_seconds',
      type: 'HISTOGRAM',
      metric: [
        {
          histogram: {
            sampleCountFloat: 7.5,
            sampleSum: 12,
            schema: 0,
            zeroThreshold: 0.001,
            zeroCountFloat: 0.5,
            ...positive,
            positiveCount: [1, 2, 4],
          },
        },
      ],
    },
    { name: 'anything', type: 'UNTYPED', metric: [{ untyped: { value: 4 } }] },
    { name: 'empty_total', type: 'COUNTER' },
  ]);
  const history = new MetricsHistory(10_000);
  read(history, 1_000, bytes);
  t.deepEqual(history.names, ['anything', 'float_seconds', 'integer_seconds']);
  t.is(history.storeOf('anything')?.shape.type, 'unknown');
  for (const [name, counts] of [
    ['integer_seconds', { 0.5: 1, 1: 2, 8: 4, zero: 2 }],
    ['float_seconds', { 0.5: 1, 1: 2, 8: 4, zero: 0.5 }],
  ] as const) {
    const store = history.storeOf(name);
    if (store === undefined) throw new Error(name);
    const { bounds = [], values } = metricHistory(store, everything);
    const [sum, ...found] = (values[0]?.at(-1) ?? []) as readonly number[];
    t.is(sum, 12);
    const used = found.flatMap((count, index) =>
      count === 0 ? [] : [[index === 0 ? 'zero' : String(bounds[index]), count] as const],
    );
    t.deepEqual(Object.fromEntries(used), { ...counts } as Record<string, number>, name);
  }
});

test('damaged protobuf is refused, wherever it ends', async (t) => {
  const registry = createTestRegistry();
  registry.histogram(wait({})).observe({ a: 'x' }, 1);
  const bytes = await scraped(registry);
  const readAll = (part: Buffer): number => [...exposedFamilies(part)].length;
  t.true(readAll(bytes) > 0);
  const [first = 0] = bytes;
  for (let end = 0; end < Math.min(first, 100); end++) t.throws(() => readAll(bytes.subarray(0, end)));
  t.throws(() => readAll(encodeProtobuf([{ name: 'empty_total', type: 'COUNTER' }])), {
    message: /expected metrics, received none/,
  });
});

test('a native histogram that is widened, at any resolution, only increases by what is observed', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(
        fc.integer({ min: -4, max: 8 }),
        fc.integer({ min: 2, max: 20 }),
        fc.constantFrom(1e-6, 1e-6, 0.5),
        fc.array(fc.array(fc.double({ min: 1e-4, max: 1e6, noNaN: true }), { maxLength: 8 }), {
          minLength: 1,
          maxLength: 20,
        }),
        (schema, maxBuckets, maxZeroThreshold, readings) => {
          const registry = createTestRegistry();
          const native = { schema, maxBuckets, zeroThreshold: 1e-6, maxZeroThreshold };
          const histogram = registry.histogram(wait(native));
          histogram.zero({ a: 'x' });
          const history = new MetricsHistory(1_000_000);
          let observed = 0;
          const expected = readings.map((values, index) => {
            for (const value of values) histogram.observe({ a: 'x' }, value);
            history.readInstrument((index + 1) * 1_000, histogram);
            observed += values.length;
            return observed;
          });
          const store = history.storeOf('wait_seconds');
          if (store === undefined) return false;
          const rows = metricHistory(store, everything).values[0] as readonly (readonly number[])[];
          return rows.every(([, ...counts], row) => {
            const [, ...before] = rows[row - 1] ?? [];
            const total = counts.reduce((sum, count) => sum + count, 0);
            return total === expected[row] && counts.every((count, index) => count >= (before[index] ?? 0));
          });
        },
      ),
    ),
  );
});

test('a native histogram that restarts from 0 goes on from what it had', (t) => {
  const history = new MetricsHistory(10_000);
  for (const [time, count] of [
    [1_000, 8],
    [2_000, 3],
  ] as const) {
    const histogram = createTestRegistry().histogram(wait({ schema: 8 }));
    for (let value = 1; value <= count; value++) histogram.observe({ a: 'x' }, value);
    history.readInstrument(time, histogram);
  }
  const store = history.storeOf('wait_seconds');
  if (store === undefined) throw new Error('expected a history');
  const totals = (metricHistory(store, everything).values[0] as readonly (readonly number[])[]).map(
    ([, ...counts]) => counts.reduce((sum, count) => sum + count, 0),
  );
  t.deepEqual(totals, [8, 11]);
});

test('a histogram with both kinds of buckets is shown by its native ones, with PromQL that fits', (t) => {
  const registry = createTestRegistry();
  const definition = { name: 'both_seconds', help: 'Both.', buckets: [1, 10], labels: { a: label() } };
  const history = new MetricsHistory(10_000);
  for (const [name, native] of [
    ['both_seconds', {}],
    ['classic_seconds', undefined],
  ] as const) {
    const options = native === undefined ? {} : { native };
    const histogram = registry.histogram(defineHistogram({ ...definition, name, ...options }));
    for (const value of [2, 3, 5]) histogram.observe({ a: 'x' }, value);
    history.readInstrument(1_000, histogram);
  }
  const { bounds } = newest(history, 'both_seconds');
  t.is((bounds as readonly number[])[0], 2);
  t.true((bounds as readonly number[]).length > 4);
  t.deepEqual(newest(history, 'classic_seconds').bounds, [10]);
  const [both, classic] = metricMetas(history, true);
  t.true(both?.isNative);
  t.deepEqual(
    both?.promql.map(({ expression }) => expression),
    [
      'histogram_quantile(0.95, sum (rate(both_seconds[5m])))',
      'histogram_count(sum by (a) (rate(both_seconds[5m])))',
      'histogram_sum(sum by (a) (rate(both_seconds[5m]))) / histogram_count(sum by (a) (rate(both_seconds[5m])))',
    ],
  );
  t.is(classic?.isNative, undefined);
  t.regex(classic?.promql[0]?.expression ?? '', /classic_seconds_bucket/);
});
