/** The history of a registry and of expositions: what tracks hold, also for many series, and across a restart. */
import test from 'ava';
import { Counter as PromClientCounter, Registry } from 'prom-client';
import { defineCounter, defineGauge, defineHistogram } from '../../../lib/define.js';
import { expositionFamilies } from '../../../lib/history/exposition-families.js';
import { evaluated } from '../../../lib/history/formula.js';
import { metricHistory } from '../../../lib/history/history-answer.js';
import { historyText, restoreHistory } from '../../../lib/history/history-file.js';
import { queriedHistory } from '../../../lib/history/history-query.js';
import { MetricsHistory } from '../../../lib/history/metrics-history.js';
import { label } from '../../../lib/label.js';
import { MetricsRegistry } from '../../../lib/registry.js';

const everything = { from: 0, to: Number.POSITIVE_INFINITY, points: Number.POSITIVE_INFINITY };
const calls = defineCounter({
  name: 'calls_total',
  help: 'Calls.',
  labels: { tenant: label(), outcome: label() },
});
const level = defineGauge({ name: 'level', help: 'Level.', labels: { room: label() }, aggregator: 'max' });
const time = defineHistogram({
  name: 'time_seconds',
  help: 'Time.',
  buckets: [1, 2],
  labels: { a: label() },
});

function newRegistry(): MetricsRegistry {
  return new MetricsRegistry({ prometheus: new Registry(), maxSeries: 100_000 });
}

/** The last value of each track, by its labels. */
function newest(history: MetricsHistory, name: string): Record<string, unknown> {
  const store = history.storeOf(name);
  if (store === undefined) return {};
  const { tracks, values } = metricHistory(store, everything);
  return Object.fromEntries(
    tracks.map(({ labels }, index) => [JSON.stringify(labels), values[index]?.at(-1)]),
  );
}

test('few series have a track each, under all their labels', (t) => {
  const registry = newRegistry();
  const counter = registry.counter(calls);
  const history = new MetricsHistory(10_000);
  counter.inc({ tenant: 'a', outcome: 'ok' }, 2);
  history.readInstrument(1_000, counter);
  counter.inc({ tenant: 'b', outcome: 'ok' }, 3);
  history.readInstrument(2_000, counter);
  const store = history.storeOf('calls_total');
  t.is(store?.detail, 'series');
  const { tracks, values } = metricHistory(store ?? (t.fail() as never), everything);
  t.deepEqual(tracks, [
    { labels: { tenant: 'a', outcome: 'ok' } },
    { labels: { tenant: 'b', outcome: 'ok' } },
  ]);
  t.deepEqual(values, [
    [2, 2],
    [0, 3],
  ]);
  t.is(history.seriesOf('calls_total'), 2);
});

test('many series become a total and the largest values of each label, and keep their past', (t) => {
  const registry = newRegistry();
  const counter = registry.counter(calls);
  const history = new MetricsHistory(10_000);
  counter.inc({ tenant: 'first', outcome: 'ok' }, 500);
  history.readInstrument(1_000, counter);
  for (let index = 0; index < 5_000; index++)
    counter.inc({ tenant: `t${index}`, outcome: index % 10 === 0 ? 'failed' : 'ok' }, 1 + index / 5_000);
  history.readInstrument(2_000, counter);
  const store = history.storeOf('calls_total');
  t.is(store?.detail, 'labels');
  t.true((store?.tracks.length ?? 0) <= 40);
  const total = [...counter.series].reduce((sum, { value }) => sum + value, 0);
  const values = newest(history, 'calls_total') as Record<string, number>;
  t.true(Math.abs((values['{}'] ?? 0) - total) < 1e-6);
  t.is(values['{"tenant":"first"}'], 500);
  t.true(Math.abs((values['{"outcome":"ok"}'] ?? 0) + (values['{"outcome":"failed"}'] ?? 0) - total) < 1e-6);
  t.true('{"tenant":"t4999"}' in values, 'one of the largest');
  t.false('{"tenant":"t1"}' in values, 'one of the smallest');
  const past = metricHistory(store ?? (t.fail() as never), everything);
  t.is(past.values[0]?.[0], 500, 'the total knows what was before');
});

