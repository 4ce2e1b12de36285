/** Views: other names, fewer labels, other buckets, or disabled metrics. */
import test from 'ava';
import { Counted, getInstrumentation, Timed, TracksGauge } from '../../decorators/index.js';
import { PrometheusMetricsCollector } from '../../lib/collector.js';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../lib/define.js';
import { MetricsError } from '../../lib/errors.js';
import { label } from '../../lib/label.js';
import type { MetricsRegistry } from '../../lib/registry.js';
import { createTestRegistry, readHistogram, readText, readValue } from '../../lib/testing.js';
import type { MetricViews } from '../../lib/views.js';

const labels = { queue: label(), worker: label() };
const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.', labels });
const depth = defineGauge({ name: 'queue_depth', help: 'Jobs that wait.', labels });
const seconds = defineHistogram({ name: 'job_seconds', help: 'Durations.', labels, buckets: [1, 2] });
const sizes = defineSummary({ name: 'job_size_bytes', help: 'Sizes.', labels });

const dropWorker = { dropLabels: ['worker'] };

/** The sample lines of a registry. */
async function lines(registry: MetricsRegistry): Promise<string[]> {
  return (await readText(registry)).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('a metric is exposed under another name, and recorded under its own', async (t) => {
  const registry = createTestRegistry({ views: { jobs_total: { name: 'work_total' } } });
  registry.counter(jobs).inc({ queue: 'mail', worker: 'a' });
  t.is(registry.get('jobs_total')?.name, 'work_total');
  t.is(registry.get('work_total'), undefined);
  t.deepEqual(await lines(registry), ['work_total{queue="mail",worker="a"} 1']);
  t.is(readValue(registry, jobs, { queue: 'mail', worker: 'a' }), 1);
});

test('series that differ only in a dropped label are added up, for every way of recording', async (t) => {
  const registry = createTestRegistry({
    views: { jobs_total: dropWorker, job_seconds: dropWorker, job_size_bytes: dropWorker },
  });
  const counter = registry.counter(jobs);
  counter.inc({ queue: 'mail', worker: 'a' });
  counter.inc({ worker: 'b', queue: 'mail' }, 2);
  counter.with({ queue: 'mail', worker: 'c' }).inc(4);
  counter.labels('mail', 'd').inc(8);
  registry.histogram(seconds).observe({ queue: 'mail', worker: 'a' }, 1);
  registry.histogram(seconds).observe({ queue: 'mail', worker: 'b' }, 2);
  registry.summary(sizes).observe({ queue: 'mail', worker: 'a' }, 10);
  registry.summary(sizes).observe({ queue: 'mail', worker: 'b' }, 20);
  t.deepEqual(await lines(registry), [
    'jobs_total{queue="mail"} 15',
    'job_seconds_bucket{queue="mail",le="1"} 1',
    'job_seconds_bucket{queue="mail",le="2"} 2',
    'job_seconds_bucket{queue="mail",le="+Inf"} 2',
    'job_seconds_sum{queue="mail"} 3',
    'job_seconds_count{queue="mail"} 2',
    'job_size_bytes_sum{queue="mail"} 30',
    'job_size_bytes_count{queue="mail"} 2',
  ]);
});

test('increments and decrements of a merged gauge add up, and `set` replaces its value', (t) => {
  const registry = createTestRegistry({ views: { queue_depth: dropWorker } });
  const gauge = registry.gauge(depth);
  gauge.set({ queue: 'mail', worker: 'a' }, 5);
  gauge.set({ queue: 'mail', worker: 'b' }, 7);
  gauge.inc({ queue: 'mail', worker: 'a' }, 2);
  gauge.dec({ queue: 'mail', worker: 'c' });
  t.is(readValue(registry, depth, { queue: 'mail', worker: 'a' }), 8);
});

test('a metric that loses all its labels starts at 0', async (t) => {
  const registry = createTestRegistry({ views: { jobs_total: { dropLabels: ['worker', 'queue'] } } });
  registry.counter(jobs);
  t.deepEqual(await lines(registry), ['jobs_total 0']);
  registry.counter(jobs).inc({ queue: 'mail', worker: 'a' });
  t.deepEqual(await lines(registry), ['jobs_total 1']);
});

test('a misspelt label and a wrong number of values are errors, as without a view', (t) => {
  const registry = createTestRegistry({ views: { jobs_total: dropWorker } });
  const counter = registry.counter(jobs);
  t.like(
    t.throws(() => counter.inc({ queu: 'mail' } as never)),
    { code: 'ERR_METRICS_UNKNOWN_LABEL' },
  );
  t.like(
    t.throws(() => counter.labels('mail')),
    {
      code: 'ERR_METRICS_LABEL_COUNT',
      message:
        'Wrong number of label values for metric `jobs_total`: expected 2 (queue, worker), received 1: ["mail"].',
    },
  );
});

test('values of a dropped label are not read, so they cannot fill the series budget', (t) => {
  const registry = createTestRegistry({ maxSeries: 2, views: { jobs_total: dropWorker } });
  const counter = registry.counter(jobs);
  for (let worker = 0; worker < 1_000; worker += 1) counter.inc({ queue: 'mail', worker });
  t.is(counter.series.size, 1);
  t.is(readValue(registry, jobs, { queue: 'mail' }), 1_000);
  t.deepEqual(registry.warnings, []);
});

test('removing by a dropped label removes nothing, because other label sets share the series', (t) => {
  const registry = createTestRegistry({ views: { jobs_total: dropWorker } });
  const counter = registry.counter(jobs);
  counter.inc({ queue: 'mail', worker: 'a' });
  t.is(counter.removeWhere({ worker: 'a' }), 0);
  t.is(counter.removeWhere({ queue: 'mail', worker: 'a' }), 0);
  t.is(counter.removeWhere({ queue: 'mail' }), 1);
});

test('a series is removed by all label values, whatever the value of a dropped label', (t) => {
  const registry = createTestRegistry({ views: { jobs_total: dropWorker } });
  const counter = registry.counter(jobs);
  counter.inc({ queue: 'mail', worker: 'a' });
  counter.inc({ queue: 'sms', worker: 'a' });
  counter.remove('mail', 'b');
  t.is(readValue(registry, jobs, { queue: 'mail' }), undefined);
  t.is(readValue(registry, jobs, { queue: 'sms' }), 1);
});

test('the errors of a bound series name its metric as a later view does', (t) => {
  const registry = createTestRegistry();
  const bound = registry.counter(jobs).with({ queue: 'mail', worker: 'a' });
  registry.setViews({ jobs_total: { name: 'work_total' } });
  t.throws(() => bound.inc(-1), { message: /of counter `work_total`/ });
});

test('the buckets of a view override those of the configuration', (t) => {
  const views = { job_seconds: { buckets: [5, 10] } };
  const registry = createTestRegistry({ views });
  registry.setBuckets(new Map([['job_seconds', [3]]]));
  const histogram = registry.histogram(seconds);
  registry.setBuckets(new Map([['job_seconds', [4]]]));
  t.deepEqual(histogram.buckets, [5, 10]);
  histogram.observe({ queue: 'mail', worker: 'a' }, 7);
  t.deepEqual(
    [...(readHistogram(registry, seconds, { queue: 'mail', worker: 'a' })?.buckets ?? [])],
    [
      [5, 0],
      [10, 1],
      [Number.POSITIVE_INFINITY, 1],
    ],
  );
});

test('a view switches the native buckets of a histogram on and off, and overrides the configuration', (t) => {
  const native = defineHistogram({ name: 'native_seconds', help: 'Native.', native: { schema: 5 } });
  const own = defineHistogram({ name: 'own_seconds', help: 'Native.', native: { schema: 5 } });
  const registry = createTestRegistry({
    views: {
      job_seconds: { native: true },
      native_seconds: { native: false, buckets: [1] },
      own_seconds: { native: true },
      wait_seconds: { native: { schema: 2, maxBuckets: 10 } },
    },
  });
  const all = new Map(
    ['job_seconds', 'native_seconds', 'own_seconds', 'wait_seconds'].map((name) => [name, { schema: 7 }]),
  );
  registry.setNativeHistograms(all);
  const wait = registry.histogram(defineHistogram({ name: 'wait_seconds', help: 'W.', buckets: [1] }));
  t.is(registry.histogram(seconds).native?.schema, 3);
  t.deepEqual(registry.histogram(seconds).buckets, [1, 2]);
  t.is(registry.histogram(native).native, undefined);
  t.is(registry.histogram(own).native?.schema, 5);
  t.like(wait.native, { schema: 2, maxBuckets: 10 });
  registry.setNativeHistograms(all);
  t.is(registry.histogram(native).native, undefined);
  registry.histogram(native).observe(0.5);
  t.deepEqual(
    readHistogram(registry, native)?.buckets,
    new Map([
      [1, 1],
      [Number.POSITIVE_INFINITY, 1],
    ]),
  );
  t.is(readHistogram(registry, native)?.native, undefined);
  wait.observe(0.5);
  t.deepEqual(wait.with({}).native?.positive, new Map([[-4, 1]]));
});

test('a view switches native buckets on or off for an existing histogram, until something is observed', (t) => {
  const registry = createTestRegistry();
  const histogram = registry.histogram(seconds);
  const at = { queue: 'mail', worker: 'a' };
  const bound = histogram.with(at);
  registry.setViews({ job_seconds: { native: { schema: 0 } } });
  bound.observe(3);
  t.deepEqual(bound.native?.positive, new Map([[2, 1]]));
  const error = t.throws(() => registry.setViews({ job_seconds: { native: false } }));
  t.like(error, { code: 'ERR_METRICS_INVALID_VIEW' });
  t.regex(error.message, /Invalid `native` of the view .* Give views before anything is recorded/);
  t.is(bound.native?.zeroCount, 0);
});

test('if one view fails, others have not changed buckets or native buckets', (t) => {
  const registry = createTestRegistry();
  const histogram = registry.histogram(seconds);
  registry.gauge(depth);
  t.throws(() =>
    registry.setViews({
      job_seconds: { buckets: [7], native: true },
      queue_depth: { name: 'job_seconds_sum' },
    }),
  );
  t.deepEqual(histogram.buckets, [1, 2]);
  t.is(histogram.native, undefined);
});

test('a disabled metric records nothing, is not exposed and causes no conflict', async (t) => {
  const registry = createTestRegistry({ views: { jobs_total: { enabled: false } } });
  const counter = registry.counter(jobs);
  counter.inc({ queue: 'mail', worker: 'a' });
  counter.with({ queue: 'mail', worker: 'a' }).inc();
  counter.labels('mail', 'a').inc(-1);
  const { inc } = counter;
  inc({ queue: 'mail', worker: 'a' });
  t.is(registry.counter(jobs), counter);
  t.is(registry.get('jobs_total'), counter);
  t.deepEqual(registry.instruments(), []);
  t.deepEqual(await lines(registry), []);
  const other = registry.gauge(
    defineGauge({ name: 'jobs_total', help: 'Another.', lint: { allow: ['total-counter'], why: 'Tested.' } }),
  );
  other.set(5);
  t.is(other.type, 'gauge');
  const renamed = createTestRegistry({
    views: { jobs_total: { enabled: false }, queue_depth: { name: 'jobs_total' } },
  });
  renamed.counter(jobs);
  renamed.gauge(depth).set({ queue: 'mail', worker: 'a' }, 3);
  t.deepEqual(await lines(renamed), ['jobs_total{queue="mail",worker="a"} 3']);
});

test('a disabled instrument of any type does nothing, and its timers still return the time', async (t) => {
  const off = { enabled: false };
  const registry = createTestRegistry({
    views: { jobs_total: off, queue_depth: off, job_seconds: off, job_size_bytes: off },
  });
  const at = { queue: 'mail', worker: 'a' };
  const gauge = registry.gauge(depth);
  gauge.set(at, 3);
  gauge.inc(at);
  gauge.dec(at);
  gauge.setToCurrentTime(at);
  gauge.with(at).set(4);
  registry.histogram(seconds).observe(at, 1);
  registry.histogram(seconds).with(at).observe(1, 2);
  registry.histogram(seconds).zero(at);
  registry.summary(sizes).observe(at, 1);
  registry.summary(sizes).with(at).observe(1);
  const stop = registry.histogram(seconds).startTimer(at);
  t.true(stop() >= 0);
  t.is(gauge.with(at).value, 0);
  t.is(registry.histogram(seconds).with(at).count, 0);
  t.is(registry.summary(sizes).with(at).count, 0);
  t.deepEqual((await registry.gauge(depth).get()).values, []);
});

test('views apply to existing instruments and their bound series', async (t) => {
  const registry = createTestRegistry();
  const at = { queue: 'mail', worker: 'a' };
  const counter = registry.counter(jobs);
  const bound = counter.with(at);
  const boundGauge = registry.gauge(depth).with(at);
  const { observe } = registry.histogram(seconds);
  const boundTimes = registry.histogram(seconds).with(at);
  registry.setViews({
    jobs_total: { name: 'work_total', dropLabels: ['worker'] },
    queue_depth: { enabled: false },
    job_seconds: { name: 'work_seconds', buckets: [5] },
  });
  bound.inc();
  bound.inc();
  counter.inc({ queue: 'mail', worker: 'b' });
  boundGauge.set(5);
  observe(at, 4);
  boundTimes.observe(6);
  t.is(registry.counter(jobs), counter);
  t.deepEqual(await lines(registry), [
    'work_total{queue="mail"} 3',
    'work_seconds_bucket{queue="mail",worker="a",le="5"} 1',
    'work_seconds_bucket{queue="mail",worker="a",le="+Inf"} 2',
    'work_seconds_sum{queue="mail",worker="a"} 10',
    'work_seconds_count{queue="mail",worker="a"} 2',
  ]);
});

test('views can swap two names', async (t) => {
  const registry = createTestRegistry();
  const first = defineCounter({ name: 'first_total', help: 'First.' });
  const second = defineCounter({ name: 'second_total', help: 'Second.' });
  registry.counter(first).inc(1);
  registry.counter(second).inc(2);
  registry.setViews({ first_total: { name: 'second_total' }, second_total: { name: 'first_total' } });
  t.deepEqual((await lines(registry)).sort(), ['first_total 2', 'second_total 1']);
});

const invalid: readonly [title: string, views: object, code: string, message: RegExp][] = [
  [
    'a view that is not an object',
    { jobs_total: false },
    'ERR_METRICS_INVALID_OPTION',
    /the view of metric `jobs_total`/,
  ],
  [
    'an unknown setting',
    { jobs_total: { dropLabel: [] } },
    'ERR_METRICS_INVALID_OPTION',
    /Did you mean `dropLabels`/,
  ],
  [
    '`dropLabels` that is not a list',
    { jobs_total: { dropLabels: 'worker' } },
    'ERR_METRICS_INVALID_VIEW',
    /`dropLabels` of the view/,
  ],
  [
    '`enabled` that is not a boolean',
    { jobs_total: { enabled: 0 } },
    'ERR_METRICS_INVALID_VIEW',
    /true or false, received 0/,
  ],
  ['an invalid name', { jobs_total: { name: 'my jobs' } }, 'ERR_METRICS_INVALID_NAME', /my jobs/],
  [
    'unsorted buckets',
    { job_seconds: { buckets: [2, 1] } },
    'ERR_METRICS_INVALID_BUCKETS',
    /strictly ascending/,
  ],
  [
    'two metrics with one name',
    { jobs_total: { name: 'a_total' }, other_total: { name: 'a_total' } },
    'ERR_METRICS_INVALID_VIEW',
    /no other metric has, received that of `jobs_total`/,
  ],
  [
    'an unknown label',
    { jobs_total: { dropLabels: ['workr'] } },
    'ERR_METRICS_INVALID_VIEW',
    /some of its labels \(queue, worker\), received "workr"\. Did you mean `worker`/,
  ],
  [
    'buckets of a counter',
    { jobs_total: { buckets: [1] } },
    'ERR_METRICS_INVALID_VIEW',
    /no buckets for a counter/,
  ],
  [
    'native buckets of a gauge',
    { queue_depth: { native: true } },
    'ERR_METRICS_INVALID_VIEW',
    /expected no native buckets for a gauge, received true/,
  ],
  [
    '`native` that is neither a boolean nor options',
    { job_seconds: { native: 'on' } },
    'ERR_METRICS_INVALID_VIEW',
    /expected true, false, or options such as \{ growthFactor: 1\.1 \}, received "on"/,
  ],
  [
    'invalid options of native buckets',
    { job_seconds: { native: { schema: 9 } } },
    'ERR_METRICS_INVALID_DEFINITION',
    /Invalid `native\.schema` of histogram `job_seconds`: expected an integer from -4 to 8, received 9/,
  ],
  [
    'a name in use',
    { jobs_total: { name: 'job_seconds' } },
    'ERR_METRICS_DEFINITION_CONFLICT',
    /Conflicting definitions of `job_seconds`/,
  ],
  [
    'a sample name in use',
    { jobs_total: { name: 'job_seconds_sum' } },
    'ERR_METRICS_DEFINITION_CONFLICT',
    /`job_seconds_sum`/,
  ],
];

for (const [title, views, code, message] of invalid) {
  test(`views with ${title} are refused, and none is applied`, async (t) => {
    const registry = createTestRegistry();
    registry.counter(jobs).inc({ queue: 'mail', worker: 'a' });
    registry.gauge(depth).set({ queue: 'mail', worker: 'a' }, 2);
    registry.histogram(seconds);
    const before = await lines(registry);
    const error = t.throws(
      () => registry.setViews({ queue_depth: { name: 'depth' }, ...views } as MetricViews),
      { instanceOf: MetricsError },
    );
    t.like(error, { code });
    t.regex(error.message, message);
    t.deepEqual((await lines(registry)).sort(), before.sort());
  });
}

test('views that are not an object are refused', (t) => {
  t.like(
    t.throws(() => createTestRegistry({ views: [] as never })),
    {
      code: 'ERR_METRICS_INVALID_VIEW',
      message:
        'Invalid `views`: expected views by the name of a metric, such as { queue_depth: { enabled: false } }, received [].',
    },
  );
});

test('a view that does not match is refused when its metric is created', (t) => {
  const registry = createTestRegistry({ views: { jobs_total: { dropLabels: ['nothing'] } } });
  t.like(
    t.throws(() => registry.counter(jobs)),
    { code: 'ERR_METRICS_INVALID_VIEW' },
  );
});

test('after a recording, a view can change the name, but not labels or buckets', async (t) => {
  const registry = createTestRegistry();
  const at = { queue: 'mail', worker: 'a' };
  registry.counter(jobs).inc(at);
  registry.counter(jobs).with({ queue: 'sms', worker: 'a' });
  registry.histogram(seconds).observe(at, 1);
  for (const views of [{ jobs_total: dropWorker }, { job_seconds: { buckets: [7] } }]) {
    const error = t.throws(() => registry.setViews(views));
    t.like(error, { code: 'ERR_METRICS_INVALID_VIEW' });
    t.regex(error.message, /Give views before anything is recorded/);
  }
  registry.setViews({ jobs_total: { name: 'work_total' } });
  registry.counter(jobs).inc(at);
  t.true((await lines(registry)).includes('work_total{queue="mail",worker="a"} 2'));
});

test('a disabled metric stays disabled', (t) => {
  const registry = createTestRegistry({ views: { jobs_total: { enabled: false } } });
  registry.counter(jobs);
  t.regex(t.throws(() => registry.setViews({ jobs_total: {} })).message, /stays off/);
  t.notThrows(() => registry.setViews({ jobs_total: { enabled: false }, queue_depth: {} }));
});

test('the string facade uses the names and labels of the definitions', async (t) => {
  const registry = createTestRegistry({
    views: {
      jobs_by_type_total: { name: 'work_total', dropLabels: ['issue_type'] },
      gone_total: { enabled: false },
    },
  });
  const collector = new PrometheusMetricsCollector({ registry });
  collector.registerCounter('jobs_by_type_total', 'Jobs.', ['issue_type', 'queue']);
  collector.registerCounter('gone_total', 'Gone.', ['queue']);
  collector.incrementCounter('jobs_by_type_total', { issueType: 'bug', queue: 'mail' });
  collector.incrementCounter('gone_total', { queue: 'mail' });
  const own = (await lines(registry)).filter((line) => /work_total|gone_total|jobs_by_type/.test(line));
  t.deepEqual(own, ['work_total{queue="mail"} 1']);
  t.like(
    t.throws(() => collector.incrementCounter('work_total')),
    { code: 'ERR_METRICS_UNKNOWN_METRIC' },
  );
  t.like(
    t.throws(() => collector.registerCounter('gone_total', 'Again.')),
    {
      code: 'ERR_METRICS_ALREADY_REGISTERED',
    },
  );
});

test('decorators follow views, and do not call the sources of dropped labels', async (t) => {
  const registry = createTestRegistry({
    views: { jobs_total: dropWorker, queue_depth: { enabled: false }, job_seconds: { name: 'work_seconds' } },
  });
  let asked = 0;
  const sources = {
    queue: 'mail',
    worker: () => {
      asked += 1;
      return `worker-${asked}`;
    },
  };
  class Worker {
    @Counted(jobs, { registry, labels: sources })
    run(): string {
      return 'done';
    }
    @TracksGauge(depth, { registry, labels: sources, set: ({ result = '' }) => result.length })
    @Timed(seconds, { registry, labels: { queue: 'mail', worker: 'a' } })
    wait(): string {
      return 'done';
    }
  }
  const worker = new Worker();
  t.is(worker.run(), 'done');
  t.is(worker.run(), 'done');
  t.is(worker.wait(), 'done');
  t.is(asked, 0);
  const exposed = await lines(registry);
  t.true(exposed.includes('jobs_total{queue="mail"} 2'));
  t.true(exposed.includes('work_seconds_count{queue="mail",worker="a"} 1'));
  t.false(exposed.some((line) => line.startsWith('queue_depth')));
  t.deepEqual(
    getInstrumentation(Worker)
      .flatMap(({ metrics }) => metrics.map(({ definition }) => definition.name))
      .sort(),
    ['job_seconds', 'jobs_total', 'queue_depth'],
    'the listed metrics are those of the code',
  );
});
