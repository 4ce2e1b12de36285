// In a process of its own: it needs an empty shared registry.
/** Instruments that are removed from a registry, by us or by prom-client, while the program still has references to them. */
import * as prometheusIo from '@prometheus-io/client';
import test from 'ava';
import { Counter as PromCounter, Registry, register } from 'prom-client';
import { Counted } from '../../decorators/counted.js';
import { Timed } from '../../decorators/timed.js';
import { metricsRecordingErrors } from '../../lib/catalogue/self.js';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../lib/define.js';
import { selfMetricsOf } from '../../lib/exposition/self-metrics.js';
import { label } from '../../lib/label.js';
import type { MetricsWarning } from '../../lib/metrics-warning.js';
import { resetCountdown } from '../../lib/outbound/rate-limits.js';
import { MetricsRegistry, sharedRegistry } from '../../lib/registry.js';
import { createTestRegistry, readText, readValue } from '../../lib/testing.js';
import { freezeDate } from '../helpers/freeze-date.js';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: { queue: label() } });
const starts = defineCounter({ name: 'starts_total', help: 'Starts.' });
const edited = defineCounter({
  name: 'jobs_total',
  help: 'Jobs.',
  labels: { queue: label(), outcome: label() },
});
const depth = defineGauge({ name: 'depth', help: 'Depth.', labels: { queue: label() } });
const seconds = defineHistogram({
  name: 'wait_seconds',
  help: 'Waits.',
  labels: { queue: label() },
  buckets: [1],
});
const sizes = defineSummary({ name: 'size_bytes', help: 'Sizes.', labels: { queue: label() } });

const samples = async (registry: MetricsRegistry): Promise<string[]> =>
  (await readText(registry)).split('\n').filter((line) => line !== '' && !line.startsWith('#'));

const ways: readonly (readonly [string, (registry: MetricsRegistry, name: string) => void])[] = [
  ['clear of prom-client', ({ prometheus }) => prometheus.clear()],
  ['removeSingleMetric of prom-client', ({ prometheus }, name) => prometheus.removeSingleMetric(name)],
  ['clear', (registry) => registry.clear()],
  ['remove', (registry, name) => registry.remove(name)],
];

for (const [way, remove] of ways) {
  test(`${way}: a counter is removed, and restarts from 0 with the next recording`, async (t) => {
    const registry = createTestRegistry();
    const counter = registry.counter(jobs);
    counter.inc({ queue: 'mail' }, 5);
    remove(registry, 'jobs_total');
    t.is(registry.get('jobs_total'), undefined);
    t.deepEqual(await samples(registry), []);
    counter.inc({ queue: 'mail' });
    t.deepEqual(await samples(registry), ['jobs_total{queue="mail"} 1'], 'once, not twice');
    t.is(registry.counter(jobs), counter);
  });

  test(`${way}: a bound series and a metric without labels are exposed again by the next recording`, async (t) => {
    const registry = createTestRegistry();
    const [bound, bare] = [registry.counter(jobs).with({ queue: 'mail' }), registry.counter(starts)];
    bound.inc(5);
    bare.inc(5);
    for (const name of ['jobs_total', 'starts_total']) remove(registry, name);
    bare.inc(2);
    bound.inc();
    t.deepEqual(await samples(registry), ['starts_total 2', 'jobs_total{queue="mail"} 1']);
  });

  test(`${way}: a changed definition can use the name`, async (t) => {
    const registry = createTestRegistry();
    registry.counter(jobs).inc({ queue: 'mail' });
    t.throws(() => registry.counter(edited), { code: 'ERR_METRICS_DEFINITION_CONFLICT' });
    remove(registry, 'jobs_total');
    registry.counter(edited).inc({ queue: 'mail', outcome: 'ok' });
    t.deepEqual(await samples(registry), ['jobs_total{queue="mail",outcome="ok"} 1']);
  });
}

test('each type of bound series restarts from 0 after a clear', async (t) => {
  const registry = createTestRegistry();
  const gauge = registry.gauge(depth).with({ queue: 'a' });
  const histogram = registry.histogram(seconds).with({ queue: 'a' });
  const summary = registry.summary(sizes).with({ queue: 'a' });
  for (let time = 1; time <= 2; time++) {
    gauge.inc(time);
    histogram.observe(0.5, time);
    summary.observe(time);
    if (time === 1) registry.clear();
  }
  t.deepEqual(await samples(registry), [
    'depth{queue="a"} 2',
    'wait_seconds_bucket{queue="a",le="1"} 2',
    'wait_seconds_bucket{queue="a",le="+Inf"} 2',
    'wait_seconds_sum{queue="a"} 1',
    'wait_seconds_count{queue="a"} 2',
    'size_bytes_sum{queue="a"} 2',
    'size_bytes_count{queue="a"} 1',
  ]);
});