test('a series that is removed from a total makes no false increase', (t) => {
  const registry = newRegistry();
  const counter = registry.counter(calls);
  const history = new MetricsHistory(10_000);
  for (let index = 0; index < 100; index++) counter.inc({ tenant: `t${index}`, outcome: 'ok' }, 10);
  history.readInstrument(1_000, counter);
  counter.remove({ tenant: 't7', outcome: 'ok' });
  history.readInstrument(2_000, counter);
  counter.inc({ tenant: 't8', outcome: 'ok' }, 5);
  history.readInstrument(3_000, counter);
  const store = history.storeOf('calls_total');
  t.deepEqual(metricHistory(store ?? (t.fail() as never), everything).values[0], [1_000, 1_000, 1_005]);
});

test('gauges of many series are combined by their aggregator', (t) => {
  const registry = newRegistry();
  const gauge = registry.gauge(level);
  const history = new MetricsHistory(10_000);
  for (let index = 0; index < 100; index++) gauge.set({ room: `r${index}` }, index);
  history.readInstrument(1_000, gauge);
  t.is((newest(history, 'level') as Record<string, number>)['{}'], 99);
});

test('filters and groups are those of the series', async (t) => {
  const registry = newRegistry();
  const counter = registry.counter(calls);
  const history = new MetricsHistory(10_000);
  const groups = async (match: Record<string, string>, by: string[]): Promise<unknown> => {
    const found = await queriedHistory(
      history,
      {
        metric: 'calls_total',
        match: Object.entries(match).map(([name, value]) => ({
          label: name,
          test: 'equals',
          values: [value],
        })),
        by,
      },
      everything,
    );
    return found?.tracks.map(({ labels }, index) => [labels, found.values[index]?.at(-1)]);
  };
  counter.inc({ tenant: 'a', outcome: 'ok' }, 1);
  counter.inc({ tenant: 'a', outcome: 'failed' }, 2);
  counter.inc({ tenant: 'b', outcome: 'ok' }, 4);
  history.readInstrument(1_000, counter);
  t.deepEqual(await groups({}, []), [[{}, 7]]);
  t.deepEqual(await groups({ tenant: 'a' }, ['outcome']), [
    [{ outcome: 'ok' }, 1],
    [{ outcome: 'failed' }, 2],
  ]);
  for (let index = 0; index < 200; index++) counter.inc({ tenant: `t${index}`, outcome: 'ok' });
  history.readInstrument(2_000, counter);
  t.deepEqual(await groups({ tenant: 'a' }, ['outcome']), [
    [{ outcome: 'failed' }, 2],
    [{ outcome: 'ok' }, 1],
  ]);
  t.deepEqual(await groups({ outcome: 'failed' }, []), [[{}, 2]]);
  t.deepEqual(await groups({ none: 'x' }, []), []);
});

test('metrics of other libraries and expositions have the same history', async (t) => {
  const prometheus = new Registry();
  const other = new PromClientCounter({
    name: 'other_total',
    help: 'Other.',
    labelNames: ['a'],
    registers: [prometheus],
  });
  const registry = new MetricsRegistry({ prometheus });
  registry.histogram(time).observe({ a: 'x' }, 1.5);
  registry.histogram(time).observe({ a: 'x' }, 5);
  registry.histogram(time).observe({ a: '"\\\n' }, 0.5);
  other.inc({ a: 'y' }, 3);
  const own = new MetricsHistory(10_000);
  own.readInstrument(1_000, registry.histogram(time));
  for (const format of ['text', 'openmetrics'] as const) {
    const scraped = new MetricsHistory(10_000);
    for (const family of expositionFamilies(await registry.metrics({ format })))
      scraped.readFamily(1_000, family);
    t.deepEqual(scraped.names, ['other_total', 'time_seconds'], format);
    t.deepEqual(newest(scraped, 'time_seconds'), newest(own, 'time_seconds'), format);
    t.deepEqual(newest(scraped, 'other_total'), { '{"a":"y"}': 3 }, format);
  }
  t.throws(() => expositionFamilies('<html></html>'), { message: /expected metrics, received none/ });
});

