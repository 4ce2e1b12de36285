import { catalogue } from '../../lib/catalogue/catalogue.js';
import type { MetricDefinition } from '../../lib/definition.js';
import { parseText } from '../helpers/parse-text.js';
import { testWithBoth } from '../helpers/programs.js';
import { type Prometheus, startPrometheus } from '../helpers/prometheus.js';
import { startServiceProcess } from '../helpers/service-process.js';
import { until } from '../helpers/until.js';

/** Metrics of the catalogue for which the example has series within seconds. */
const seen: readonly MetricDefinition[] = [
  catalogue.issuesProcessed,
  catalogue.issuesCreated,
  catalogue.prsCreated,
  catalogue.prsMerged,
  catalogue.prLifetime,
  catalogue.escalations,
  catalogue.activeAutonomousLoops,
  catalogue.pendingApprovals,
  catalogue.queueDepth,
  catalogue.issueCompletionDuration,
  catalogue.workflowsStarted,
  catalogue.workflowsCompleted,
  catalogue.workflowCompletionDuration,
  catalogue.workflowStepDuration,
  catalogue.workflowStepErrors,
  catalogue.testExecutionDuration,
  catalogue.errors,
  catalogue.aiRequests,
  catalogue.aiRequestsSuccessful,
  catalogue.aiRequestsFailed,
  catalogue.aiRequestsInProgress,
  catalogue.aiRequestDuration,
  catalogue.aiTimeToFirstToken,
  catalogue.issuesSuccessRate,
  catalogue.issuesAverageCompletionDuration,
  catalogue.aiTokens,
  catalogue.aiCost,
  catalogue.aiUnpricedRequests,
  catalogue.aiRetries,
  catalogue.aiRateLimits,
  catalogue.aiRateLimitReset,
  catalogue.aiRateLimitRemaining,
  catalogue.platformRateLimits,
  catalogue.platformRateLimitReset,
  catalogue.platformRateLimitRemaining,
  catalogue.apiRequests,
  catalogue.apiRequestDuration,
  catalogue.webhooksReceived,
  catalogue.webhooksProcessed,
  catalogue.httpServerRequestDuration,
  catalogue.httpServerRequestsInFlight,
  catalogue.methodCalls,
  catalogue.buildInfo,
];

testWithBoth(
  ['prometheus'],
  'Prometheus scrapes the running example and stores the catalogue metrics with their labels',
  async (t, { prometheus: program }) => {
    const service = await startServiceProcess({ REPLAY_PACE: '100', SANDBOX: 'failing' });
    t.teardown(() => service.stop());
    const prometheus: Prometheus = await startPrometheus({
      program,
      target: `${service.url}/metrics`,
      scrapeIntervalSeconds: 1,
    });
    t.teardown(() => prometheus.stop());
    const one = async (expression: string): Promise<number | undefined> =>
      (await prometheus.query(expression))[0]?.value;

    t.is(await until('up', async () => ((await one('up{job="tamma"}')) === 1 ? 1 : undefined)), 1);
    const rate = await until('a rate of issues', async () => {
      const value = await one('sum(rate(issues_processed_total[30s]))');
      return value !== undefined && value > 0 ? value : undefined;
    });
    t.true(rate > 0);
    const median = await until('a quantile', async () => {
      const value = await one(
        'histogram_quantile(0.5, sum by (le) (rate(issue_completion_duration_seconds_bucket[30s])))',
      );
      return value !== undefined && Number.isFinite(value) ? value : undefined;
    });
    t.true(median > 0.05 && median < 5, `${median} s is the duration of a request to the model`);

    for (const { name, type, labels } of seen) {
      const sample = type === 'histogram' ? `${name}_bucket` : name;
      const expected = [
        '__name__',
        'instance',
        'job',
        ...Object.keys(labels),
        ...(type === 'histogram' ? ['le'] : []),
      ].sort();
      const series = await until(`series of ${sample}`, async () => {
        const results = await prometheus.query(sample);
        return results.length > 0 ? results : undefined;
      });
      // A label may be absent from one series (an AI provider is on no platform), but not from all.
      const labelNames = new Set(series.flatMap(({ metric }) => Object.keys(metric)));
      t.deepEqual([...labelNames].sort(), expected, name);
    }
    t.is(await one('count(scrape_samples_scraped{job="tamma"})'), 1);
    // Scrapes have a timeout of one second, which a busy machine may exceed. Scraping continues,
    const now = Date.now() / 1_000;
    t.true((await until('a later scrape', () => one(`timestamp(up{job="tamma"} == 1) > ${now}`))) > now);
    // and Prometheus refuses no sample of the responses.
    const own = parseText(await (await fetch(`${prometheus.url}/metrics`)).text());
    const refusals = own.filter(({ name }) =>
      /^prometheus_target_scrapes_(exceeded|sample)_\w+_total$/.test(name),
    );
    t.true(refusals.length >= 4, `${refusals.length} counters of refused scrapes`);
    t.deepEqual(
      refusals.filter(({ value }) => value > 0),
      [],
    );
  },
);
