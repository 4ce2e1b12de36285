import test from 'ava';
import promClient from 'prom-client';
import { withLabels } from '../../../decorators/index.js';
import { metricsRecordingErrors } from '../../../lib/catalogue/self.js';
import { defineCounter, defineHistogram } from '../../../lib/define.js';
import { encodeSnapshot } from '../../../lib/durability/snapshot.js';
import { newRoot } from '../../../lib/instruments/branch.js';
import { BucketStore } from '../../../lib/instruments/bucket-store.js';
import { CounterSeries } from '../../../lib/instruments/counter.js';
import { noteSource, recordWith } from '../../../lib/instruments/exemplar-sources.js';
import {
  bucketExemplarOf,
  type ExemplarLabels,
  exemplarOf,
  setExemplarSettings,
} from '../../../lib/instruments/exemplars.js';
import { HistogramSeries } from '../../../lib/instruments/histogram-series.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readText, readValue } from '../../../lib/testing.js';
import { freezeDate } from '../../helpers/freeze-date.js';
import { readExemplars } from '../../helpers/read-exemplars.js';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: { queue: label() } });
const wait = defineHistogram({
  name: 'wait_seconds',
  help: 'Waits.',
  labels: { queue: label() },
  buckets: [1, 5],
});
const bare = defineCounter({ name: 'bare_total', help: 'No labels.' });
const mail = { queue: 'mail' };

test('prom-client’s call forms record a value with an exemplar', async (t) => {
  const registry = createTestRegistry();
  registry.counter(jobs).inc({ labels: mail, value: 2, exemplarLabels: { trace_id: 'a' } });
  registry.counter(bare).inc({ exemplarLabels: { trace_id: 'b' } });
  registry.histogram(wait).observe({ labels: mail, value: 3, exemplarLabels: { trace_id: 'c', attempt: 2 } });
  const exemplars = await readExemplars(t, registry);
  t.deepEqual(
    exemplars.map(({ timestamp: _, ...others }) => others),
    [
      { sample: 'jobs_total{queue="mail"}', labels: { trace_id: 'a' }, value: 2 },
      { sample: 'bare_total', labels: { trace_id: 'b' }, value: 1 },
      {
        sample: 'wait_seconds_bucket{queue="mail",le="5.0"}',
        labels: { trace_id: 'c', attempt: '2' },
        value: 3,
      },
    ],
  );
  for (const { timestamp } of exemplars) t.true(Math.abs(Date.now() / 1_000 - timestamp) < 600);
});

test('such a form without `exemplarLabels` only records the value', async (t) => {
  const registry = createTestRegistry();
  registry.counter(jobs).inc({ labels: mail });
  registry.histogram(wait).observe({ labels: mail, value: 3, exemplarLabels: {} });
  t.deepEqual(await readExemplars(t, registry), []);
  t.is(readValue(registry, jobs, mail), 1);
  t.is(registry.histogram(wait).with(mail).count, 1);
});

test('real labels take precedence over the names of such a form, and misspelt names are errors', (t) => {
  const registry = createTestRegistry();
  const named = defineCounter({
    name: 'named_total',
    help: 'N.',
    labels: { value: label(), labels: label() },
  });
  registry.counter(named).inc({ value: '5', labels: 'x' });
  t.is(readValue(registry, named, { value: '5', labels: 'x' }), 1);
  const counter = registry.counter(jobs);
  const wrong = { labels: mail, exemplarLabel: {} } as never;
  t.throws(() => counter.inc(wrong), { code: 'ERR_METRICS_UNKNOWN_LABEL' });
  t.throws(() => counter.inc({ labels: mail, value: -1 }), { code: 'ERR_METRICS_NEGATIVE_INCREMENT' });
  t.throws(() => registry.histogram(wait).observe({ labels: mail, value: Number.NaN }), {
    code: 'ERR_METRICS_INVALID_VALUE',
  });
  t.is(counter.series.size + registry.histogram(wait).series.size, 0);
});

