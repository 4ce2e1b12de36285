/** `createMetrics` in any service: catalogue metrics are registered when they are used or requested. */
import test from 'ava';
import prometheus from 'prom-client';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { loadMetricsConfig } from '../../lib/config.js';
import {
  type CreateMetricsOptions,
  createMetrics,
  defineCounter,
  defineGauge,
  label,
} from '../../lib/index.js';
import { createTestRegistry, readText, readValue, type TestRegistry } from '../../lib/testing.js';

const local = { METRICS_ENDPOINT: '127.0.0.1', METRICS_PORT: '0' };

/** A running service with its own registry. */
async function started(
  t: { teardown(end: () => Promise<void>): void },
  registry: TestRegistry,
  options: CreateMetricsOptions = {},
) {
  const metrics = createMetrics(loadMetricsConfig(local), {
    registry,
    drainSeconds: 0,
    signals: false,
    ...options,
  });
  t.teardown(() => metrics.stop());
  await metrics.start();
  return metrics;
}

/** Names of the exposed metrics, of this package and of other libraries. */
async function exposed(registry: TestRegistry): Promise<string[]> {
  return [...(await readText(registry)).matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
}

/** Metrics about the service itself: its build, its requests and its metrics. */
const general = /^(build_info|http_server_|health_check_|metrics_|process_|nodejs_)/;

const errorsOfTheShop = defineCounter({
  name: 'errors_total',
  help: 'Errors of the shop.',
  labels: { page: label() },
});
const queueOfTheShop = defineGauge({ name: 'queue_depth', help: 'Orders that wait.' });

test.serial('a service without workflows exposes no metrics of the platform', async (t) => {
  const registry = createTestRegistry();
  const metrics = await started(t, registry);
  metrics.requestMetrics();
  const text = await (await fetch(`${metrics.url}/metrics`)).text();
  const names = [...text.matchAll(/^# (?:HELP|TYPE) (\S+)/gm)].map(([, name = '']) => name);
  t.true(names.includes('build_info') && names.includes('http_server_request_duration_seconds'));
  t.deepEqual(
    names.filter((name) => !general.test(name)),
    [],
  );
});

test.serial('a service may define metrics with unused names of the catalogue', async (t) => {
  const registry = createTestRegistry();
  const metrics = await started(t, registry);
  registry.counter(errorsOfTheShop).inc({ page: 'cart' });
  registry.gauge(queueOfTheShop).set(3);
  new prometheus.Counter({
    name: 'ai_requests_total',
    help: 'Of another library.',
    registers: [registry.prometheus],
  }).inc();
  metrics.collector.registerCounter('escalations_total', 'Calls that went to a supervisor.');
  metrics.collector.incrementCounter('escalations_total');
  const text = await readText(registry);
  for (const line of [
    'errors_total{page="cart"} 1',
    'queue_depth 3',
    'ai_requests_total 1',
    'escalations_total 1',
  ])
    t.true(text.split('\n').includes(line), line);
});

test.serial('a recorder whose metric name is in use counts the failure and does not throw', async (t) => {
  const registry = createTestRegistry();
  const metrics = await started(t, registry);
  registry.counter(errorsOfTheShop).inc({ page: 'cart' });
  const context = { workflowId: 'a', workflowType: 'issue' };
  metrics.workflow.recordWorkflowStart(context);
  metrics.workflow.recordWorkflowError(context, new Error('no'));
  t.is(readValue(registry, errorsOfTheShop, { page: 'cart' }), 1);
  t.is(
    readValue(registry, catalogue.metricsRecordingErrors, { metric: 'errors_total', reason: 'conflict' }),
    1,
  );
  t.is(
    readValue(registry, catalogue.workflowsCompleted, {
      workflow_type: 'issue',
      outcome: 'failure',
    } as never),
    1,
  );
});

test.serial(
  'a recorder registers only the metrics that it records and the gauges derived from them',
  async (t) => {
    const registry = createTestRegistry();
    const metrics = await started(t, registry);
    const before = new Set(await exposed(registry));
    metrics.workflow.recordIssueProcessed({ workflowId: 'a', workflowType: 'issue' }, 'success', 3);
    metrics.collector.setGauge('pending_approvals', 1, { type: 'merge' });
    t.deepEqual((await exposed(registry)).filter((name) => !before.has(name)).sort(), [
      'issue_completion_duration_seconds',
      'issues_average_completion_duration_seconds',
      'issues_processed_total',
      'issues_success_rate',
      'pending_approvals',
    ]);
    t.regex(await readText(registry), /^issues_success_rate 1$/m);
  },
);

test.serial('no gauge is derived from a user metric with a catalogue name', async (t) => {
  const registry = createTestRegistry();
  await started(t, registry);
  registry.counter(defineCounter({ name: 'issues_processed_total', help: 'Of the help desk.' })).inc();
  t.false((await exposed(registry)).includes('issues_success_rate'));
});

test.serial('`catalogue: true` exposes every metric from the start, a list only its parts', async (t) => {
  const all = createTestRegistry();
  await started(t, all, { catalogue: true });
  const names = await exposed(all);
  for (const { name } of Object.values(catalogue)) t.true(names.includes(name), name);

  const some = createTestRegistry();
  await started(t, some, { catalogue: ['provider'] });
  const ofSome = await exposed(some);
  t.true(ofSome.includes('ai_requests_total'));
  t.false(ofSome.includes('issues_processed_total'));
});

test('`catalogue: true` throws if a name is in use', (t) => {
  const registry = createTestRegistry();
  registry.gauge(queueOfTheShop);
  t.throws(() => createMetrics({}, { registry, catalogue: true }), {
    code: 'ERR_METRICS_DEFINITION_CONFLICT',
    message: /queue_depth/,
  });
});

test('an unknown part of the catalogue is an error that suggests the nearest one', (t) => {
  for (const [wrong, message] of [
    [
      ['workflows'],
      /`catalogue` of createMetrics: expected true or a list of workflow, .* received "workflows"\. Did you mean `workflow`\?/,
    ],
    ['workflow', /expected true or a list .* received "workflow"/],
    [false, /expected true or a list/],
  ] as const)
    t.throws(() => createMetrics({}, { registry: createTestRegistry(), catalogue: wrong as never }), {
      code: 'ERR_METRICS_INVALID_OPTION',
      message,
    });
});
