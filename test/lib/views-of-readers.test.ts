/** Readers of a registry with views: exports and snapshots use exposed names, aggregation rules those of the definitions. */
import { join } from 'node:path';
import test from 'ava';
import promClient from 'prom-client';
import { MetricsAggregator } from '../../lib/aggregation.js';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { defineCounter } from '../../lib/define.js';
import { keepSnapshots, startPush } from '../../lib/export/index.js';
import { familyOf } from '../../lib/family.js';
import { label } from '../../lib/label.js';
import { WorkflowMetrics } from '../../lib/recorders/workflow.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { createTestRegistry, readText, readValue } from '../../lib/testing.js';
import type { MetricViews } from '../../lib/views.js';
import { startRecordingGateway } from '../helpers/recording-gateway.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const jobs = defineCounter({
  name: 'jobs_total',
  help: 'Jobs.',
  labels: { queue: label(), result: label('done', 'failed') },
});
const views: MetricViews = { jobs_total: { name: 'work_total', dropLabels: ['queue'] } };

test('snapshots write and restore values under the exposed names and labels', async (t) => {
  const file = join(await temporaryFolder(t), 'metrics');
  for (const before of [0, 2, 4]) {
    const registry = createTestRegistry({ views });
    const snapshots = await keepSnapshots({ file, registry, intervalSeconds: 3_600 });
    const counter = registry.counter(jobs);
    t.is(readValue(registry, jobs, { queue: 'any', result: 'done' }) ?? 0, before);
    counter.inc({ queue: 'mail', result: 'done' });
    counter.inc({ queue: 'print', result: 'done' });
    await snapshots.stop();
    t.deepEqual(registry.warnings, []);
  }
});

test('a push has the exposed names and labels', async (t) => {
  const gateway = await startRecordingGateway();
  const registry = createTestRegistry({ views });
  const push = startPush({ url: gateway.url, job: 'jobs', registry, pushOnBeforeExit: false });
  t.teardown(async () => {
    await push.stop();
    await gateway.close();
  });
  registry.counter(jobs).inc({ queue: 'mail', result: 'done' });
  t.true(await push.pushNow());
  t.regex(gateway.received.at(-1)?.text ?? '', /^work_total\{.*result="done".*\} 1$/m);
  t.notRegex(gateway.received.at(-1)?.text ?? '', /jobs_total|queue=/);
});

test('processes of a cluster report the exposed names and labels', (t) => {
  const registry = createTestRegistry({ views });
  registry.counter(jobs).inc({ queue: 'mail', result: 'failed' }, 3);
  t.like(familyOf(registry.counter(jobs)), {
    name: 'work_total',
    labels: ['result'],
    series: [{ values: ['failed'], numbers: [3] }],
  });
});

test('aggregation rules read metrics by the names of their definitions', async (t) => {
  const registry = createTestRegistry({
    views: {
      issues_processed_total: { name: 'tickets_total', dropLabels: ['platform'] },
      issue_completion_duration_seconds: { name: 'ticket_seconds' },
      issues_success_rate: { name: 'tickets_success_rate' },
    },
  });
  const aggregator = new MetricsAggregator({ registry });
  const workflow = new WorkflowMetrics({ registry });
  const context = {
    workflowId: '1',
    workflowType: 'issue',
    provider: 'claude',
    platform: 'github',
    issueType: 'bug',
  };
  workflow.recordIssueProcessed(context, 'success', 10);
  workflow.recordIssueProcessed({ ...context, platform: 'gitlab' }, 'failure', 20);
  const text = await readText(registry);
  t.regex(text, /^tickets_success_rate 0.5$/m);
  t.regex(text, /^issues_average_completion_duration_seconds 15$/m);
  t.deepEqual(
    aggregator.aggregate().map(({ name, value }) => [name, value]),
    [
      [catalogue.issuesSuccessRate.name, 0.5],
      ['issues_average_completion_duration_seconds', 15],
    ],
  );
});

test('series that are created at 0 before the first recording are merged, and exposed as 0', async (t) => {
  const registry = createTestRegistry({ views });
  for (const queue of ['mail', 'print'])
    for (const result of ['done', 'failed'] as const) registry.counter(jobs).with({ queue, result });
  t.deepEqual((await readText(registry)).match(/^work_total.*$/gm), [
    'work_total{result="done"} 0',
    'work_total{result="failed"} 0',
  ]);
});

test('a value outside a closed set is folded, and reported under the exposed name', async (t) => {
  const registry = createTestRegistry({ views });
  registry.counter(jobs).inc({ queue: 'mail', result: 'lost' as never });
  t.regex(await readText(registry), /^metrics_series_folded_total\{metric="work_total",label="result"\} 1$/m);
  t.regex(registry.warnings[0]?.message ?? '', /Label `result` of metric `work_total` is a closed set/);
});

test('a metric that is removed and used again keeps its view', async (t) => {
  const registry = createTestRegistry({ views });
  const counter = registry.counter(jobs);
  t.true(registry.remove('jobs_total'));
  t.is(await readText(registry), '');
  counter.inc({ queue: 'mail', result: 'done' });
  t.is(registry.counter(jobs), counter);
  t.regex(await readText(registry), /^work_total\{result="done"\} 1$/m);
});

test('metrics of prom-client have no views', async (t) => {
  const prometheus = new promClient.Registry();
  const registry = new MetricsRegistry({ prometheus, views: { other_total: { enabled: false } } });
  new promClient.Counter({ name: 'other_total', help: 'Other.', registers: [prometheus] }).inc();
  t.regex(await registry.metrics(), /^other_total 1$/m);
});
