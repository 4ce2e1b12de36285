/** Derived gauges: computed at each scrape, correct for histograms, grouped by the labels of the output. */
import test from 'ava';
import { Counter } from 'prom-client';
import { MetricsAggregator } from '../../lib/aggregation.js';
import {
  averageOf,
  type GaugeRule,
  type MetricData,
  type MetricFamily,
  sumOf,
} from '../../lib/aggregation-rules.js';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { defineCounter, defineGauge, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { WorkflowMetrics } from '../../lib/recorders/workflow.js';
import { createTestRegistry, readSamples, readText, readValue } from '../../lib/testing.js';

const context = {
  workflowId: '1',
  workflowType: 'issue',
  provider: 'claude',
  platform: 'github',
  issueType: 'bug',
};

async function derived(registry: ReturnType<typeof createTestRegistry>): Promise<Record<string, string>> {
  const text = await readText(registry);
  return Object.fromEntries(
    ['issues_success_rate', 'issues_average_completion_duration_seconds'].map((name) => [
      name,
      new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1] ?? 'absent',
    ]),
  );
}

test('the default rules are 0 until an issue has ended', async (t) => {
  const registry = createTestRegistry();
  new MetricsAggregator({ registry });
  t.deepEqual(await derived(registry), {
    issues_success_rate: '0',
    issues_average_completion_duration_seconds: '0',
  });
});

test('the default rules compute the success rate and the mean duration over all series', async (t) => {
  const registry = createTestRegistry();
  new MetricsAggregator({ registry });
  const metrics = new WorkflowMetrics({ registry });
  metrics.recordIssueProcessed(context, 'success', 10);
  metrics.recordIssueProcessed({ ...context, platform: 'gitlab' }, 'success', 20);
  metrics.recordIssueProcessed({ ...context, issueType: 'feature' }, 'success', 30);
  metrics.recordIssueProcessed(context, 'failure', 100);
  // The average of the averages would be 45, a bucket bound 60.
  t.deepEqual(await derived(registry), {
    issues_success_rate: '0.75',
    issues_average_completion_duration_seconds: '40',
  });
});

test('derived gauges are computed from the values of the same scrape', async (t) => {
  const registry = createTestRegistry();
  new MetricsAggregator({ registry });
  const metrics = new WorkflowMetrics({ registry });
  for (const [outcome, rate] of [
    ['success', '1'],
    ['failure', '0.5'],
    ['escalation', '0.3333333333333333'],
  ] as const) {
    metrics.recordIssueProcessed(context, outcome, 1);
    t.is((await derived(registry)).issues_success_rate, rate);
  }
  registry.reset();
  t.is((await derived(registry)).issues_success_rate, '0');
});

const costByProvider = defineGauge({
  name: 'cost_by_provider_usd',
  help: 'Cost so far, by provider.',
  labels: { provider: label() },
  lint: { allow: ['base-unit'], why: 'A test.' },
});

test('a custom rule is grouped by the labels of its output', async (t) => {
  const registry = createTestRegistry();
  new MetricsAggregator({ registry, rules: [] }).addRule({
    output: costByProvider,
    matches: ({ name }) => name === catalogue.aiCost.name,
    aggregate: (samples) => sumOf(samples),
  });
  const cost = registry.counter(catalogue.aiCost);
  cost.inc({ provider: 'a', model: 'x' }, 1);
  cost.inc({ provider: 'a', model: 'y' }, 2);
  cost.inc({ provider: 'b', model: 'x' }, 4);
  const read = async () =>
    (await readSamples(registry, costByProvider)).map(({ labels, value }) => [labels.provider, value]);
  t.deepEqual(await read(), [
    ['a', 3],
    ['b', 4],
  ]);
  cost.reset();
  cost.inc({ provider: 'b', model: 'x' }, 1);
  t.deepEqual(await read(), [['b', 1]], 'a group that is gone is gone');
});

