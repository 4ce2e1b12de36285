// In a process of its own: it records in the shared registry.
import test from 'ava';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { type MetricsCollector, PrometheusMetricsCollector } from '../../lib/collector.js';
import { sharedRegistry } from '../../lib/registry.js';
import { createTestRegistry, readHistogram, readValue } from '../../lib/testing.js';
import { parseText } from '../helpers/parse-text.js';

function collector() {
  return new PrometheusMetricsCollector({ registry: createTestRegistry() });
}

test('metrics of the catalogue are registered when first recorded', async (t) => {
  const metrics = collector();
  t.notRegex(await metrics.getMetrics(), /issues_processed_total/);
  const expected = Object.values(catalogue).map(({ name, type }) => `# TYPE ${name} ${type}\n`);
  for (const { name, type } of Object.values(catalogue)) {
    if (type === 'counter') metrics.incrementCounter(name);
    else if (type === 'gauge') metrics.setGauge(name, 1);
    else metrics.observeHistogram(name, 1);
  }
  const text = await metrics.getMetrics();
  for (const line of expected) t.true(text.includes(line), line);
});

test('a metric of the catalogue is not registered by a recording of another type', (t) => {
  const metrics = collector();
  t.throws(() => metrics.setGauge('errors_total', 1), { code: 'ERR_METRICS_WRONG_TYPE' });
  t.is(metrics.registry.get('errors_total'), undefined);
});

test('reserveCatalogue: false allows registering names of the catalogue', async (t) => {
  const metrics = new PrometheusMetricsCollector({
    registry: createTestRegistry(),
    reserveCatalogue: false,
  });
  metrics.registerCounter('errors_total', 'Errors of the shop.', ['page']);
  metrics.incrementCounter('errors_total', { page: 'cart' });
  t.regex(await metrics.getMetrics(), /^errors_total\{page="cart"\} 1$/m);
  metrics.setGauge('queue_depth', 1);
  t.throws(() => metrics.registerGauge('queue_depth', 'Depth.'), {
    code: 'ERR_METRICS_ALREADY_REGISTERED',
  });
});

test('a collector uses the shared registry by default', (t) => {
  t.is(new PrometheusMetricsCollector().registry, sharedRegistry);
});

test('every method of MetricsCollector records by name', (t) => {
  const collected = collector();
  const metrics: MetricsCollector = collected;
  metrics.incrementCounter('prs_created_total', { platform: 'github', repository: 'acme/app' });
  metrics.incrementCounter('prs_created_total', { platform: 'github', repository: 'acme/app' }, 2);
  metrics.setGauge('queue_depth', 7, { queue_name: 'issues' });
  metrics.incrementGauge('queue_depth', { queue_name: 'issues' });
  metrics.incrementGauge('queue_depth', { queue_name: 'issues' }, 4);
  metrics.decrementGauge('queue_depth', { queue_name: 'issues' });
  metrics.decrementGauge('queue_depth', { queue_name: 'issues' }, 2);
  metrics.observeHistogram('workflow_step_duration_seconds', 3, {
    step_name: 'plan',
    workflow_type: 'issue',
  });
  const seconds = collected.startTimer('workflow_step_duration_seconds', {
    step_name: 'plan',
    workflow_type: 'issue',
  })();
  t.is(
    readValue(collected.registry, catalogue.prsCreated, { platform: 'github', repository: 'acme/app' }),
    3,
  );
  t.is(readValue(collected.registry, catalogue.queueDepth, { queue_name: 'issues' }), 9);
  const reading = readHistogram(collected.registry, catalogue.workflowStepDuration, {
    step_name: 'plan',
    workflow_type: 'issue',
  });
  t.is(reading?.count, 2);
  t.is(reading?.sum, 3 + seconds);
});

test('metrics registered by name are recorded and exposed', async (t) => {
  const metrics = collector();
  metrics.registerCounter('clicks_total', 'Clicks.', ['page']);
  metrics.registerGauge('temperature_celsius', 'Temperature.');
  metrics.registerHistogram('wait_seconds', 'Waiting.', ['queue'], [1, 10]);
  metrics.registerSummary('size_bytes', 'Sizes.', [], [0.5]);
  metrics.incrementCounter('clicks_total', { page: 'home' });
  metrics.setGauge('temperature_celsius', -3);
  metrics.observeHistogram('wait_seconds', 5, { queue: 'a' });
  metrics.observeSummary('size_bytes', 4);
  metrics.startTimer('size_bytes')();
  const samples = parseText(await metrics.getMetrics()).filter(({ name }) =>
    /^(clicks|temperature|wait|size)_/.test(name),
  );
  t.deepEqual(
    samples
      .filter(({ name }) => name !== 'size_bytes' && name !== 'size_bytes_sum')
      .map(({ name, labels, value }) => [name, { ...labels }, value]),
    [
      ['clicks_total', { page: 'home' }, 1],
      ['temperature_celsius', {}, -3],
      ['wait_seconds_bucket', { queue: 'a', le: '1' }, 0],
      ['wait_seconds_bucket', { queue: 'a', le: '10' }, 1],
      ['wait_seconds_bucket', { queue: 'a', le: '+Inf' }, 1],
      ['wait_seconds_sum', { queue: 'a' }, 5],
      ['wait_seconds_count', { queue: 'a' }, 1],
      ['size_bytes_count', {}, 2],
    ],
  );
});