test('a restored history is the one that was stored, and goes on', (t) => {
  const registry = newRegistry();
  const counter = registry.counter(calls);
  const histogram = registry.histogram(time);
  const history = new MetricsHistory(10_000);
  for (let second = 1; second <= 50; second++) {
    counter.inc({ tenant: 'a', outcome: 'ok' }, second / 3);
    histogram.observe({ a: 'x' }, second % 3);
    if (second === 20) history.gap(second * 1_000);
    else for (const instrument of [counter, histogram]) history.readInstrument(second * 1_000, instrument);
  }
  const text = Buffer.concat([...historyText(history)]);
  const restored = new MetricsHistory(10_000);
  restoreHistory(restored, text, 10_000);
  for (const name of history.names) {
    const [before, after] = [history, restored].map((each) =>
      metricHistory(each.storeOf(name) ?? (t.fail() as never), everything),
    );
    t.deepEqual({ ...after, revision: 0 }, { ...before, revision: 0 } as typeof after, name);
  }
  // The snapshot of the counters was a little older than the history.
  const total = counter.labels('a', 'ok');
  const next = newRegistry().counter(calls);
  next.inc({ tenant: 'a', outcome: 'ok' }, 400);
  t.truthy(total);
  restored.gap(51_000);
  restored.readInstrument(52_000, next);
  next.inc({ tenant: 'a', outcome: 'ok' }, 10);
  restored.readInstrument(53_000, next);
  const values = metricHistory(restored.storeOf('calls_total') ?? (t.fail() as never), everything).values[0];
  const [last, first] = [values?.at(-1), values?.at(-2)] as number[];
  t.is((last ?? 0) - (first ?? 0), 10);
  t.is(first, values?.[49] as number | undefined, 'what the snapshot lost is no increase');
});

test('a damaged history is refused, wherever it is damaged', (t) => {
  const registry = newRegistry();
  registry.counter(calls).inc({ tenant: 'a', outcome: 'ok' });
  const history = new MetricsHistory(100);
  history.readInstrument(1_000, registry.counter(calls));
  const text = Buffer.concat([...historyText(history)]);
  for (let at = 0; at < text.length; at++) {
    const damaged = Buffer.from(text);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    t.throws(() => restoreHistory(new MetricsHistory(100), damaged, 100), undefined, String(at));
    // Without its last newline it is whole.
    if (at < text.length - 1)
      t.throws(() => restoreHistory(new MetricsHistory(100), text.subarray(0, at), 100));
  }
});

test('a histogram with native buckets only has buckets and quantiles too', (t) => {
  const registry = newRegistry();
  const native = registry.histogram(
    defineHistogram({
      name: 'wait_seconds',
      help: 'Wait.',
      native: { schema: 8, maxBuckets: 1_000 },
    }),
  );
  const history = new MetricsHistory(10_000);
  history.readInstrument(1_000, native);
  for (let value = 1; value <= 1_000; value++) native.observe(value / 100);
  native.observe(0);
  native.observe(-3);
  native.observe(2 ** 40);
  history.readInstrument(2_000, native);
  const store = history.storeOf('wait_seconds');
  const { bounds = [], values } = metricHistory(store ?? (t.fail() as never), everything);
  const [sum, ...counts] = (values[0]?.at(-1) ?? []) as readonly number[];
  t.is(sum, native.with({}).sum);
  t.is(counts.length, bounds.length);
  t.is(
    counts.reduce((all, count) => all + count, 0),
    1_003,
  );
  t.is(counts[0], 2);
  t.is(counts.at(-1), 1);
  t.is(bounds.at(-1), null);
  // 200 and 100 values are up to 2 and 1.
  t.is(
    counts.slice(1, bounds.indexOf(2) + 1).reduce((all, count) => all + count, 0),
    200,
  );
  t.is(
    counts.slice(1, bounds.indexOf(1) + 1).reduce((all, count) => all + count, 0),
    100,
  );
  const formula = { reduce: 'quantile', metric: 'wait_seconds', quantile: 0.5 } as const;
  const [median] = evaluated(history, formula, 2_000, 60);
  t.true(Math.abs((median?.value ?? 0) / 5 - 1) < 0.05);
});

