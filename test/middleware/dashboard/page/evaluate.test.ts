/** What charts draw of the samples of a feed. */
import test from 'ava';
import type { MetricHistory } from '../../../../lib/history/feed.js';
import type { Formula } from '../../../../lib/history/panel.js';
import { evaluate } from '../../../../middleware/dashboard/page/feed/evaluate.js';
import { gridOf } from '../../../../middleware/dashboard/page/feed/grid.js';
import type { Reduction } from '../../../../middleware/dashboard/page/feed/groups.js';
import { appendSample, samplesOf } from '../../../../middleware/dashboard/page/feed/metric-samples.js';

const base = { revision: 1, detail: 'series', combine: 'sum' } as const;

/** Samples every 10 seconds from 0. */
function counter(
  ...tracks: readonly (readonly [labels: Record<string, string>, values: readonly (number | null)[]])[]
): MetricHistory {
  return {
    ...base,
    name: 'requests_total',
    type: 'counter',
    tracks: tracks.map(([labels]) => ({ labels })),
    times: (tracks[0]?.[1] ?? []).map((_, index) => index * 10_000),
    values: tracks.map(([, values]) => values),
  };
}

function pointsOf(formula: Formula, history: MetricHistory, times: readonly number[]) {
  const samples = samplesOf(history);
  return evaluate(formula, () => samples, { times, step: 10, lookback: 10 });
}

const rate: Reduction = { reduce: 'rate', metric: 'requests_total' };

test('a rate is the increase per second before each time, all series together', (t) => {
  const history = counter([{ code: '200' }, [0, 10, 30]], [{ code: '500' }, [0, 0, 10]]);
  t.deepEqual(pointsOf(rate, history, [10, 20]), [{ labels: {}, points: [1, 3] }]);
  t.deepEqual(pointsOf({ ...rate, by: ['code'] }, history, [20]), [
    { labels: { code: '200' }, points: [2] },
    { labels: { code: '500' }, points: [1] },
  ]);
  t.deepEqual(pointsOf({ ...rate, times: 60 }, history, [10]), [{ labels: {}, points: [60] }]);
});

test('values between two samples are interpolated', (t) => {
  t.deepEqual(pointsOf(rate, counter([{}, [0, 10, 30]]), [15]), [{ labels: {}, points: [1.5] }]);
});

test('there is no point before the first sample', (t) => {
  t.deepEqual(pointsOf(rate, counter([{}, [0, 10]]), [-5, 10])[0]?.points, [undefined, 1]);
});

test('a time at which the target was down is a gap', (t) => {
  const history = counter([{}, [0, 10, null, 30, 40]]);
  t.deepEqual(pointsOf(rate, history, [10, 20, 25, 30, 40])[0]?.points, [1, null, null, null, 1]);
});

test('a series that appears later counts from its first value on', (t) => {
  const history = counter([{ code: '200' }, [0, 0, 0]], [{ code: '500' }, [null, 5, 15]]);
  t.deepEqual(pointsOf(rate, history, [10, 20])[0]?.points, [0, 1]);
});

test('the level of a counter is its value on /metrics, without what was counted before a restart', (t) => {
  const { tracks, ...history } = counter([{}, [0, 110]]);
  const level: Formula = { reduce: 'level', metric: 'requests_total' };
  t.deepEqual(pointsOf(level, { ...history, tracks: [{ labels: {}, offset: 100 }] }, [10])[0]?.points, [10]);
  t.is(tracks.length, 1);
});

test('the levels of a gauge are combined as its series are', (t) => {
  const history: MetricHistory = { ...counter([{ a: '1' }, [2]], [{ a: '2' }, [4]]), type: 'gauge' };
  const level: Formula = { reduce: 'level', metric: 'requests_total' };
  for (const [combine, expected] of [
    ['sum', 6],
    ['average', 3],
    ['min', 2],
    ['max', 4],
  ] as const)
    t.deepEqual(pointsOf(level, { ...history, combine }, [0])[0]?.points, [expected], combine);
});

const histogram: MetricHistory = {
  ...base,
  name: 'seconds',
  type: 'histogram',
  bounds: [1, 2, null],
  lower: 0,
  tracks: [{ labels: {} }],
  times: [0, 10_000],
  values: [
    [
      [0, 0, 0, 0],
      [15, 5, 4, 1],
    ],
  ],
};

