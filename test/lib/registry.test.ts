import test from 'ava';
import { Counter as PromCounter, register } from 'prom-client';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import type { MetricsWarning } from '../../lib/metrics-warning.js';
import { MetricsRegistry, sharedRegistry } from '../../lib/registry.js';
import { createTestRegistry, readSamples, readText, readValue } from '../../lib/testing.js';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: { queue: label() } });

test('the same definition, or an equal one, returns the same instrument', (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(jobs);
  t.is(registry.counter(jobs), counter);
  t.is(
    registry.counter(defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: { queue: label() } })),
    counter,
  );
  t.is(registry.get('jobs_total'), counter as never);
  t.is(registry.get('nothing'), undefined);
  t.deepEqual(registry.instruments(), [counter as never]);
});

for (const [what, other] of [
  [
    'another type',
    defineGauge({
      name: 'jobs_total',
      help: 'Jobs.',
      labels: { queue: label() },
      lint: { allow: ['total-counter'], why: 'tested' },
    }),
  ],
  ['other labels', defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: { worker: label() } })],
  [
    'another closed set',
    defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: { queue: label('a', 'b') } }),
  ],
  ['another help', defineCounter({ name: 'jobs_total', help: 'Other jobs.', labels: { queue: label() } })],
] as const) {
  test(`a definition with ${what} under a used name is an error that names both shapes`, (t) => {
    const registry = createTestRegistry();
    registry.counter(jobs).inc({ queue: 'mail' });
    const error = t.throws(() => registry.instrument(other), { code: 'ERR_METRICS_DEFINITION_CONFLICT' });
    t.regex(
      error?.message ?? '',
      /^Conflicting definitions of `jobs_total`: expected counter `jobs_total` \{queue\}, help "Jobs\."/,
    );
    t.true(error?.message.includes(`received ${other.type} \`jobs_total\``));
    t.is(readValue(registry, jobs, { queue: 'mail' }), 1, 'the first instrument still works');
  });
}

test('names that collide in the exposition are a conflict', (t) => {
  const registry = createTestRegistry();
  const exempt = { allow: ['reserved-suffix', 'counter-total'], why: 'tested' } as const;
  registry.histogram(defineHistogram({ name: 'wait_seconds', help: 'Waiting.' }));
  for (const suffix of ['bucket', 'sum', 'count']) {
    t.throws(
      () => registry.counter(defineCounter({ name: `wait_seconds_${suffix}`, help: 'C.', lint: exempt })),
      { code: 'ERR_METRICS_DEFINITION_CONFLICT' },
    );
  }
  registry.counter(defineCounter({ name: 'size_bytes_sum', help: 'C.', lint: exempt }));
  t.throws(() => registry.summary(defineSummary({ name: 'size_bytes', help: 'Sizes.' })), {
    code: 'ERR_METRICS_DEFINITION_CONFLICT',
  });
});

test('a name that a third-party metric uses is a conflict', (t) => {
  const registry = createTestRegistry();
  new PromCounter({ name: 'jobs_total', help: 'Theirs.', registers: [registry.prometheus] });
  t.throws(() => registry.counter(jobs), {
    code: 'ERR_METRICS_DEFINITION_CONFLICT',
    message: /expected a metric of another library under `jobs_total` in the same registry/,
  });
});

test('two registries share no state', (t) => {
  const [one, two] = [createTestRegistry(), createTestRegistry()];
  one.counter(jobs).inc({ queue: 'mail' });
  t.is(readValue(two, jobs, { queue: 'mail' }), undefined);
  t.not(one.counter(jobs), two.counter(jobs));
});

test("the shared registry holds its instruments in prom-client's default registry", (t) => {
  t.is(sharedRegistry.prometheus, register);
});

test('reset resets our instruments, not third-party metrics', async (t) => {
  const registry = createTestRegistry();
  const thirdParty = new PromCounter({
    name: 'theirs_total',
    help: 'Theirs.',
    registers: [registry.prometheus],
  });
  thirdParty.inc(3);
  registry.counter(jobs).inc({ queue: 'mail' });
  const depth = defineGauge({ name: 'depth', help: 'Depth.' });
  registry.gauge(depth).set(4);
  registry.reset();
  t.deepEqual(await readSamples(registry, jobs), []);
  t.is(readValue(registry, depth), 0);
  t.regex(await readText(registry), /theirs_total 3/);
});

test('invalid options are errors', (t) => {
  for (const maxSeries of [0, -1, 1.5, Number.NaN]) {
    t.throws(() => new MetricsRegistry({ maxSeries }), {
      code: 'ERR_METRICS_INVALID_OPTION',
      message: /`maxSeries` of a registry: expected a positive integer/,
    });
  }
  t.throws(() => new MetricsRegistry({ prometheus: {} as never }), {
    code: 'ERR_METRICS_INVALID_OPTION',
    message: /`prometheus` of a registry/,
  });
});

test.serial('without a listener, a warning is a Node.js warning with a code', async (t) => {
  const registry = new MetricsRegistry({ maxSeries: 1 });
  const warned = new Promise<Error & { code?: string }>((resolve) => process.once('warning', resolve));
  for (const queue of ['a', 'b', 'c']) registry.counter(jobs).inc({ queue });
  const warning = await warned;
  t.is(warning.name, 'MetricsWarning');
  t.is(warning.code, 'METRICS_SERIES_FOLDED');
});

test('a warning is emitted once per key, and a throwing listener is contained', (t) => {
  const warnings: string[] = [];
  const registry = new MetricsRegistry({
    onWarning: ({ message }) => {
      warnings.push(message);
      throw new Error('the listener fails');
    },
  });
  for (const message of ['first', 'second'])
    registry.warnOnce('push gateway', () => ({ code: 'METRICS_PUSH_FAILED', message }));
  registry.warnOnce('push another', () => ({ code: 'METRICS_PUSH_FAILED', message: 'another' }));
  t.deepEqual(warnings, ['first', 'another']);
});

test('failed recordings are all counted, and reported once', (t) => {
  const warnings: MetricsWarning[] = [];
  const registry = new MetricsRegistry({ onWarning: (warning) => warnings.push(warning) });
  const cause = new Error('no disk');
  for (let time = 0; time < 3; time++) registry.recordingFailed('jobs_total', 'value', cause);
  t.regex(registry.get('metrics_recording_errors_total')?.name ?? '', /metrics_recording_errors_total/);
  t.is(warnings.length, 1);
  t.is(warnings[0]?.cause, cause);
  t.regex(
    warnings[0]?.message ?? '',
    /`jobs_total` failed \(value\): no disk\. The call itself was not affected/,
  );
});
