/** AI providers: requests that fail or are slow, rate limits, retries and costs. */
import {
  aiCost,
  aiRateLimitLimit,
  aiRateLimitRemaining,
  aiRateLimitReset,
  aiRateLimits,
  aiRequestDuration,
  aiRequests,
  aiRequestsFailed,
  aiRequestsInProgress,
  aiRequestsSuccessful,
  aiRetries,
  aiTimeToFirstToken,
  aiUnpricedRequests,
} from '../../catalogue/provider.js';
import type { CounterDefinition } from '../../definition.js';
import type { Alert } from '../model.js';
import { jobScope, promql } from '../promql/builder.js';
import { ratio } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import { up } from '../third-party-metrics.js';
import { type AlertRow, alertsOf, type Series, shareAlerts, slowAlert } from './alert-row.js';
import { minBad, percent } from './bad-shares.js';
import { above, appearing, changing, growing, halfHourly, historySteps, steady } from './series-values.js';
import { unusual } from './usual-hours.js';

const by = ['provider'];
const provider = { provider: 'anthropic' };

export function providerAlerts(settings: BundleSettings): Alert[] {
  return alertsOf(settings, { subject: 'provider', dashboard: 'ai' }, [
    ...requestRows(settings),
    ...rateLimitRows(settings),
    ...costRows(settings),
  ]);
}