test('a quantile is interpolated within its bucket, a mean is sum by count', (t) => {
  const metric = 'seconds';
  const quantile = (value: number): Formula => ({ reduce: 'quantile', metric, quantile: value });
  t.deepEqual(pointsOf(quantile(0.25), histogram, [10])[0]?.points, [0.5]);
  t.deepEqual(pointsOf(quantile(0.7), histogram, [10])[0]?.points, [1.5]);
  t.deepEqual(pointsOf(quantile(0.99), histogram, [10])[0]?.points, [2], 'the last finite bound');
  t.deepEqual(pointsOf({ reduce: 'mean', metric }, histogram, [10])[0]?.points, [1.5]);
  t.deepEqual(pointsOf({ reduce: 'increase', metric }, histogram, [10])[0]?.points, [10]);
  t.deepEqual(pointsOf(quantile(0.5), histogram, [0])[0]?.points, [undefined], 'nothing was observed');
});

test('the quantile of a histogram without finite bounds is unknown, not 0', (t) => {
  const values = [
    [
      [0, 0],
      [15, 10],
    ],
  ] as const;
  const formula: Formula = { reduce: 'quantile', metric: 'seconds', quantile: 0.5 };
  t.deepEqual(pointsOf(formula, { ...histogram, bounds: [null], values }, [10])[0]?.points, [undefined]);
});

test('a ratio without failures is 0, and without requests there is none', (t) => {
  const history = counter([{ code: '200' }, [0, 10, 10]]);
  const failures: Formula = { ...rate, match: [{ label: 'code', test: 'startsWith', values: ['5'] }] };
  t.deepEqual(pointsOf({ ratio: [failures, rate] }, history, [10, 20]), [
    { labels: {}, points: [0, undefined] },
  ]);
  t.deepEqual(pointsOf({ ratio: [failures, rate], complement: true }, history, [10])[0]?.points, [1]);
});

test('of a metric with many series, tracks of one label answer for that label only', (t) => {
  const history: MetricHistory = {
    ...counter([{}, [0, 30]], [{ code: '200' }, [0, 20]], [{ path: '/a' }, [0, 10]]),
    detail: 'labels',
  };
  t.deepEqual(pointsOf(rate, history, [10])[0]?.points, [3]);
  t.deepEqual(pointsOf({ ...rate, by: ['code'] }, history, [10]), [{ labels: { code: '200' }, points: [2] }]);
  t.deepEqual(pointsOf({ ...rate, by: ['code', 'path'] }, history, [10]), []);
});

test('samples are bounded: those before the window are dropped, and then older ones thinned', (t) => {
  const samples = samplesOf(counter([{}, [0]]));
  const feed = (from: number, to: number, keepFrom: (time: number) => number): void => {
    for (let time = from; time < to; time++)
      t.true(appendSample(samples, time * 1_000, { revision: 1, values: [time] }, keepFrom(time)));
  };
  feed(1, 5_000, (time) => time - 300);
  t.true(samples.length < 700, `${samples.length}`);
  t.true((samples.times[0] ?? 0) <= 4_700);
  feed(5_000, 20_000, () => 0);
  t.true(samples.times.length <= 1_200);
  t.is(samples.numbers.length, samples.times.length);
  const last = samples.length - 1;
  t.is(samples.times[last], 19_999);
  t.is(samples.numbers[last], 19_999);
});

test('a sample of another revision is refused, so that the history is requested again', (t) => {
  const samples = samplesOf(counter([{}, [0]]));
  t.false(appendSample(samples, 20_000, { revision: 2, values: [1] }, 0));
  t.true(appendSample(samples, 0, { revision: 1, values: [1] }, 0), 'an old one is ignored');
  t.is(samples.length, 1);
});

test('points stay at multiples of a round step while the window moves', (t) => {
  t.deepEqual(gridOf({ from: 3, to: 903 }, 120).times.slice(0, 3), [10, 20, 30]);
  t.deepEqual(gridOf({ from: 8, to: 908 }, 120).times.slice(0, 3), [10, 20, 30]);
  t.is(gridOf({ from: 0, to: 86_400 }, 120).step, 1_800);
});