test("MetricLabels' camelCase names reach the metric's labels; identifiers it does not declare are left out", (t) => {
  const metrics = collector();
  metrics.incrementCounter('issues_processed_total', {
    provider: 'claude',
    platform: 'github',
    issueType: 'bug',
    outcome: 'success',
    workflowId: 'w-1',
    stepId: 's-1',
    userId: 'u-1',
  });
  t.is(
    readValue(metrics.registry, catalogue.issuesProcessed, {
      provider: 'claude',
      platform: 'github',
      issue_type: 'bug',
      outcome: 'success',
    }),
    1,
  );
});

test('labels that are null, and label values that are null, are absent', async (t) => {
  const metrics = collector();
  metrics.incrementGauge('queue_depth', null as never);
  metrics.incrementGauge('queue_depth', { queue_name: null } as never);
  t.regex(await metrics.getMetrics(), /^queue_depth 2$/m);
});

test('an unknown name is an error that suggests the nearest registered one', (t) => {
  const metrics = collector();
  t.throws(() => metrics.incrementCounter('issue_processed_total'), {
    code: 'ERR_METRICS_UNKNOWN_METRIC',
    message:
      'Unknown metric `issue_processed_total`: expected a registered name, nearest is `issues_processed_total`, received "issue_processed_total". Register it first.',
  });
  t.throws(() => metrics.setGauge('zzzzzzzzzzzzzzzzzzzzzzzz', 1), {
    code: 'ERR_METRICS_UNKNOWN_METRIC',
    message: /^(?!.*nearest)/,
  });
});

test('recording on a metric of another type is an error', (t) => {
  const metrics = collector();
  const wrong: readonly [() => void, RegExp][] = [
    [
      () => metrics.setGauge('issues_processed_total', 1),
      /`issues_processed_total`: expected a gauge, received a counter/,
    ],
    [() => metrics.incrementCounter('queue_depth'), /expected a counter, received a gauge/],
    [() => metrics.observeHistogram('queue_depth', 1), /expected a histogram, received a gauge/],
    [() => metrics.observeSummary('pr_lifetime_hours', 1), /expected a summary, received a histogram/],
    [() => metrics.startTimer('queue_depth'), /expected a histogram or summary, received a gauge/],
  ];
  for (const [use, message] of wrong) t.throws(use, { code: 'ERR_METRICS_WRONG_TYPE', message });
});

test('registering a name twice is an error, also one of the catalogue', (t) => {
  const metrics = collector();
  metrics.registerCounter('clicks_total', 'Clicks.');
  t.throws(() => metrics.registerCounter('clicks_total', 'Clicks.'), {
    code: 'ERR_METRICS_ALREADY_REGISTERED',
    message: /`clicks_total` is registered already/,
  });
  t.throws(() => metrics.registerGauge('queue_depth', 'Depth.'), { code: 'ERR_METRICS_ALREADY_REGISTERED' });
  t.throws(() => metrics.registerHistogram('queue_depth', 'Depth.'), {
    code: 'ERR_METRICS_ALREADY_REGISTERED',
  });
  t.throws(() => metrics.registerSummary('queue_depth', 'Depth.'), {
    code: 'ERR_METRICS_ALREADY_REGISTERED',
  });
});

test('an unknown label, an invalid value and an invalid definition throw the errors of the registry', (t) => {
  const metrics = collector();
  t.throws(() => metrics.incrementCounter('prs_merged_total', { platfrom: 'github' }), {
    code: 'ERR_METRICS_UNKNOWN_LABEL',
  });
  t.throws(() => metrics.incrementCounter('prs_merged_total', { platform: 'github' }, -1), {
    code: 'ERR_METRICS_NEGATIVE_INCREMENT',
  });
  t.throws(() => metrics.setGauge('queue_depth', Number.NaN), { code: 'ERR_METRICS_INVALID_VALUE' });
  for (const queue_name of [Symbol('issues'), { id: 1 }, Object.create(null)]) {
    t.throws(() => metrics.setGauge('queue_depth', 1, { queue_name } as never), {
      code: 'ERR_METRICS_INVALID_LABEL_VALUE',
    });
  }
  t.throws(() => metrics.registerCounter('no spaces', 'Bad.'), { code: 'ERR_METRICS_INVALID_NAME' });
  t.throws(() => metrics.registerHistogram('x_seconds', 'X.', ['le']), {
    code: 'ERR_METRICS_RESERVED_LABEL',
  });
});

test.serial('an identifier as a label of a registered metric is a lint finding', async (t) => {
  const warned = new Promise<Error & { code?: string }>((resolve) => process.once('warning', resolve));
  collector().registerCounter('visits_total', 'Visits.', ['user_id']);
  const { code, message } = await warned;
  t.is(code, 'METRICS_LINT_IDENTIFIER_LABEL');
  t.regex(message, /`visits_total`: the label `user_id` looks like an identifier/);
});