test('bound series and timers take labels of an exemplar, or a function that returns them', async (t) => {
  const registry = createTestRegistry();
  registry.counter(jobs).with(mail).inc(1, { trace_id: 'a' });
  registry
    .counter(jobs)
    .labels('web')
    .inc(1, () => ({ trace_id: 'b' }));
  registry.histogram(wait).with(mail).observe(2, 10, { trace_id: 'c' });
  registry.histogram(wait).startTimer({ queue: 'web' }, { trace_id: 'd' })({}, { step: 'last' });
  t.deepEqual(
    (await readExemplars(t, registry)).map(({ labels }) => labels),
    [{ trace_id: 'a' }, { trace_id: 'b' }, { trace_id: 'c' }, { trace_id: 'd', step: 'last' }],
  );
  t.is(registry.histogram(wait).with(mail).count, 10);
});

test('exemplars are in OpenMetrics only, also those of prom-client’s registry', async (t) => {
  const registry = createTestRegistry();
  registry.counter(bare).inc({ value: 2, exemplarLabels: { trace_id: 'a' } });
  registry.histogram(wait).with(mail).observe(2, 1, { trace_id: 'b' });
  t.notRegex(await readText(registry), /trace_id/);
  t.notRegex(await registry.prometheus.metrics(), /trace_id/);
  registry.prometheus.setContentType(promClient.Registry.OPENMETRICS_CONTENT_TYPE as never);
  const text = await registry.prometheus.metrics();
  t.regex(text, /^bare_total 2 # \{trace_id="a"\} 2 \d+(\.\d+)?$/m);
  t.regex(text, /^wait_seconds_bucket\{.*le="5".*\} 1 # \{trace_id="b"\} 2 \d+(\.\d+)?$/m);
});

test('exemplars of prom-client’s own metrics are written too', async (t) => {
  const registry = createTestRegistry();
  registry.prometheus.setContentType(promClient.Registry.OPENMETRICS_CONTENT_TYPE as never);
  const common = { help: 'Theirs.', registers: [registry.prometheus], enableExemplars: true };
  new promClient.Counter({ ...common, name: 'their_jobs_total' }).inc({ exemplarLabels: { trace_id: 'a' } });
  new promClient.Histogram({ ...common, name: 'their_seconds', buckets: [1] }).observe({
    value: 0.5,
    exemplarLabels: { trace_id: 'b' },
  });
  t.deepEqual(
    (await readExemplars(t, registry)).map(({ sample, labels }) => [sample, labels.trace_id]),
    [
      ['their_jobs_total', 'a'],
      ['their_seconds_bucket{le="1.0"}', 'b'],
    ],
  );
  t.notRegex(await registry.metrics({ format: 'text' }), /trace_id/);
});

test.serial('a counter and each bucket take at most one exemplar a second', async (t) => {
  const advance = freezeDate(t);
  const registry = createTestRegistry();
  const counter = registry.counter(bare);
  const series = registry.histogram(wait).with(mail);
  const asked: string[] = [];
  const record = (id: string): void => {
    counter.inc({ exemplarLabels: { id } });
    for (const value of [0.5, 3])
      series.observe(value, 1, () => {
        asked.push(`${id} ${value}`);
        return { id };
      });
  };
  const ids = async (): Promise<(string | undefined)[]> =>
    (await readExemplars(t, registry)).map(({ labels }) => labels.id);
  record('a');
  record('b');
  advance(999);
  record('c');
  t.deepEqual(await ids(), ['a', 'a', 'a']);
  t.deepEqual(asked, ['a 0.5', 'a 3'], 'the function is not called before the second has passed');
  advance(1);
  record('d');
  t.deepEqual(await ids(), ['d', 'd', 'd']);
  series.observe(100, 1, { id: 'other bucket' });
  t.deepEqual((await ids()).at(-1), 'other bucket');
});

test.serial('exemplars are taken again after the clock was set back', async (t) => {
  freezeDate(t, 10_000_000);
  const registry = createTestRegistry();
  const counter = registry.counter(bare);
  counter.inc({ exemplarLabels: { id: 'a' } });
  const { now } = Date;
  t.teardown(() => {
    Date.now = now;
  });
  Date.now = () => 1_000;
  counter.inc({ exemplarLabels: { id: 'b' } });
  Date.now = now;
  t.deepEqual(
    (await readExemplars(t, registry)).map(({ labels, timestamp }) => [labels.id, timestamp]),
    [['b', 1]],
  );
});

test.serial('a recording without an exemplar keeps the last one', async (t) => {
  const advance = freezeDate(t);
  const registry = createTestRegistry();
  registry.counter(bare).inc({ exemplarLabels: { id: 'a' } });
  advance(5_000);
  registry.counter(bare).inc();
  registry.counter(bare).inc({ exemplarLabels: { id: undefined } });
  t.deepEqual(
    (await readExemplars(t, registry)).map(({ labels }) => labels),
    [{ id: 'a' }],
  );
});

test('names and values have 128 code points at most: a longer exemplar is left out and reported once', async (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(jobs);
  // A face of two UTF-16 units and four bytes, and a family of several code points.
  for (const [queue, id] of [
    ['faces', '🙂'.repeat(126)],
    ['too many faces', '🙂'.repeat(127)],
    ['families', `${'👨‍👩‍👧'.repeat(25)}x`],
    ['too many families', `${'👨‍👩‍👧'.repeat(25)}xx`],
    ['enormous', 'x'.repeat(10_000_000)],
  ] as const)
    counter.inc({ labels: { queue }, exemplarLabels: { id } });
  t.deepEqual(
    (await readExemplars(t, registry)).map(({ sample }) => sample),
    ['jobs_total{queue="faces"}', 'jobs_total{queue="families"}'],
  );
  t.is(counter.series.size, 5, 'the increments count');
  t.is(readValue(registry, metricsRecordingErrors, { metric: 'jobs_total', reason: 'exemplar' }), 3);
  t.deepEqual(
    registry.warnings.map(({ code }) => code),
    ['METRICS_RECORDING_FAILED'],
  );
  t.regex(registry.warnings[0]?.message ?? '', /expected 128 code points .* at most, received 129 \(id\)/);
});

test('the limit counts the code points of all names and values, and half a surrogate pair as one', async (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(jobs);
  const half = '\ud83d';
  for (const [queue, exemplarLabels] of [
    ['two-labels', { first: '🙂'.repeat(58), second: 'x'.repeat(59) }],
    ['two-labels-that-are-too-long', { first: '🙂'.repeat(58), second: 'x'.repeat(60) }],
    ['a-long-name', { ['n'.repeat(127)]: '🙂' }],
    ['a-name-that-is-too-long', { ['n'.repeat(128)]: '🙂' }],
    ['halves', { id: half.repeat(126) }],
    ['too-many-halves', { id: half.repeat(127) }],
    ['absent-ones-which-do-not-count', { id: 'x'.repeat(126), ['n'.repeat(200)]: '', other: undefined }],
  ] as const)
    counter.inc({ labels: { queue }, exemplarLabels });
  t.deepEqual(
    (await readExemplars(t, registry)).map(({ sample }) => sample),
    ['two-labels', 'a-long-name', 'halves', 'absent-ones-which-do-not-count'].map(
      (queue) => `jobs_total{queue="${queue}"}`,
    ),
  );
  t.is(readValue(registry, metricsRecordingErrors, { metric: 'jobs_total', reason: 'exemplar' }), 3);
});

test('the bucket +Inf, the smallest bucket and a counter of a zero increment have exemplars', async (t) => {
  const registry = createTestRegistry();
  registry.counter(bare).inc({ value: 0, exemplarLabels: { id: 'zero' } });
  for (const value of [Number.MAX_VALUE, 5, -0, -1e300])
    registry.histogram(wait).observe({ labels: mail, value, exemplarLabels: { id: String(value) } });
  t.deepEqual(
    (await readExemplars(t, registry)).map(({ sample, labels, value }) => [sample, labels.id, value]),
    [
      ['bare_total', 'zero', 0],
      ['wait_seconds_bucket{queue="mail",le="1.0"}', '0', 0],
      ['wait_seconds_bucket{queue="mail",le="5.0"}', '5', 5],
      ['wait_seconds_bucket{queue="mail",le="+Inf"}', '1.7976931348623157e+308', Number.MAX_VALUE],
    ],
  );
});

test('invalid labels are left out and counted, and the recording stands', async (t) => {
  const hostile: unknown[] = [
    { 'a-b': 'x' },
    { __name__: 'x' },
    { '': 'x' },
    { id: {} },
    { id: Symbol('x') },
    { id: () => 'x' },
    'text',
    42,
    {
      get id(): string {
        throw new Error('no');
      },
    },
    new Proxy({}, { ownKeys: () => [{}] as never }),
  ];
  const registry = createTestRegistry();
  for (const [index, labels] of hostile.entries()) {
    registry
      .histogram(wait)
      .with({ queue: `${index}` })
      .observe(1, 1, labels as ExemplarLabels);
    const source = (): ExemplarLabels => labels as ExemplarLabels;
    registry
      .counter(jobs)
      .with({ queue: `${index}` })
      .inc(1, source);
  }
  registry.counter(bare).inc({ exemplarLabels: null as never });
  t.deepEqual(await readExemplars(t, registry), []);
  for (const metric of ['wait_seconds', 'jobs_total'])
    t.is(readValue(registry, metricsRecordingErrors, { metric, reason: 'exemplar' }), hostile.length);
  t.is(readValue(registry, jobs, { queue: '8' }), 1);
  t.is(readValue(registry, bare), 1);
});

test('values are escaped, and absent values are left out', async (t) => {
  const registry = createTestRegistry();
  const id = 'a\\b"c\nd # {x="y"} 1';
  registry.counter(bare).inc({ exemplarLabels: { id, none: undefined, empty: '', zero: 0, no: false } });
  t.deepEqual((await readExemplars(t, registry))[0]?.labels, {
    id: 'a\\\\b\\"c\\nd # {x=\\"y\\"} 1',
    zero: '0',
    no: 'false',
  });
});

test('a function that throws or records itself does not disturb the recording', async (t) => {
  const registry = createTestRegistry();
  const series = registry.counter(bare).with({});
  series.inc(1, () => {
    series.inc(10, { id: 'inner' });
    return { id: 'outer' };
  });
  registry
    .counter(jobs)
    .with(mail)
    .inc(1, () => {
      throw new Error('no');
    });
  t.is(series.value, 11);
  t.deepEqual(
    (await readExemplars(t, registry)).map(({ labels }) => labels),
    [{ id: 'outer' }],
  );
  t.is(readValue(registry, metricsRecordingErrors, { metric: 'jobs_total', reason: 'exemplar' }), 1);
});

test.serial('a failed exemplar keeps the last one, and is counted once a second', async (t) => {
  const advance = freezeDate(t);
  const registry = createTestRegistry();
  const series = registry.counter(bare).with({});
  const fail = () => {
    throw new Error('no');
  };
  series.inc(1, { id: 'a' });
  advance(1_000);
  series.inc(1, fail);
  series.inc(1, fail);
  t.deepEqual(
    (await readExemplars(t, registry)).map(({ labels, value }) => [labels, value]),
    [[{ id: 'a' }, 1]],
  );
  t.is(readValue(registry, metricsRecordingErrors, { metric: 'bare_total', reason: 'exemplar' }), 1);
});

test.serial('a recording without labels does not make the next one wait', async (t) => {
  freezeDate(t);
  const registry = createTestRegistry();
  const series = registry.counter(bare).with({});
  series.inc(1, () => undefined);
  series.inc(1, {});
  series.inc(1, { id: 'a' });
  t.deepEqual(
    (await readExemplars(t, registry)).map(({ labels }) => labels),
    [{ id: 'a' }],
  );
});

test('a function may remove the series that it gives labels to', async (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(jobs);
  const bound = counter.with(mail);
  const remove = () => {
    counter.remove(mail);
    throw new Error('no');
  };
  t.notThrows(() => bound.inc(1, remove));
  t.is(counter.series.size, 0);
  t.is(readValue(registry, metricsRecordingErrors, { metric: 'jobs_total', reason: 'exemplar' }), 1);
});

test('removing, resetting and zeroing a series drops its exemplars', async (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(jobs);
  const histogram = registry.histogram(wait);
  const bound = { counter: counter.with(mail), histogram: histogram.with(mail) };
  const record = (): void => {
    bound.counter.inc(1, { id: 'a' });
    bound.histogram.observe(2, 1, { id: 'a' });
  };
  for (const drop of [
    () => registry.reset(),
    () => {
      counter.remove(mail);
      histogram.remove(mail);
    },
    () => {
      counter.remove(mail);
      histogram.zero(mail);
    },
    () => registry.clear(),
  ]) {
    record();
    t.is((await readExemplars(t, registry)).length, 2);
    drop();
    bound.counter.inc();
    bound.histogram.observe(2);
    t.deepEqual(await readExemplars(t, registry), []);
  }
});

test('a folded recording leaves its exemplar in the series `other`, so that memory is bounded', async (t) => {
  const registry = createTestRegistry({ maxSeries: 2 });
  for (const queue of ['a', 'b', 'c', 'd'])
    registry.counter(jobs).inc({ labels: { queue }, exemplarLabels: { id: queue } });
  t.deepEqual(
    (await readExemplars(t, registry)).map(({ sample, labels }) => [sample, labels.id]),
    [
      ['jobs_total{queue="a"}', 'a'],
      ['jobs_total{queue="b"}', 'b'],
      ['jobs_total{queue="other"}', 'c'],
    ],
  );
});

test('labels of `withLabels` become those of exemplars where an option asks for them, and never of series', async (t) => {
  const registry = createTestRegistry({ exemplars: { contextLabels: ['workflow_id', 'run'] } });
  const other = createTestRegistry();
  withLabels({ workflow_id: 'w-1', tenant: 'x' }, () => {
    registry.counter(bare).inc();
    registry.histogram(wait).with(mail).observe(2, 1, { id: 'a', workflow_id: 'given' });
    other.counter(bare).inc();
  });
  t.deepEqual(
    (await readExemplars(t, registry)).map(({ sample, labels }) => [sample, labels]),
    [
      ['bare_total', { workflow_id: 'w-1' }],
      ['wait_seconds_bucket{queue="mail",le="5.0"}', { id: 'a', workflow_id: 'given' }],
    ],
  );
  t.deepEqual(await readExemplars(t, other), []);
  withLabels({ workflow_id: 'x'.repeat(200), run: 'r' }, () => registry.counter(jobs).inc(mail));
  t.deepEqual((await readExemplars(t, registry)).find(({ sample }) => sample.startsWith('jobs'))?.labels, {
    run: 'r',
  });
});

test('a registry with `exemplars: false` keeps none, until it is switched on', async (t) => {
  const registry = createTestRegistry({ exemplars: false });
  const record = (): void => registry.counter(bare).inc({ exemplarLabels: { id: 'a' } });
  record();
  t.deepEqual(await readExemplars(t, registry), []);
  registry.setExemplars(true);
  record();
  t.is((await readExemplars(t, registry)).length, 1);
});

test.serial(
  'a registry whose exemplars are switched off takes no others, and keeps those it has',
  async (t) => {
    const advance = freezeDate(t);
    const registry = createTestRegistry();
    registry.counter(bare).inc({ exemplarLabels: { id: 'a' } });
    registry.setExemplars(false);
    advance(1_000);
    registry.counter(bare).inc({ exemplarLabels: { id: 'b' } });
    registry.setExemplars(true);
    t.deepEqual(
      (await readExemplars(t, registry)).map(({ labels }) => labels),
      [{ id: 'a' }],
    );
  },
);

test('a metric of several labels has exemplars', async (t) => {
  const registry = createTestRegistry();
  const labels = { queue: label(), priority: label(), region: label() };
  const counter = registry.counter(defineCounter({ name: 'many_total', help: 'Many.', labels }));
  counter.with({ queue: 'mail', priority: 'low', region: 'eu' }).inc(1, { id: 'a' });
  t.deepEqual(
    (await readExemplars(t, registry)).map((each) => each.labels),
    [{ id: 'a' }],
  );
});

test.serial('samples have their exemplars as in prom-client, with a time in seconds', async (t) => {
  freezeDate(t, 1_700_000_000_500);
  const registry = createTestRegistry();
  registry.counter(bare).inc({ value: 2, exemplarLabels: { id: 'a' } });
  registry.histogram(wait).with(mail).observe(3, 1, { id: 'b' });
  t.deepEqual((await registry.counter(bare).get()).values[0]?.exemplar, {
    labelSet: { id: 'a' },
    value: 2,
    timestamp: 1_700_000_000.5,
  });
  t.deepEqual(
    (await registry.histogram(wait).get()).values
      .map(({ exemplar }) => exemplar?.labelSet.id)
      .filter((id) => id !== undefined),
    ['b'],
  );
});

test('a histogram that is only native keeps exemplars of different magnitudes', (t) => {
  const definition = defineHistogram({ name: 'native_seconds', help: 'N.', native: {} });
  const series = createTestRegistry().histogram(definition).with({});
  const recorded = [0.001, 0.1, 1, 5, 1_000, 1e6];
  for (const value of recorded) series.observe(value, 1, { id: String(value) });
  const places = Array.from({ length: 8 }, (_, place) => bucketExemplarOf(series, place)?.value);
  t.deepEqual(places.filter((value) => value !== undefined).sort(), recorded.sort());
});

test('recordings without labels get those of the source that is set around them', async (t) => {
  noteSource();
  const registry = createTestRegistry();
  const counter = registry.counter(jobs);
  const source = (id: string): ExemplarLabels => ({ id });
  recordWith({ source, argument: 'outer' }, () => {
    t.throws(() =>
      recordWith({ source, argument: 'inner' }, () => {
        counter.inc({ queue: 'inner' });
        throw new Error('ends the inner one');
      }),
    );
    counter.inc({ queue: 'outer' });
    counter.with({ queue: 'given' }).inc(1, (id?: string) => ({ id: id ?? 'given' }));
  });
  counter.inc({ queue: 'outside' });
  t.deepEqual(
    (await readExemplars(t, registry)).map(({ sample, labels }) => [sample, labels.id]),
    ['inner', 'outer', 'given'].map((queue) => [`jobs_total{queue="${queue}"}`, queue]),
  );
});

test('invalid options are refused', (t) => {
  for (const [exemplars, message] of [
    ['on', /Invalid `exemplars` of a registry: expected true, false or \{ contextLabels \}, received "on"/],
    [{ contextLabel: [] }, /Did you mean `contextLabels`/],
    [{ contextLabels: ['a-b'] }, /Invalid `contextLabels` of `exemplars` of a registry: expected an array/],
  ] as const)
    t.throws(() => createTestRegistry({ exemplars: exemplars as never }), {
      code: 'ERR_METRICS_INVALID_OPTION',
      message,
    });
});

test('`exemplarOf` and `bucketExemplarOf` return the exemplars that are written', (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(bare).with({});
  const series = registry.histogram(wait).with(mail);
  t.is(exemplarOf(counter), undefined);
  counter.inc(2, { id: 'a' });
  series.observe(7, 1, { id: 'b' });
  t.like(exemplarOf(counter), { labels: { id: 'a' }, value: 2 });
  t.deepEqual(
    [0, 1, 2, 3].map((bucket) => bucketExemplarOf(series, bucket)?.labels),
    [undefined, undefined, { id: 'b' }, undefined],
  );
});

test('a snapshot holds the values without their exemplars', (t) => {
  const registry = createTestRegistry();
  registry.counter(bare).inc(2);
  registry.counter(bare).inc({ exemplarLabels: { id: 'a' } });
  registry.histogram(wait).with(mail).observe(2, 1, { id: 'a' });
  const chunks = encodeSnapshot({ instruments: registry.instruments(), unclaimed: [], now: 0 });
  const text = Buffer.concat([...chunks]).toString();
  t.regex(text, /^bare_total 3$/m);
  t.regex(text, /^wait_seconds_bucket\{queue="mail",le="5.0"\} 1$/m);
});

test('a series of no registry has no exemplars, and is recorded', (t) => {
  const counter = new CounterSeries('a', newRoot('calls_total'));
  counter.inc(3, { run: '7' });
  t.is(counter.value, 3);
  t.is(exemplarOf(counter), undefined);
});

test('while no source of exemplars is known, series take those that come with a recording', (t) => {
  const root = newRoot('calls_total');
  setExemplarSettings(root, { isOn: true, contextLabels: [], failed: () => t.fail() });
  const counter = new CounterSeries('a', root);
  counter.inc(2);
  t.is(counter.value, 2);
  t.is(exemplarOf(counter), undefined);
  counter.inc(3, { run: '7' });
  t.is(counter.value, 5);
  t.like(exemplarOf(counter), { labels: { run: '7' }, value: 3 });

  const histogram = new HistogramSeries('a', root, new BucketStore([1, 10]));
  histogram.observe(0.5);
  histogram.observe(5, 2, { run: '8' });
  t.deepEqual([histogram.sum, histogram.count], [10.5, 3]);
  t.is(bucketExemplarOf(histogram, 0), undefined);
  t.like(bucketExemplarOf(histogram, 1), { labels: { run: '8' }, value: 5 });
});