function requestRows(settings: BundleSettings): AlertRow[] {
  const { joined, selector, window, increase, record } = promql(jobScope(settings));
  const {
    aiErrorPageShare: pageLimit,
    aiErrorShare: ticketLimit,
    aiMinimumRequests: minimum,
    aiSlowSeconds,
    aiFirstTokenSeconds,
  } = settings.thresholds;
  /** Share of failed requests, of providers with enough requests. */
  const failedShare = (minimumBad: number): string =>
    joined(
      record('job_provider:ai_requests_failed:ratio_rate5m'),
      ['and', by, `${increase(aiRequests, by, { window: 300 })} >= ${minimum}`],
      ['and', by, `${increase(aiRequestsFailed, by, { window: 300 })} >= ${minimumBad}`],
    );
  const pace = (2 * minimum) / 5;
  const requests = (provider: string, failed: number): Series => {
    const labels = { provider, model: 'large' };
    return {
      [selector(aiRequests, { ...labels, operation: 'message' })]: growing(pace, 40),
      [selector(aiRequestsFailed, { ...labels, error_type: 'APIError' })]: growing(pace * failed, 40),
      [selector(aiRequestsSuccessful, labels)]: growing(pace * (1 - failed), 40),
    };
  };
  const eachFails = failedShare(minBad.ticket);
  const slow = {
    level: 'job_provider',
    by: 'provider',
    minimum,
    seriesLabels: { provider: 'anthropic', model: 'large' },
    besideQuiet: { [selector(aiRequestsInProgress, { provider: 'anthropic' })]: steady(1, 40) },
  };
  return [
    ...shareAlerts({
      name: 'AiErrors',
      pageLimit,
      ticketLimit,
      pageHold: 120,
      pageSummary: 'Many requests to the AI provider {{ $labels.provider }} fail',
      ticketSummary: 'Too many requests to the AI provider {{ $labels.provider }} fail',
      expression: (limit, minimumBad) => `(${failedShare(minimumBad)}) > ${limit}`,
      description: (limit) =>
        `{{ $value | humanizePercentage }} of the requests to {{ $labels.provider }} failed over ${window(300)} (limit ${limit}, at least ${minimum} requests).`,
      atMinutes: 30,
      labels: { provider: 'anthropic' },
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
      summary: 'All AI providers of {{ $labels.job }} fail',
      description: `At least {{ $value | humanizePercentage }} of the requests to each AI provider failed over ${window(300)}: no other provider is left.`,
      atMinutes: 30,
      fires: { ...requests('anthropic', above(pageLimit)), ...requests('openai', above(pageLimit)) },
      quiet: { ...requests('anthropic', above(pageLimit)), ...requests('openai', 0) },
    },
    slowAlert(settings, {
      ...slow,
      name: 'AiSlow',
      definition: aiRequestDuration,
      limit: aiSlowSeconds,
      summary: 'The AI provider {{ $labels.provider }} is slow',
      description: `The 95th percentile of the duration of requests to {{ $labels.provider }} is {{ $value | humanizeDuration }} over ${window(300)} (limit ${aiSlowSeconds} s).`,
    }),
    slowAlert(settings, {
      ...slow,
      name: 'AiFirstTokenSlow',
      definition: aiTimeToFirstToken,
      limit: aiFirstTokenSeconds,
      summary: 'Streamed replies of {{ $labels.provider }} start late',
      description: `The 95th percentile of the time to the first token of {{ $labels.provider }} is {{ $value | humanizeDuration }} over ${window(300)} (limit ${aiFirstTokenSeconds} s).`,
    }),
  ];
}

const large = { ...provider, model: 'large' };

function rateLimitRows(settings: BundleSettings): AlertRow[] {
  const { selector, window, increase } = promql(jobScope(settings));
  const {
    aiRateLimitedShare: limitedShare,
    aiRetriesPerRequest: retries,
    aiMinimumRequests: minimum,
  } = settings.thresholds;
  const pace = (2 * minimum) / 15;
  const requests = selector(aiRequests, { ...large, operation: 'message' });
  const limited = selector(aiRateLimits, provider);
  const retried = selector(aiRetries, { ...large, reason: 'overload' });
  const perRequest = (counted: CounterDefinition): string =>
    ratio(increase(counted, by, { window: 900 }), increase(aiRequests, by, { window: 900 }), {
      part: minBad.ticket,
      whole: minimum,
    });
  const series = (counted: string, share: number): Series => ({
    [requests]: growing(pace, 60),
    [counted]: growing(pace * share, 60),
  });
  return [
    {
      name: 'AiRateLimited',
      expression: `${perRequest(aiRateLimits)} > ${limitedShare}`,
      hold: 600,
      summary: 'The AI provider {{ $labels.provider }} limits the request rate',
      description: `{{ $labels.provider }} rate-limited {{ $value | humanizePercentage }} of the requests within ${window(900)} (limit ${percent(limitedShare)}).`,
      atMinutes: 45,
      labels: provider,
      fires: series(limited, above(limitedShare)),
      quiet: series(limited, limitedShare / 2),
    },
    headroomLow(settings),
    {
      name: 'AiRetryStorm',
      expression: `${perRequest(aiRetries)} > ${retries}`,
      hold: 600,
      summary: 'Requests to {{ $labels.provider }} are retried too often',
      description: `{{ $value | humanize }} retries per request to {{ $labels.provider }} within ${window(900)} (limit ${retries}).`,
      atMinutes: 45,
      labels: provider,
      fires: series(retried, 2 * retries),
      quiet: series(retried, retries / 2),
    },
  ];
}

function headroomLow(settings: BundleSettings): AlertRow {
  const { joined, selector, window, increase } = promql(jobScope(settings));
  const { aiHeadroomShare: limit } = settings.thresholds;
  const labels = { ...large, resource: 'tokens' };
  const left = `${selector(aiRateLimitRemaining)} / (${selector(aiRateLimitLimit)} > 0)`;
  // The last reported value stays until the next response: after its reset, or without requests, it says nothing.
  const isPast = `max by (job, provider, resource) (max_over_time(${selector(aiRateLimitReset)}[${window(300)}])) == 0`;
  const series = (resetSeconds: number): Series => ({
    [selector(aiRateLimitRemaining, labels)]: `${steady(1_000, 30)} ${steady(500 * limit, 30)}`,
    [selector(aiRateLimitLimit, labels)]: steady(1_000, 60),
    [selector(aiRateLimitReset, { ...provider, resource: 'tokens' })]: steady(resetSeconds, 60),
    [selector(aiRequests, { ...large, operation: 'message' })]: growing(1, 60),
  });
  return {
    name: 'AiHeadroomLow',
    expression: joined(
      `min by (job, provider, model, resource) (${left}) < ${limit}`,
      ['unless', ['provider', 'resource'], isPast],
      ['and', by, `${increase(aiRequests, by, { window: 900 })} > 0`],
    ),
    hold: 300,
    summary: 'The rate limit of {{ $labels.provider }} for {{ $labels.resource }} is almost used up',
    description: `{{ $value | humanizePercentage }} of the {{ $labels.resource }} that {{ $labels.provider }} allows{{ with $labels.model }} for {{ . }}{{ end }} are left (limit ${percent(limit)}).`,
    atMinutes: 45,
    labels,
    fires: series(40),
    quiet: series(0),
  };
}

const instance = { instance: 'a:9090' };

/** `AiBudgetForecast` is there only with a budget. */
function costRows(settings: BundleSettings): AlertRow[] {
  const within = promql(jobScope(settings));
  const { joined, selector, window, increase, events } = within;
  const {
    aiCostSpikeFactor: factor,
    aiCostSpikeUsd: minUsd,
    aiMonthlyBudgetUsd: budget,
  } = settings.thresholds;
  const cost = selector(aiCost, { ...provider, model: 'large' });
  const newModel = { ...provider, model: 'new' };
  const unpriced = selector(aiUnpricedRequests, { ...newModel, ...instance });
  const isUp = selector(up, instance);
  const spike: AlertRow = {
    name: 'AiCostSpike',
    expression: joined(`${increase(aiCost, by, { window: 3_600 })} > ${minUsd}`, [
      'and',
      by,
      unusual(within, 'job_provider:ai_cost_usd:rate1h', factor, by),
    ]),
    hold: 300,
    summary: 'The AI provider {{ $labels.provider }} costs much more than usual',
    description: `{{ $labels.provider }} cost {{ $value | printf "%.2f" }} USD within ${window(3_600)}, more than ${factor} times as much as in the same hour of any day of the last week (minimum ${minUsd} USD).`,
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
    expression: `${events(aiUnpricedRequests, ['provider', 'model'], { window: 3_600 })} > 0`,
    summary: 'The model {{ $labels.model }} of {{ $labels.provider }} has no price',
    description: `{{ $value | humanize }} requests to {{ $labels.model }} of {{ $labels.provider }} within ${window(3_600)} could not be priced: the costs and the budget forecast are too low.`,
    atMinutes: 75,
    labels: newModel,
    fires: { [unpriced]: appearing(70, 1, 20), [isUp]: steady(1, 90) },
    quiet: {
      [unpriced]: steady(3, 90),
      // A process that is scraped for the first time has counted its requests before.
      [selector(aiUnpricedRequests, { ...newModel, instance: 'b:9090' })]: appearing(70, 9, 20),
      [isUp]: steady(1, 90),
      [selector(up, { instance: 'b:9090' })]: appearing(70, 1, 20),
    },
  };
  return [spike, ...(budget > 0 ? [budgetForecast(settings, budget, cost)] : []), modelUnpriced];
}

function budgetForecast(settings: BundleSettings, budget: number, cost: string): AlertRow {
  const { window, record } = promql(jobScope(settings));
  /** USD a minute that spend the budget exactly. */
  const pace = budget / 30 / 1_440;
  return {
    name: 'AiBudgetForecast',
    // Over a week, so that a weekend is in it, and one expensive day is a seventh.
    expression: `30 / 7 * ${record('job:ai_cost_usd:increase7d')} > ${budget}`,
    hold: 3_600,
    summary: 'The AI providers of {{ $labels.job }} will exceed the budget',
    description: `At the cost of the last ${window(7 * 86_400)}, thirty days cost {{ $value | printf "%.2f" }} USD; the budget is ${budget} USD.`,
    atMinutes: 90,
    fires: { [cost]: growing((10 * 1_440 * pace) / 30, 100) },
    quiet: { [cost]: growing((6 * 1_440 * pace) / 90, 100) },
  };
}
