// In a process of its own: it records in the shared registry.
/** `MetricsAggregator`: rules as plain objects, applied to given samples or to a registry. */
import {
  type AggregatedMetrics,
  type AggregationRule,
  type MetricData,
  MetricsAggregator,
  PrometheusMetricsCollector,
  WorkflowMetrics,
} from '@tamma/observability';
import { createTestRegistry } from '@tamma/observability/testing';
import test from 'ava';
import { context } from './platform-types.js';

const timestamp = new Date('2024-05-01T00:00:00Z');

function sample(name: string, value: number, labels: Record<string, string> = {}): MetricData {
  return { name, value, labels, timestamp };
}

const openWork: AggregationRule = {
  name: 'open_work',
  matches: (metric) => metric.name === 'queue_depth' && metric.labels.queue_name !== 'archive',
  aggregate: (metrics) => metrics.reduce((sum, metric) => sum + metric.value, 0),
  outputName: 'work_open',
  outputLabels: { team: 'agents' },
};

/** Values by name. */
function values(aggregated: readonly AggregatedMetrics[]): Record<string, number> {
  return Object.fromEntries(aggregated.map(({ name, value }) => [name, value]));
}

test('addRule accepts a rule of five fields, and aggregate(metrics) applies it after the default rules', (t) => {
  const aggregator = new MetricsAggregator({ registry: createTestRegistry() });
  aggregator.addRule(openWork);
  const before = Date.now();
  const aggregated: AggregatedMetrics[] = aggregator.aggregate([
    sample('queue_depth', 3, { queue_name: 'issues' }),
    sample('queue_depth', 4, { queue_name: 'reviews' }),
    sample('queue_depth', 100, { queue_name: 'archive' }),
  ]);
  const open = aggregated.find(({ name }) => name === 'work_open');
  t.like(open, { name: 'work_open', value: 7, labels: { team: 'agents' } });
  t.true(open !== undefined && open.timestamp.getTime() >= before);
  t.deepEqual(Object.keys(values(aggregated)).sort(), [
    'issues_average_completion_duration_seconds',
    'issues_success_rate',
    'work_open',
  ]);
});

test('a rule reads the name, value, labels and timestamp of each sample', (t) => {
  const seen: MetricData[] = [];
  const aggregator = new MetricsAggregator({ registry: createTestRegistry(), rules: [] });
  aggregator.addRule({
    ...openWork,
    matches: (metric) => {
      seen.push(metric);
      return true;
    },
  });
  const { name, value, labels } = sample('builds_total', 2, { branch: 'main' });
  aggregator.aggregate([{ name, value, labels, timestamp }]);
  t.deepEqual(seen, [{ name, value, labels, timestamp }]);
});

test('success_rate is the share of processed issues that succeeded, or 0 without issues', (t) => {
  const aggregator = new MetricsAggregator({ registry: createTestRegistry() });
  const { issues_success_rate } = values(
    aggregator.aggregate([
      sample('issues_processed_total', 6, { outcome: 'success' }),
      sample('issues_processed_total', 1, { outcome: 'failure' }),
      sample('issues_processed_total', 1, { outcome: 'escalation' }),
    ]),
  );
  t.is(issues_success_rate, 0.75);
  t.is(values(aggregator.aggregate([])).issues_success_rate, 0);
});

test('average_duration is the mean of the durations, or 0 without durations', (t) => {
  const aggregator = new MetricsAggregator({ registry: createTestRegistry() });
  const { issues_average_completion_duration_seconds } = values(
    aggregator.aggregate([
      sample('issue_completion_duration_seconds', 10),
      sample('issue_completion_duration_seconds', 30),
    ]),
  );
  t.is(issues_average_completion_duration_seconds, 20);
  t.is(values(aggregator.aggregate([])).issues_average_completion_duration_seconds, 0);
});

test('aggregate() without metrics reads the registry', (t) => {
  const registry = createTestRegistry();
  const collector = new PrometheusMetricsCollector({ registry });
  const workflow = new WorkflowMetrics(collector);
  const aggregator = new MetricsAggregator({ registry });
  aggregator.addRule(openWork);
  collector.setGauge('queue_depth', 5, { queue_name: 'issues' });
  workflow.recordIssueProcessed(context, 'success', 10);
  workflow.recordIssueProcessed(context, 'success', 20);
  workflow.recordIssueProcessed(context, 'failure', 60);
  t.deepEqual(values(aggregator.aggregate()), {
    issues_success_rate: 2 / 3,
    issues_average_completion_duration_seconds: 30,
    work_open: 5,
  });
});

test('an aggregator needs no arguments', (t) => {
  t.deepEqual(values(new MetricsAggregator().aggregate([])), {
    issues_success_rate: 0,
    issues_average_completion_duration_seconds: 0,
  });
});
