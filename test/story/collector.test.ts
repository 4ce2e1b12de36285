// In a process of its own: it records in the shared registry.
/** `PrometheusMetricsCollector`: registration and recording by name. */
import { PrometheusMetricsCollector } from '@tamma/observability';
import { createTestRegistry } from '@tamma/observability/testing';
import test from 'ava';
import { stopTimers } from '../helpers/manual-stopwatch.js';
import { scrapedLines } from './scraped-lines.js';

const newCollector = () => new PrometheusMetricsCollector({ registry: createTestRegistry() });

test('a collector needs no arguments, and a second one has the same metrics', async (t) => {
  const metrics = new PrometheusMetricsCollector();
  metrics.incrementCounter('prs_merged_total', { platform: 'github', repository: 'acme/app' });
  t.deepEqual(await scrapedLines(new PrometheusMetricsCollector(), 'prs_merged_total'), [
    'prs_merged_total{platform="github",repository="acme/app"} 1',
  ]);
});

/** Name, and the labels under which the story records it. */
const counters = [
  ['issues_processed_total', { provider: 'claude', platform: 'github', outcome: 'success' }],
  ['prs_created_total', { platform: 'github', repository: 'acme/app' }],
  ['prs_merged_total', { platform: 'github', repository: 'acme/app' }],
  ['escalations_total', { reason: 'stuck', severity: 'low', workflow_type: 'issue' }],
  ['errors_total', { error_type: 'TypeError', severity: 'high', component: 'workflow' }],
  ['api_requests_total', { service: 'git_platform', platform: 'github', method: 'GET', status_code: '200' }],
] as const;
const gauges = [
  ['active_autonomous_loops', { workflow_type: 'issue' }],
  ['pending_approvals', { type: 'merge' }],
  ['queue_depth', { queue_name: 'issues' }],
] as const;
const histograms = [
  ['issue_completion_duration_seconds', { provider: 'claude', platform: 'github', issue_type: 'bug' }],
  ['ai_request_duration_seconds', { provider: 'claude', model: 'sonnet' }],
  ['test_execution_duration_seconds', { test_type: 'unit', framework: 'ava' }],
  ['workflow_step_duration_seconds', { step_name: 'plan', workflow_type: 'issue' }],
  ['api_request_duration_seconds', { service: 'git_platform', platform: 'github', method: 'GET' }],
] as const;

test('a new collector records the platform’s metrics by name, without registration', async (t) => {
  const collector = newCollector();
  const shown = (labels: object) => Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  for (const [name, labels] of counters) {
    collector.incrementCounter(name, labels);
    t.deepEqual(await scrapedLines(collector, name), [`${name}{${shown(labels)}} 1`]);
  }
  for (const [name, labels] of gauges) {
    collector.setGauge(name, 3, labels);
    t.deepEqual(await scrapedLines(collector, name), [`${name}{${shown(labels)}} 3`]);
  }
  for (const [name, labels] of histograms) {
    collector.observeHistogram(name, 2, labels);
    t.deepEqual(await scrapedLines(collector, `${name}_sum`), [`${name}_sum{${shown(labels)}} 2`]);
  }
});

test('counters are registered with or without labels, and incremented by 1 or by a value', async (t) => {
  const collector = newCollector();
  collector.registerCounter('deploys_total', 'Deployments.');
  collector.registerCounter('commits_total', 'Commits.', ['branch']);
  collector.incrementCounter('deploys_total');
  collector.incrementCounter('deploys_total', undefined, 4);
  collector.incrementCounter('commits_total', { branch: 'main' });
  collector.incrementCounter('commits_total', { branch: 'main' }, 2);
  t.deepEqual(await scrapedLines(collector, 'deploys_total'), ['deploys_total 5']);
  t.deepEqual(await scrapedLines(collector, 'commits_total'), ['commits_total{branch="main"} 3']);
});

test('gauges are set, incremented and decremented, by 1 or by a value', async (t) => {
  const collector = newCollector();
  collector.registerGauge('workers', 'Workers.');
  collector.registerGauge('agents', 'Agents.', ['pool']);
  collector.setGauge('workers', 10);
  collector.incrementGauge('workers');
  collector.decrementGauge('workers', undefined, 4);
  collector.setGauge('agents', 2, { pool: 'a' });
  collector.incrementGauge('agents', { pool: 'a' }, 5);
  collector.decrementGauge('agents', { pool: 'a' });
  t.deepEqual(await scrapedLines(collector, 'workers'), ['workers 7']);
  t.deepEqual(await scrapedLines(collector, 'agents'), ['agents{pool="a"} 6']);
});

test('histograms have their own buckets, or those for durations', async (t) => {
  const collector = newCollector();
  collector.registerHistogram('wait_seconds', 'Waits.');
  collector.registerHistogram('lint_seconds', 'Time of a lint.', ['tool'], [1, 10]);
  collector.observeHistogram('wait_seconds', 20);
  collector.observeHistogram('lint_seconds', 5, { tool: 'biome' });
  t.deepEqual(await scrapedLines(collector, 'lint_seconds_bucket'), [
    'lint_seconds_bucket{tool="biome",le="1"} 0',
    'lint_seconds_bucket{tool="biome",le="10"} 1',
    'lint_seconds_bucket{tool="biome",le="+Inf"} 1',
  ]);
  t.deepEqual(
    (await scrapedLines(collector, 'wait_seconds_bucket')).map((line) => /le="(.*)"/.exec(line)?.[1]),
    '0.001 0.005 0.01 0.05 0.1 0.5 1 2 5 10 30 60 300 600 1800 3600 +Inf'.split(' '),
  );
});

test.serial('a timer observes the seconds between its start and its stop', async (t) => {
  const advance = stopTimers(t);
  const collector = newCollector();
  collector.registerHistogram('test_run_seconds', 'Time of a test run.', ['suite']);
  const stop: () => void = collector.startTimer('test_run_seconds', { suite: 'unit' });
  advance(12);
  stop();
  t.deepEqual(await scrapedLines(collector, 'test_run_seconds_sum'), [
    'test_run_seconds_sum{suite="unit"} 12',
  ]);
});

test('a name that is not registered, or registered twice, throws', (t) => {
  const collector = newCollector();
  const unknown = { code: 'ERR_METRICS_UNKNOWN_METRIC' };
  t.throws(() => collector.incrementCounter('nothing_total'), unknown);
  t.throws(() => collector.setGauge('nothing', 1), unknown);
  t.throws(() => collector.incrementGauge('nothing'), unknown);
  t.throws(() => collector.decrementGauge('nothing'), unknown);
  t.throws(() => collector.observeHistogram('nothing_seconds', 1), unknown);
  const taken = { code: 'ERR_METRICS_ALREADY_REGISTERED' };
  t.throws(() => collector.registerCounter('errors_total', 'Errors.'), taken);
  t.throws(() => collector.registerGauge('queue_depth', 'Depth.'), taken);
  t.throws(() => collector.registerHistogram('ai_request_duration_seconds', 'Time.'), taken);
});

test('getMetrics returns the text of a scrape, with help, type and samples of every metric', async (t) => {
  const collector = newCollector();
  collector.setGauge('queue_depth', 4, { queue_name: 'issues' });
  const text: string = await collector.getMetrics();
  t.regex(text, /^# HELP queue_depth .+\n# TYPE queue_depth gauge\nqueue_depth\{queue_name="issues"\} 4$/m);
});