test('a cleared metric without labels starts at 0 when requested again', async (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(starts);
  counter.inc(5);
  registry.clear();
  t.is(registry.counter(starts), counter);
  t.deepEqual(await samples(registry), ['starts_total 0']);
});

test('reset, remove and removeWhere of a cleared instrument do not register it again', async (t) => {
  const registry = createTestRegistry();
  const [counter, labelled] = [registry.counter(starts), registry.counter(jobs)];
  registry.clear();
  counter.reset();
  counter.remove();
  labelled.reset();
  labelled.removeWhere({ queue: 'mail' });
  registry.reset();
  t.deepEqual(await samples(registry), []);
});

test('an instrument whose name is in use by another is not exposed, and reported once', async (t) => {
  const warnings: MetricsWarning[] = [];
  const registry = new MetricsRegistry({ onWarning: (warning) => warnings.push(warning) });
  const old = registry.counter(jobs);
  registry.clear();
  registry.counter(edited).inc({ queue: 'mail', outcome: 'ok' });
  t.notThrows(() => old.inc({ queue: 'mail' }));
  t.notThrows(() => old.inc({ queue: 'sms' }));
  t.deepEqual(
    (await samples(registry)).filter((line) => line.startsWith('jobs_total')),
    ['jobs_total{queue="mail",outcome="ok"} 1'],
  );
  t.is(readValue(registry, metricsRecordingErrors, { metric: 'jobs_total', reason: 'removed' }), 1);
  t.deepEqual(
    warnings.map(({ code }) => code),
    ['METRICS_RECORDING_FAILED'],
  );
  t.regex(warnings[0]?.message ?? '', /`jobs_total` failed \(removed\): Conflicting definitions/);
});

test('an instrument is registered again once its name is free', async (t) => {
  const registry = new MetricsRegistry({ onWarning: () => {} });
  const counter = registry.counter(jobs);
  registry.clear();
  new PromCounter({ name: 'jobs_total', help: 'Theirs.', registers: [registry.prometheus] });
  counter.inc({ queue: 'mail' }, 5);
  registry.clear();
  counter.inc({ queue: 'mail' });
  t.deepEqual(await samples(registry), ['jobs_total{queue="mail"} 1']);
});

test('metrics_series is exposed again by the first scrape after a clear', async (t) => {
  const registry = createTestRegistry();
  const self = selfMetricsOf(registry);
  registry.prometheus.clear();
  registry.counter(jobs).inc({ queue: 'mail' });
  self.started();
  t.true((await samples(registry)).includes('metrics_series{metric="jobs_total"} 1'));
});

test.serial('a rate limit counts down again after a clear', async (t) => {
  const pass = freezeDate(t);
  const registry = createTestRegistry();
  const resetAt = resetCountdown(registry, depth);
  resetAt({ queue: 'mail' }, Date.now() + 60_000);
  registry.clear();
  resetAt({ queue: 'mail' }, Date.now() + 60_000);
  pass(20_000);
  t.deepEqual(await samples(registry), ['depth{queue="mail"} 40']);
});

test('the sample names of a removed histogram are free as well', (t) => {
  const registry = createTestRegistry();
  registry.histogram(seconds);
  registry.remove('wait_seconds');
  t.notThrows(() =>
    registry.counter(
      defineCounter({
        name: 'wait_seconds_count',
        help: 'C.',
        lint: { allow: ['reserved-suffix', 'counter-total'], why: 'tested' },
      }),
    ),
  );
});

test('a clear removes collect functions, so those of one test do not run in the next', async (t) => {
  const registry = createTestRegistry();
  const ran: string[] = [];
  registry.gauge(depth, { collect: () => void ran.push('first') });
  registry.clear();
  registry.gauge(depth, { collect: () => void ran.push('second') });
  await readText(registry);
  t.deepEqual(ran, ['second']);
});

test.serial('series of a gauge still expire after a clear', async (t) => {
  const pass = freezeDate(t);
  const registry = createTestRegistry();
  const expiring = defineGauge({
    name: 'depth',
    help: 'Depth.',
    labels: { queue: label() },
    expireAfterSeconds: 60,
  });
  const gauge = registry.gauge(expiring);
  registry.clear();
  gauge.set({ queue: 'mail' }, 1);
  pass(61_000);
  t.deepEqual(await samples(registry), []);
});