test('a group without a finite result is left out', async (t) => {
  const registry = createTestRegistry();
  new MetricsAggregator({ registry, rules: [] }).addRule({
    output: costByProvider,
    matches: ({ type, name }) => type === 'counter' && name === 'ai_cost_usd_total',
    aggregate: (samples, { provider }) =>
      provider === 'a' ? undefined : provider === 'b' ? sumOf(samples) / 0 : sumOf(samples),
  });
  for (const provider of ['a', 'b', 'c']) registry.counter(catalogue.aiCost).inc({ provider, model: 'x' }, 1);
  t.deepEqual(
    (await readSamples(registry, costByProvider)).map(({ labels }) => labels.provider),
    ['c'],
  );
});

test('rules read third-party metrics of the registry, and its JSON can be aggregated', async (t) => {
  const registry = createTestRegistry();
  const jobs = new Counter({
    name: 'jobs_total',
    help: 'Jobs.',
    labelNames: ['kind'],
    registers: [registry.prometheus],
  });
  jobs.inc({ kind: 'a' }, 3);
  jobs.inc({ kind: 'b' }, 4);
  const all = defineGauge({ name: 'all_jobs', help: 'All jobs.' });
  const aggregator = new MetricsAggregator({ registry, rules: [] }).addRule({
    output: all,
    matches: ({ name }) => name === 'jobs_total',
    aggregate: sumOf,
  });
  t.regex(await readText(registry), /^all_jobs 7$/m);
  // A copy, because prom-client returns its internal objects.
  const json = structuredClone(await registry.prometheus.getMetricsAsJSON()) as never;
  jobs.inc({ kind: 'a' }, 100);
  t.like(aggregator.aggregate(json), [{ name: 'all_jobs', labels: {}, value: 7 }]);
  t.is(readValue(registry, all), 7, 'aggregate changes no gauge');
});

test('averageOf divides the sum by the count of a histogram, also over several series', async (t) => {
  const registry = createTestRegistry();
  const seconds = defineHistogram({ name: 'work_seconds', help: 'Work.', labels: { kind: label() } });
  const average = defineGauge({ name: 'work_average_seconds', help: 'Average.', labels: { kind: label() } });
  new MetricsAggregator({ registry, rules: [] }).addRule({
    output: average,
    matches: ({ name }) => name === 'work_seconds',
    aggregate: averageOf,
  });
  registry.histogram(seconds).observe({ kind: 'a' }, 1);
  registry.histogram(seconds).observe({ kind: 'a' }, 2);
  registry.histogram(seconds).observe({ kind: 'b' }, 9);
  t.deepEqual(
    (await readSamples(registry, average)).map(({ labels, value }) => [labels.kind, value]),
    [
      ['a', 1.5],
      ['b', 9],
    ],
  );
});