test('a query of many series lets other work run in between, and its groups are the largest', async (t) => {
  const registry = newRegistry();
  const counter = registry.counter(calls);
  const level = defineGauge({
    name: 'depth',
    help: 'Depth.',
    labels: { a: label(), b: label() },
    aggregator: 'average',
  });
  const gauge = registry.gauge(level);
  for (let index = 0; index < 2_000; index++) {
    counter.inc({ tenant: `t${index}`, outcome: 'ok' }, index);
    gauge.set({ a: `${index % 2}`, b: `${index}` }, index);
  }
  const history = new MetricsHistory(10_000);
  history.readInstrument(1_000, counter);
  history.readInstrument(1_000, gauge);
  let turns = 0;
  const immediates = (): void => {
    turns++;
    if (turns < 3) setImmediate(immediates);
  };
  setImmediate(immediates);
  const found = await queriedHistory(
    history,
    { metric: 'calls_total', match: [], by: ['tenant', 'outcome'] },
    everything,
  );
  t.true(turns >= 3);
  t.is(found?.tracks.length, 40);
  t.deepEqual(found?.tracks[0]?.labels, { tenant: 't1999', outcome: 'ok' });
  t.deepEqual(found?.values[0], [1_999]);
  const averages = await queriedHistory(
    history,
    {
      metric: 'depth',
      match: [{ label: 'b', test: 'startsWith', values: ['1'] }],
      by: ['a'],
    },
    everything,
  );
  const expected = (parity: number): number => {
    const chosen = Array.from({ length: 2_000 }, (_, index) => index).filter(
      (index) => index % 2 === parity && `${index}`.startsWith('1'),
    );
    return chosen.reduce((sum, each) => sum + each, 0) / chosen.length;
  };
  for (const [index, { labels }] of (averages?.tracks ?? []).entries())
    t.true(Math.abs((averages?.values[index]?.[0] as number) - expected(Number(labels.a))) < 1e-9);
  t.is(averages?.tracks.length, 2);
});

test('the quantile of a histogram without finite bounds is unknown, not 0', (t) => {
  const history = new MetricsHistory(10_000);
  const exposed = (count: number): string =>
    `# TYPE wait_seconds histogram\nwait_seconds_bucket{le="+Inf"} ${count}\nwait_seconds_sum ${count}\nwait_seconds_count ${count}\n`;
  for (const count of [1, 5])
    for (const family of expositionFamilies(exposed(count))) history.readFamily(count * 1_000, family);
  const formula = { metric: 'wait_seconds', quantile: 0.95 } as const;
  t.deepEqual(evaluated(history, { ...formula, reduce: 'quantile' }, 5_000, 60), []);
  t.deepEqual(evaluated(history, { ...formula, reduce: 'mean' }, 5_000, 60), [{ labels: {}, value: 1 }]);
});