test('buckets that are set between a clear and the next recording apply', (t) => {
  const registry = createTestRegistry();
  const bound = registry.histogram(seconds).with({ queue: 'mail' });
  bound.observe(3);
  registry.clear();
  registry.setBuckets(new Map([['wait_seconds', [2, 4]]]));
  bound.observe(3);
  t.deepEqual(bound.cumulativeCounts(), [0, 1, 1]);
});

test('decorated methods are counted from 0 after a clear, with one series each', async (t) => {
  const registry = createTestRegistry();
  class Repository {
    @Counted({ registry })
    @Timed(seconds, { labels: { queue: 'mail' }, registry })
    find(): void {}
  }
  const repository = new Repository();
  for (let time = 1; time <= 2; time++) {
    repository.find();
    const found = await samples(registry);
    t.deepEqual(
      found.filter((line) => line.startsWith('method_calls_total')),
      ['method_calls_total{class="Repository",method="find",outcome="success"} 1'],
    );
    t.true(found.includes('wait_seconds_count{queue="mail"} 1'));
    registry.prometheus.clear();
  }
});

test("the shared registry follows prom-client's default registry, and changes it only when something is recorded", async (t) => {
  t.false(Object.hasOwn(register, 'clear'));
  const counter = sharedRegistry.counter(jobs);
  counter.inc({ queue: 'mail' }, 4);
  register.clear();
  t.is(await register.metrics(), '\n');
  counter.inc({ queue: 'mail' });
  t.regex(await register.metrics(), /^jobs_total\{queue="mail"\} 1$/m);
});

test("other libraries' metrics are removed and cleared too", async (t) => {
  const registry = createTestRegistry();
  const registers = [registry.prometheus];
  new PromCounter({ name: 'theirs_total', help: 'Theirs.', registers });
  t.true(registry.remove('theirs_total'));
  t.false(registry.remove('theirs_total'));
  new PromCounter({ name: 'theirs_total', help: 'Theirs.', registers });
  registry.clear();
  t.deepEqual(await samples(registry), []);
  t.notThrows(() => registry.counter(defineCounter({ name: 'theirs_total', help: 'Ours.' })));
});

test('a frozen registry, or one without `clear`, is cleared by name, which the next request detects', async (t) => {
  const inner = new Registry();
  const bare = Object.freeze({
    registerMetric: (metric: never) => inner.registerMetric(metric),
    removeSingleMetric: (name: string) => inner.removeSingleMetric(name),
    getSingleMetric: (name: string) => inner.getSingleMetric(name),
    getMetricsAsArray: () => inner.getMetricsAsArray(),
  });
  const registry = new MetricsRegistry({ prometheus: bare });
  registry.counter(jobs).inc({ queue: 'mail' });
  registry.clear();
  t.deepEqual(registry.instruments(), []);
  registry.counter(jobs).inc({ queue: 'mail' });
  inner.clear();
  registry.counter(edited).inc({ queue: 'mail', outcome: 'ok' });
  t.regex(await registry.metrics(), /^jobs_total\{queue="mail",outcome="ok"\} 1$/m);
});

test('@prometheus-io/client: clear and removeSingleMetric remove our instruments', async (t) => {
  const registry = new MetricsRegistry({ prometheus: new prometheusIo.Registry() as never as Registry });
  const counter = registry.counter(jobs);
  for (const remove of ['clear', 'removeSingleMetric'] as const) {
    counter.inc({ queue: 'mail' }, 5);
    registry.prometheus[remove]('jobs_total');
    counter.inc({ queue: 'mail' });
    t.deepEqual(await samples(registry), ['jobs_total{queue="mail"} 1']);
  }
});

test('`metrics` returns text, or OpenMetrics by its option or the content type', async (t) => {
  const registry = createTestRegistry();
  registry.counter(jobs).inc({ queue: 'mail' });
  new PromCounter({ name: 'theirs_total', help: 'Theirs.', registers: [registry.prometheus] });
  t.is(registry.contentType, 'text/plain; version=0.0.4; charset=utf-8');
  const text = await registry.metrics();
  t.is(text, await readText(registry));
  t.regex(text, /^theirs_total 0$/m);
  const openMetrics = await registry.metrics({ format: 'openmetrics' });
  t.regex(openMetrics, /^# TYPE jobs counter\n[\s\S]*\n# EOF\n$/);
  registry.prometheus.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
  t.is(registry.contentType, 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  t.regex(await registry.metrics(), /^# EOF$/m);
  t.is(await registry.metrics({ format: 'text' }), text);
  await t.throwsAsync(() => registry.metrics({ format: 'json' as never }), {
    code: 'ERR_METRICS_INVALID_OPTION',
    message: /`format` of `metrics`: expected text or openmetrics, received "json"/,
  });
});
