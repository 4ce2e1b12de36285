/** AI providers: requests that fail or are slow, rate limits, retries and costs. */
import * as metrics from '../../catalogue/provider.js';
import type { CounterDefinition, HistogramDefinition } from '../../definition.js';
import type { Alert } from '../model.js';
import { jobScope, promql } from '../promql/builder.js';
import { ratio } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { up } from '../third-party-metrics.js';
import { type AlertRow, alertsOf, minBad, type Series, shareAlerts, slowAlert } from './alert-row.js';
import { above, appearing, changing, growing, halfHourly, historySteps, steady } from './series-values.js';
import { unusual } from './usual-hours.js';

const by = ['provider'];
const provider = { provider: 'anthropic' };
const large = { ...provider, model: 'large' };
const instance = { instance: 'a:9090' };

export function providerAlerts(settings: BundleSettings): Alert[] {
  return alertsOf(settings, { subject: 'provider', dashboard: 'ai' }, [
    ...requestRows(settings),
    ...rateLimitRows(settings),
    ...costRows(settings),
  ]);
}

function requestRows(settings: BundleSettings): AlertRow[] {
  const { joined, selector, increase, record } = promql(jobScope(settings));
  const limits = settings.thresholds;
  const { aiErrorPageShare: pageLimit, aiMinimumRequests: minimum } = limits;
  /** Share of failed requests, of providers with enough requests. */
  const failedShare = (minimumBad: number): string =>
    joined(
      record('job_provider:ai_requests_failed:ratio_rate5m'),
      ['and', by, `${increase(metrics.aiRequests, by, { window: 300 })} >= ${minimum}`],
      ['and', by, `${increase(metrics.aiRequestsFailed, by, { window: 300 })} >= ${minimumBad}`],
    );
  const pace = (2 * minimum) / 5;
  const requests = (provider: string, failed: number): Series => {
    const labels = { provider, model: 'large' };
    return {
      [selector(metrics.aiRequests, { ...labels, operation: 'message' })]: growing(pace, 40),
      [selector(metrics.aiRequestsFailed, { ...labels, error_type: 'APIError' })]: growing(pace * failed, 40),
      [selector(metrics.aiRequestsSuccessful, labels)]: growing(pace * (1 - failed), 40),
    };
  };
  const eachFails = failedShare(minBad.ticket);
  const slow = (name: string, definition: HistogramDefinition, limit: number) =>
    slowAlert(settings, {
      name,
      definition,
      limit,
      level: 'job_provider',
      by: 'provider',
      minimum,
      seriesLabels: large,
      besideQuiet: { [selector(metrics.aiRequestsInProgress, provider)]: steady(1, 40) },
    });
  return [
    ...shareAlerts({
      name: 'AiErrors',
      pageLimit,
      ticketLimit: limits.aiErrorShare,
      pageHold: 120,
      expression: (limit, minimumBad) => `(${failedShare(minimumBad)}) > ${limit}`,
      atMinutes: 30,
      labels: provider,
      series: (failed) => requests('anthropic', failed),
    }),
    {
      name: 'AiAllProvidersFailing',
      severity: 'page',
      expression: joined(`min by (job) (${eachFails}) > ${pageLimit}`, [
        'and',
        [],
        `count by (job) (${eachFails}) > 1`,
      ]),
      hold: 120,
      atMinutes: 30,
      fires: { ...requests('anthropic', above(pageLimit)), ...requests('openai', above(pageLimit)) },
      quiet: { ...requests('anthropic', above(pageLimit)), ...requests('openai', 0) },
    },
    slow('AiSlow', metrics.aiRequestDuration, limits.aiSlowSeconds),
    slow('AiFirstTokenSlow', metrics.aiTimeToFirstToken, limits.aiFirstTokenSeconds),
  ];
}

function rateLimitRows(settings: BundleSettings): AlertRow[] {
  const { selector, increase } = promql(jobScope(settings));
  const { aiRateLimitedShare, aiRetriesPerRequest, aiMinimumRequests: minimum } = settings.thresholds;
  const pace = (2 * minimum) / 15;
  const requests = selector(metrics.aiRequests, { ...large, operation: 'message' });
  const limited = selector(metrics.aiRateLimits, provider);
  const retried = selector(metrics.aiRetries, { ...large, reason: 'overload' });
  const perRequest = (counted: CounterDefinition): string =>
    ratio(increase(counted, by, { window: 900 }), increase(metrics.aiRequests, by, { window: 900 }), {
      part: minBad.ticket,
      whole: minimum,
    });
  const often = (
    name: string,
    counted: CounterDefinition,
    series: string,
    limit: number,
    high: number,
  ): AlertRow => ({
    name,
    expression: `${perRequest(counted)} > ${limit}`,
    hold: 600,
    atMinutes: 45,
    labels: provider,
    fires: { [requests]: growing(pace, 60), [series]: growing(pace * high, 60) },
    quiet: { [requests]: growing(pace, 60), [series]: growing((pace * limit) / 2, 60) },
  });
  return [
    often('AiRateLimited', metrics.aiRateLimits, limited, aiRateLimitedShare, above(aiRateLimitedShare)),
    headroomLow(settings),
    often('AiRetryStorm', metrics.aiRetries, retried, aiRetriesPerRequest, 2 * aiRetriesPerRequest),
  ];
}

