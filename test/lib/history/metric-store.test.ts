/** The samples of one metric: bounded, thinned with age, and exact in their totals. */
import test from 'ava';
import fc from 'fast-check';
import type { FeedMetricType } from '../../../lib/history/feed.js';
import { metricHistory } from '../../../lib/history/history-answer.js';
import type { MetricShape } from '../../../lib/history/metric-shape.js';
import { MetricStore } from '../../../lib/history/metric-store.js';

const everything = { from: 0, to: Number.POSITIVE_INFINITY, points: Number.POSITIVE_INFINITY };

function shape(type: FeedMetricType, bounds: readonly number[] = []): MetricShape {
  return { name: 'm', type, help: '', labels: ['a'], combine: 'sum', bounds, quantiles: [] };
}

function counterStore(maxSamples: number, tracks = 1): MetricStore {
  const store = new MetricStore(shape('counter'), maxSamples);
  for (let index = 0; index < tracks; index++) store.addTrack({ a: String(index) }, false);
  return store;
}

test('a history holds at most the configured number of samples, and always its first and its newest ones', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 600 }),
        (maxSamples, tracks, steps) => {
          const store = counterStore(maxSamples, tracks);
          let time = 1_000;
          const times = steps.map((step) => {
            time += step;
            store.append(time, new Float64Array(tracks).fill(time));
            return time;
          });
          const rows = Math.max(1, Math.floor(maxSamples / tracks));
          const kept = [...store.times.subarray(0, store.length)];
          const newest = times.slice(-Math.max(1, Math.floor(rows / 4)));
          return (
            store.length <= rows &&
            store.times.length <= Math.max(16, rows) &&
            kept.every((each, index) => index === 0 || each > (kept[index - 1] ?? 0)) &&
            newest.every((each) => kept.includes(each)) &&
            (rows < 4 || kept[0] === times[0])
          );
        },
      ),
    ),
  );
});

test('dropping samples changes no increase between those that stay, also if counters restart from 0', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 60 }),
        fc.array(fc.record({ add: fc.integer({ min: 0, max: 50 }), restarts: fc.boolean() }), {
          maxLength: 300,
        }),
        (maxSamples, steps) => {
          const store = counterStore(maxSamples);
          let value = 0;
          let recorded = 0;
          const totalAt = new Map<number, number>();
          for (const [index, { add, restarts }] of steps.entries()) {
            // A restart that is not followed by a lower value cannot be seen by anyone.
            const isSeen = restarts && add < value;
            value = isSeen ? add : value + add;
            recorded += add;
            totalAt.set(index + 1, recorded);
            store.append(index + 1, Float64Array.of(value));
          }
          const { times, values } = metricHistory(store, everything);
          return times.every((time, index) => values[0]?.[index] === totalAt.get(time));
        },
      ),
    ),
  );
});

test('older samples are further apart, in proportion to their age', (t) => {
  const store = counterStore(400);
  for (let time = 1; time <= 86_400; time++) store.append(time * 1_000, Float64Array.of(time));
  const kept = [...store.times.subarray(0, store.length)];
  const newest = kept.at(-1) ?? 0;
  const stepAt = (age: number): number => {
    const index = kept.findIndex((time) => time >= newest - age);
    return (kept[index] ?? 0) - (kept[index - 1] ?? 0);
  };
  t.is(kept[0], 1_000);
  t.is(stepAt(60_000), 1_000);
  t.true(stepAt(3_600_000) < 600_000, String(stepAt(3_600_000)));
  t.true(stepAt(20_000_000) > stepAt(3_600_000));
});

test('a time at which nothing is known stays a gap', (t) => {
  const store = counterStore(16);
  store.append(1, Float64Array.of(5));
  store.gap(2);
  store.gap(3);
  for (let time = 4; time < 200; time++) store.append(time, Float64Array.of(time));
  const { times, values } = metricHistory(store, everything);
  t.is(values[0]?.[times.indexOf(2)], null);
  t.false(times.includes(3), 'one sample for a gap, however long it is');
  t.true(store.length <= 16);
});

test('a series that appears later starts from 0, and one that is chosen later is unknown before', (t) => {
  const store = counterStore(100);
  store.append(1, Float64Array.of(5));
  store.addTrack({ a: 'new' }, true);
  store.addTrack({ a: 'chosen' }, false);
  store.append(2, Float64Array.of(6, 1, 3));
  t.deepEqual(metricHistory(store, everything).values, [
    [5, 6],
    [0, 1],
    [null, 3],
  ]);
});

test('a histogram keeps the buckets that have been used, and says which', (t) => {
  const store = new MetricStore(shape('histogram', [1, 2, 4, Number.POSITIVE_INFINITY]), 100);
  store.addTrack({}, false);
  const sample = (sum: number, ...counts: number[]): Float64Array => Float64Array.of(sum, ...counts);
  store.append(1, sample(0, 0, 0, 0, 0));
  t.deepEqual(metricHistory(store, everything).bounds, []);
  store.append(2, sample(3, 0, 2, 0, 0));
  store.append(3, sample(13, 0, 2, 0, 1));
  const history = metricHistory(store, everything);
  t.deepEqual(history.bounds, [2, 4, null]);
  t.is(history.lower, 1);
  t.deepEqual(history.values, [
    [
      [0, 0, 0, 0],
      [3, 2, 0, 0],
      [13, 2, 0, 1],
    ],
  ]);
});

test('the offset of a track leads back to the value on /metrics', (t) => {
  const store = counterStore(100);
  for (const [index, value] of [7, 9, 2, 3].entries()) store.append(index + 1, Float64Array.of(value));
  const { tracks, values } = metricHistory(store, everything);
  t.deepEqual(values, [[7, 9, 11, 12]]);
  t.deepEqual(tracks, [{ labels: { a: '0' }, offset: 9 }]);
});

test('a clock that was set back adds no sample', (t) => {
  const store = counterStore(100);
  store.append(10, Float64Array.of(1));
  store.append(9, Float64Array.of(2));
  store.append(10, Float64Array.of(3));
  t.is(store.length, 1);
});

test('what would come again, after the clock was set back by more, is dropped behind a gap', (t) => {
  const store = counterStore(100);
  for (const time of [1_000, 2_000, 60_000, 61_000]) store.append(time, Float64Array.of(time));
  store.dropFrom(30_000);
  store.append(30_000, Float64Array.of(70_000));
  store.append(31_000, Float64Array.of(70_005));
  const { times, values } = metricHistory(store, everything);
  t.deepEqual(times, [1_000, 2_000, 29_999, 30_000, 31_000]);
  t.deepEqual(values, [[1_000, 2_000, null, 70_000, 70_005]]);
});
