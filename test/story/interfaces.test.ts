/** The interfaces: user code implements and creates them, with no other type of this package. */
import {
  type MetricDefinition,
  type MetricLabels,
  type MetricsCollector,
  PrometheusMetricsCollector,
} from '@tamma/observability';
import { createTestRegistry } from '@tamma/observability/testing';
import test from 'ava';
import { scrapedLines } from './scraped-lines.js';

/** A user's collector that has only the members of the story. */
class RecordingCollector implements MetricsCollector {
  readonly calls: unknown[][] = [];

  incrementCounter(name: string, labels?: Record<string, string>, value = 1): void {
    this.calls.push(['incrementCounter', name, labels, value]);
  }
  setGauge(name: string, value: number, labels?: Record<string, string>): void {
    this.calls.push(['setGauge', name, value, labels]);
  }
  incrementGauge(name: string, labels?: Record<string, string>, value = 1): void {
    this.calls.push(['incrementGauge', name, labels, value]);
  }
  decrementGauge(name: string, labels?: Record<string, string>, value = 1): void {
    this.calls.push(['decrementGauge', name, labels, value]);
  }
  observeHistogram(name: string, value: number, labels?: Record<string, string>): void {
    this.calls.push(['observeHistogram', name, value, labels]);
  }
  startTimer(name: string, labels?: Record<string, string>): () => void {
    return () => this.calls.push(['startTimer', name, labels]);
  }
}

/** Code that uses only the interface. */
function review(metrics: MetricsCollector): void {
  const stop: () => void = metrics.startTimer('review_seconds', { queue: 'fast' });
  metrics.incrementCounter('reviews_total', { queue: 'fast' });
  metrics.incrementCounter('reviews_total', { queue: 'fast' }, 2);
  metrics.setGauge('reviewers', 5, { queue: 'fast' });
  metrics.incrementGauge('reviewers', { queue: 'fast' }, 3);
  metrics.decrementGauge('reviewers', { queue: 'fast' });
  metrics.observeHistogram('review_seconds', 4, { queue: 'fast' });
  stop();
}

test('MetricsCollector: a user’s class with its six methods can replace the collector of the package', async (t) => {
  const own = new RecordingCollector();
  review(own);
  const labels = { queue: 'fast' };
  t.deepEqual(own.calls, [
    ['incrementCounter', 'reviews_total', labels, 1],
    ['incrementCounter', 'reviews_total', labels, 2],
    ['setGauge', 'reviewers', 5, labels],
    ['incrementGauge', 'reviewers', labels, 3],
    ['decrementGauge', 'reviewers', labels, 1],
    ['observeHistogram', 'review_seconds', 4, labels],
    ['startTimer', 'review_seconds', labels],
  ]);

  const collector = new PrometheusMetricsCollector({ registry: createTestRegistry() });
  collector.registerCounter('reviews_total', 'Reviews.', ['queue']);
  collector.registerGauge('reviewers', 'Reviewers.', ['queue']);
  collector.registerHistogram('review_seconds', 'Time of a review.', ['queue']);
  review(collector);
  t.deepEqual(await scrapedLines(collector, 'reviews_total'), ['reviews_total{queue="fast"} 3']);
  t.deepEqual(await scrapedLines(collector, 'reviewers'), ['reviewers{queue="fast"} 7']);
  t.deepEqual(await scrapedLines(collector, 'review_seconds_count'), [
    'review_seconds_count{queue="fast"} 2',
  ]);
});

test('MetricDefinition: plain objects of each type can be registered', async (t) => {
  const definitions: MetricDefinition[] = [
    { name: 'builds_total', type: 'counter', help: 'Builds.', labels: ['branch'] },
    { name: 'builders', type: 'gauge', help: 'Builders.' },
    {
      name: 'build_seconds',
      type: 'histogram',
      help: 'Time of a build.',
      labels: ['branch'],
      buckets: [1, 60],
    },
    { name: 'build_size_bytes', type: 'summary', help: 'Size of a build.' },
  ];
  const collector = new PrometheusMetricsCollector({ registry: createTestRegistry() });
  for (const definition of definitions) collector.register(definition);
  collector.incrementCounter('builds_total', { branch: 'main' });
  collector.setGauge('builders', 2);
  collector.observeHistogram('build_seconds', 30, { branch: 'main' });
  collector.observeSummary('build_size_bytes', 512);
  const text = await collector.getMetrics();
  for (const { name, type, help } of definitions)
    t.true(text.includes(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`), name);
  t.deepEqual(await scrapedLines(collector, 'builds_total'), ['builds_total{branch="main"} 1']);
  t.deepEqual(await scrapedLines(collector, 'build_seconds_bucket'), [
    'build_seconds_bucket{branch="main",le="1"} 0',
    'build_seconds_bucket{branch="main",le="60"} 1',
    'build_seconds_bucket{branch="main",le="+Inf"} 1',
  ]);
  t.throws(() => collector.register({ name: 'builds_total', type: 'counter', help: 'Builds.' }), {
    code: 'ERR_METRICS_ALREADY_REGISTERED',
  });
});

test('MetricLabels: each label reaches the metric that declares it, in snake case', async (t) => {
  const labels: MetricLabels = {
    provider: 'openai-gpt4',
    platform: 'gitlab',
    issueType: 'bug',
    outcome: 'success',
    workflowId: 'run-17',
    stepId: 'step-3',
    userId: 'user-5',
    repository: 'acme/app',
    errorType: 'TypeError',
    severity: 'high',
  };
  const collector = new PrometheusMetricsCollector({ registry: createTestRegistry() });
  const names = Object.keys(labels).map((name) =>
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  );
  collector.registerCounter('events_total', 'Events.', names);
  collector.incrementCounter('events_total', labels);
  t.deepEqual(await scrapedLines(collector, 'events_total'), [
    'events_total{provider="openai-gpt4",platform="gitlab",issue_type="bug",outcome="success",workflow_id="run-17",step_id="step-3",user_id="user-5",repository="acme/app",error_type="TypeError",severity="high"} 1',
  ]);
});

test('identifiers, such as the user id, are left out of metrics that do not declare them', async (t) => {
  const collector = new PrometheusMetricsCollector({ registry: createTestRegistry() });
  collector.incrementCounter('prs_created_total', {
    platform: 'github',
    repository: 'acme/app',
    workflowId: 'run-17',
    userId: 'user-5',
  });
  t.deepEqual(await scrapedLines(collector, 'prs_created_total'), [
    'prs_created_total{platform="github",repository="acme/app"} 1',
  ]);
  t.throws(() => collector.incrementCounter('prs_created_total', { branch: 'main' }), {
    code: 'ERR_METRICS_UNKNOWN_LABEL',
  });
});