test('a clock that is set back drops the samples of times to come, and the charts go on', (t) => {
  const registry = newRegistry();
  const counter = registry.counter(calls);
  const history = new MetricsHistory(10_000);
  const read = (time: number): void => {
    counter.inc({ tenant: 'a', outcome: 'ok' });
    history.readInstrument(time, counter);
  };
  for (const time of [3_600_000, 3_601_000, 7_200_000, 7_201_000]) read(time);
  const { revision } = history;
  // A little: the sample is late, and left out.
  read(7_200_500);
  t.is(history.revision, revision);
  read(3_700_000);
  read(3_701_000);
  t.true(history.revision > revision);
  const { times, values } = metricHistory(history.storeOf('calls_total') ?? (t.fail() as never), everything);
  t.deepEqual(times, [3_600_000, 3_601_000, 3_699_999, 3_700_000, 3_701_000]);
  t.deepEqual(values[0], [1, 2, null, 6, 7]);
});

test('a counter of another program that is first seen high has not increased by that, with few series and with many', (t) => {
  for (const series of [2, 100]) {
    const history = new MetricsHistory(10_000);
    const read = (time: number, values: readonly number[]): void => {
      const lines = values.map((value, index) => `jobs_total{queue="${index}"} ${value}\n`).join('');
      for (const family of expositionFamilies(`# TYPE jobs_total counter\n${lines}`))
        history.readFamily(time, family);
    };
    const before = Array.from({ length: series }, () => 10);
    read(1_000, before);
    read(2_000, [...before, 1_000_000]);
    read(3_000, [...before, 1_000_007]);
    const increase = (from: number, to: number): number =>
      evaluated(history, { reduce: 'increase', metric: 'jobs_total' }, to * 1_000, to - from).reduce(
        (sum, { value }) => sum + value,
        0,
      );
    t.is(increase(1, 2), 0, `${series} series`);
    t.is(increase(2, 3), 7, `${series} series`);
    const { tracks, values, detail } = metricHistory(
      history.storeOf('jobs_total') ?? (t.fail() as never),
      everything,
    );
    const exposed = tracks.map(({ offset = 0 }, index) => Number(values[index]?.at(-1)) - Number(offset));
    const total = detail === 'labels' ? exposed[0] : exposed.reduce((sum, value) => sum + value, 0);
    t.is(total, series * 10 + 1_000_007, 'its total is complete');
  }
});

test('a series of this process starts from 0 when it is first recorded', (t) => {
  const counter = newRegistry().counter(calls);
  const history = new MetricsHistory(10_000);
  counter.inc({ tenant: 'a', outcome: 'ok' }, 5);
  history.readInstrument(1_000, counter);
  counter.inc({ tenant: 'b', outcome: 'ok' }, 30);
  history.readInstrument(2_000, counter);
  const increase = { reduce: 'increase', metric: 'calls_total' } as const;
  t.deepEqual(evaluated(history, increase, 2_000, 1), [{ labels: {}, value: 30 }]);
});

test('a metric that is gone, also one of a restored history, is forgotten after a day', (t) => {
  const day = 24 * 3_600_000;
  const registry = newRegistry();
  const history = new MetricsHistory(10_000);
  registry.counter(calls).inc({ tenant: 'a', outcome: 'ok' });
  history.readInstrument(1_000, registry.counter(calls));
  const next = new MetricsHistory(10_000);
  restoreHistory(next, Buffer.concat([...historyText(history)]), 10_000);
  const read = (time: number): void => {
    next.readInstrument(time, registry.gauge(level));
    next.forget(time);
  };
  read(2_000);
  read(day);
  t.deepEqual(next.names, ['calls_total', 'level']);
  const { revision } = next;
  read(day + 1_000);
  t.deepEqual(next.names, ['level']);
  t.true(next.revision > revision, 'pages receive the new list');

  const late = new MetricsHistory(10_000);
  restoreHistory(late, Buffer.concat([...historyText(history)]), 10_000);
  late.forget(3 * day);
  t.deepEqual(late.names, ['calls_total'], 'right after a start it may not be registered yet');
  late.forget(3 * day + 3_600_000);
  t.deepEqual(late.names, []);
});