test('a rule that throws loses only its gauge, and is counted', async (t) => {
  const registry = createTestRegistry();
  new MetricsAggregator({ registry }).addRule({
    output: costByProvider,
    matches: () => {
      throw new Error('no');
    },
    aggregate: sumOf,
  });
  new WorkflowMetrics({ registry }).recordIssueProcessed(context, 'success', 1);
  const text = await readText(registry);
  t.regex(text, /^issues_success_rate 1$/m);
  t.notRegex(text, /^cost_by_provider_usd[ {]/m);
  t.regex(await registry.prometheus.metrics(), /^issues_success_rate 1$/m, "prom-client's own reading too");
  t.regex(
    await readText(registry),
    /^metrics_collector_errors_total\{metric="cost_by_provider_usd"\} [1-3]$/m,
  );
});

test('rules do not read derived gauges of any aggregator', async (t) => {
  const registry = createTestRegistry();
  const one = defineGauge({ name: 'one_derived', help: 'One.' });
  const other = defineGauge({ name: 'other_derived', help: 'Other.' });
  const all = { matches: ({ type }: { type: string }) => type === 'gauge', aggregate: sumOf };
  new MetricsAggregator({ registry, rules: [] }).addRule({ output: one, ...all });
  new MetricsAggregator({ registry, rules: [] }).addRule({ output: other, ...all });
  registry.gauge(catalogue.queueDepth).set({ queue_name: 'a' }, 5);
  const text = await readText(registry);
  t.regex(text, /^one_derived 5$/m);
  t.regex(text, /^other_derived 5$/m);
});

/** A rule over flat samples, as `aggregate()` applies it. */
const failureRate = {
  name: 'failure_rate',
  matches: (metric: MetricData) => metric.name === 'issues_processed_total',
  aggregate: (metrics: MetricData[]) =>
    metrics.filter(({ labels }) => labels.outcome === 'failure').reduce((sum, { value }) => sum + value, 0) /
    Math.max(
      1,
      metrics.reduce((sum, { value }) => sum + value, 0),
    ),
  outputName: 'issues_failure_rate',
  outputLabels: { team: 'delivery' },
};

test('aggregate() without samples reads the registry, for the default rules and for rules over samples', (t) => {
  const registry = createTestRegistry();
  const aggregator = new MetricsAggregator({ registry }).addRule(failureRate);
  const metrics = new WorkflowMetrics({ registry });
  metrics.recordIssueProcessed(context, 'success', 10);
  metrics.recordIssueProcessed(context, 'success', 10);
  metrics.recordIssueProcessed({ ...context, issueType: 'feature' }, 'success', 30);
  metrics.recordIssueProcessed(context, 'failure', 50);
  const before = Date.now();
  const results = aggregator.aggregate();
  t.deepEqual(
    results.map(({ name, value, labels }) => ({ name, value, labels })),
    [
      { name: 'issues_success_rate', value: 0.75, labels: {} },
      { name: 'issues_average_completion_duration_seconds', value: 25, labels: {} },
      { name: 'issues_failure_rate', value: 0.25, labels: { team: 'delivery' } },
    ],
  );
  for (const { timestamp } of results) t.true(timestamp.getTime() >= before);
});

test('aggregate() accepts flat samples: plain values, and the parts of a histogram', (t) => {
  const aggregator = new MetricsAggregator({ registry: createTestRegistry() }).addRule(failureRate);
  const timestamp = new Date();
  const sample = (name: string, value: number, labels = {}): MetricData => ({
    name,
    value,
    labels,
    timestamp,
  });
  const valuesOf = (samples: MetricData[]): Record<string, number> =>
    Object.fromEntries(aggregator.aggregate(samples).map(({ name, value }) => [name, value]));
  t.deepEqual(
    valuesOf([
      sample('issues_processed_total', 3, { outcome: 'success' }),
      sample('issues_processed_total', 1, { outcome: 'failure' }),
      sample('issue_completion_duration_seconds', 10),
      sample('issue_completion_duration_seconds', 20),
    ]),
    { issues_success_rate: 0.75, issues_average_completion_duration_seconds: 15, issues_failure_rate: 0.25 },
  );
  t.is(
    valuesOf([
      sample('issue_completion_duration_seconds_sum', 60),
      sample('issue_completion_duration_seconds_count', 3),
    ]).issues_average_completion_duration_seconds,
    20,
  );
  t.deepEqual(valuesOf([]), {
    issues_success_rate: 0,
    issues_average_completion_duration_seconds: 0,
    issues_failure_rate: 0,
  });
});

test('a histogram is read as the mean of each of its series, under its own name', (t) => {
  const registry = createTestRegistry();
  const seen: MetricData[] = [];
  const aggregator = new MetricsAggregator({ registry, rules: [] }).addRule({
    ...failureRate,
    matches: ({ name }) => name === 'issue_completion_duration_seconds',
    aggregate: (samples) => seen.push(...samples),
  });
  new WorkflowMetrics({ registry }).recordIssueProcessed(context, 'success', 10);
  new WorkflowMetrics({ registry }).recordIssueProcessed(context, 'success', 20);
  aggregator.aggregate();
  t.like(seen, [{ value: 15, labels: { provider: 'claude', outcome: 'success' } }]);
});

test('a rule over samples reads the same numbers from the JSON of a registry as from the registry', async (t) => {
  const registry = createTestRegistry();
  const aggregator = new MetricsAggregator({ registry, rules: [] }).addRule({
    ...failureRate,
    matches: ({ name }) => name === 'issue_completion_duration_seconds',
    aggregate: (samples) => sumOf(samples),
  });
  new WorkflowMetrics({ registry }).recordIssueProcessed(context, 'success', 10);
  const families = (await registry.prometheus.getMetricsAsJSON()) as unknown as MetricFamily[];
  for (const results of [aggregator.aggregate(), aggregator.aggregate(families)])
    t.like(results, [{ value: 10 }]);
});

test('a gauge rule whose outputName is undefined is a gauge rule', async (t) => {
  const registry = createTestRegistry();
  const output = defineGauge({ name: 'answer', help: 'The answer.' });
  const rule: GaugeRule & { outputName: undefined } = {
    output,
    outputName: undefined,
    matches: () => true,
    aggregate: () => 42,
  };
  new MetricsAggregator({ registry, rules: [] }).addRule(rule);
  t.regex(await readText(registry), /^answer 42$/m);
});

test('a rule over samples without a finite result is left out', (t) => {
  const aggregator = new MetricsAggregator({ registry: createTestRegistry(), rules: [] });
  aggregator.addRule({ ...failureRate, aggregate: () => Number.NaN });
  t.deepEqual(aggregator.aggregate(), []);
});

test('stop freezes the derived gauges', async (t) => {
  const registry = createTestRegistry();
  const aggregator = new MetricsAggregator({ registry });
  const metrics = new WorkflowMetrics({ registry });
  metrics.recordIssueProcessed(context, 'success', 1);
  await readText(registry);
  aggregator.stop();
  metrics.recordIssueProcessed(context, 'failure', 1);
  t.is((await derived(registry)).issues_success_rate, '1');
});

for (const [rule, message] of [
  [
    undefined,
    'Invalid `output` of an aggregation rule: expected a gauge made by defineGauge (or give an `outputName`), received undefined.',
  ],
  [
    { output: defineCounter({ name: 'c_total', help: 'C.' }), matches: () => true, aggregate: sumOf },
    'Invalid `output` of an aggregation rule: expected a gauge made by defineGauge (or give an `outputName`), received an object.',
  ],
  [
    { output: costByProvider, matches: 'ai_cost_usd_total', aggregate: sumOf },
    'Invalid `matches` of an aggregation rule: expected a function of a metric, received "ai_cost_usd_total".',
  ],
  [
    { outputName: '', matches: () => true, aggregate: sumOf },
    'Invalid `outputName` of an aggregation rule: expected a name, received "".',
  ],
  [
    { outputName: 'rate', aggregate: sumOf },
    'Invalid `matches` of an aggregation rule: expected a function of a sample, received undefined.',
  ],
  [
    { output: costByProvider, matches: () => true },
    'Invalid `aggregate` of an aggregation rule: expected a function of samples, received undefined.',
  ],
  [
    { output: catalogue.issuesSuccessRate, matches: () => true, aggregate: sumOf },
    'Invalid `output` of an aggregation rule: expected a gauge that no other rule has, received `issues_success_rate`.',
  ],
] as const) {
  test(`refused: ${message}`, (t) => {
    const aggregator = new MetricsAggregator({ registry: createTestRegistry() });
    t.throws(() => aggregator.addRule(rule as never), { code: 'ERR_METRICS_INVALID_OPTION', message });
  });
}