function headroomLow(settings: BundleSettings): AlertRow {
  const { joined, selector, window, increase } = promql(jobScope(settings));
  const { aiHeadroomShare: limit } = settings.thresholds;
  const labels = { ...large, resource: 'tokens' };
  const left = `${selector(metrics.aiRateLimitRemaining)} / (${selector(metrics.aiRateLimitLimit)} > 0)`;
  // The last reported value stays until the next response: after its reset, or without requests, it says nothing.
  const reset = selector(metrics.aiRateLimitReset);
  const isPast = `max by (job, provider, resource) (max_over_time(${reset}[${window(300)}])) == 0`;
  const series = (resetSeconds: number): Series => ({
    [selector(metrics.aiRateLimitRemaining, labels)]: `${steady(1_000, 30)} ${steady(500 * limit, 30)}`,
    [selector(metrics.aiRateLimitLimit, labels)]: steady(1_000, 60),
    [selector(metrics.aiRateLimitReset, { ...provider, resource: 'tokens' })]: steady(resetSeconds, 60),
    [selector(metrics.aiRequests, { ...large, operation: 'message' })]: growing(1, 60),
  });
  return {
    name: 'AiHeadroomLow',
    expression: joined(
      `min by (job, provider, model, resource) (${left}) < ${limit}`,
      ['unless', ['provider', 'resource'], isPast],
      ['and', by, `${increase(metrics.aiRequests, by, { window: 900 })} > 0`],
    ),
    hold: 300,
    atMinutes: 45,
    labels,
    fires: series(40),
    quiet: series(0),
  };
}

/** `AiBudgetForecast` is there only with a budget. */
function costRows(settings: BundleSettings): AlertRow[] {
  const within = promql(jobScope(settings));
  const { joined, selector, increase, events } = within;
  const { aiCostSpikeFactor: factor, aiCostSpikeUsd: minUsd } = settings.thresholds;
  const budget = settings.thresholds.aiMonthlyBudgetUsd;
  const cost = selector(metrics.aiCost, large);
  const newModel = { ...provider, model: 'new' };
  const unpriced = selector(metrics.aiUnpricedRequests, { ...newModel, ...instance });
  const isUp = selector(up, instance);
  const spike: AlertRow = {
    name: 'AiCostSpike',
    expression: joined(`${increase(metrics.aiCost, by, { window: 3_600 })} > ${minUsd}`, [
      'and',
      by,
      unusual(within, 'job_provider:ai_cost_usd:rate1h', factor, by),
    ]),
    hold: 300,
    ...halfHourly,
    labels: provider,
    fires: {
      [isUp]: steady(1, historySteps + 6),
      [cost]: changing((2 * minUsd) / (10 * factor), historySteps, 2 * minUsd, 6),
    },
    quiet: { [isUp]: steady(1, historySteps + 6), [cost]: growing(2 * minUsd, historySteps + 6) },
  };
  const modelUnpriced: AlertRow = {
    name: 'AiModelUnpriced',
    severity: 'info',
    expression: `${events(metrics.aiUnpricedRequests, ['provider', 'model'], { window: 3_600 })} > 0`,
    atMinutes: 75,
    labels: newModel,
    fires: { [unpriced]: appearing(70, 1, 20), [isUp]: steady(1, 90) },
    quiet: {
      [unpriced]: steady(3, 90),
      // A process that is scraped for the first time has counted its requests before.
      [selector(metrics.aiUnpricedRequests, { ...newModel, instance: 'b:9090' })]: appearing(70, 9, 20),
      [isUp]: steady(1, 90),
      [selector(up, { instance: 'b:9090' })]: appearing(70, 1, 20),
    },
  };
  return [spike, ...(budget > 0 ? [budgetForecast(settings, budget, cost)] : []), modelUnpriced];
}

function budgetForecast(settings: BundleSettings, budget: number, cost: string): AlertRow {
  const { record } = promql(jobScope(settings));
  /** USD a minute that spend the budget exactly. */
  const pace = budget / 30 / 1_440;
  return {
    name: 'AiBudgetForecast',
    // Over a week, so that a weekend is in it, and one expensive day is a seventh.
    expression: `30 / 7 * ${record('job:ai_cost_usd:increase7d')} > ${budget}`,
    hold: 3_600,
    atMinutes: 90,
    fires: { [cost]: growing((10 * 1_440 * pace) / 30, 100) },
    quiet: { [cost]: growing((6 * 1_440 * pace) / 90, 100) },
  };
}
