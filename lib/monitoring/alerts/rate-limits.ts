/** Rate limits of AI providers: reached, nearly reached, and retries that make it worse. */
import {
  aiRateLimitLimit,
  aiRateLimitRemaining,
  aiRateLimitReset,
  aiRateLimits,
  aiRequests,
  aiRetries,
} from '../../catalogue/provider.js';
import type { CounterDefinition } from '../../definition.js';
import type { Alert } from '../model.js';
import type { BundleSettings } from '../settings.js';
import { type AlertRow, alertsOf, type Series } from './alert-row.js';
import { inJob, joined, percent, shareOf } from './in-job.js';
import { above, growing, steady } from './series-values.js';

const provider = { provider: 'anthropic' };
const large = { ...provider, model: 'large' };
const by = ['provider'];

export function rateLimitAlerts(settings: BundleSettings): Alert[] {
  const { select, window, increase } = inJob(settings);
  const {
    aiRateLimitedShare: limitedShare,
    aiRetriesPerRequest: retries,
    aiMinimumRequests: minimum,
  } = settings.thresholds;
  const pace = (2 * minimum) / 15;
  const requests = select(aiRequests, { ...large, operation: 'message' });
  const limited = select(aiRateLimits, provider);
  const retried = select(aiRetries, { ...large, reason: 'overload' });
  const perRequest = (counted: CounterDefinition): string =>
    shareOf(increase(counted, by, 900), increase(aiRequests, by, 900), minimum);
  const series = (counted: string, share: number): Series => ({
    [requests]: growing(pace, 60),
    [counted]: growing(pace * share, 60),
  });
  return alertsOf(settings, { subject: 'provider', dashboard: 'ai' }, [
    {
      name: 'AiRateLimited',
      severity: 'ticket',
      expression: `${perRequest(aiRateLimits)} > ${limitedShare}`,
      hold: 600,
      summary: 'The AI provider {{ $labels.provider }} limits the rate',
      description: `{{ $labels.provider }} limited the rate {{ $value | humanizePercentage }} as often as it was asked within ${window(900)} (limit ${percent(limitedShare)}).`,
      atMinutes: 45,
      labels: provider,
      fires: series(limited, above(limitedShare)),
      quiet: series(limited, limitedShare / 2),
    },
    headroomLow(settings),
    {
      name: 'AiRetryStorm',
      severity: 'ticket',
      expression: `${perRequest(aiRetries)} > ${retries}`,
      hold: 600,
      summary: 'Requests to {{ $labels.provider }} are tried again and again',
      description: `{{ $value | humanize }} retries for each request to {{ $labels.provider }} within ${window(900)} (limit ${retries}).`,
      atMinutes: 45,
      labels: provider,
      fires: series(retried, 2 * retries),
      quiet: series(retried, retries / 2),
    },
  ]);
}

function headroomLow(settings: BundleSettings): AlertRow {
  const { select, window, increase } = inJob(settings);
  const { aiHeadroomShare: limit } = settings.thresholds;
  const labels = { ...large, resource: 'tokens' };
  const left = `${select(aiRateLimitRemaining)} / (${select(aiRateLimitLimit)} > 0)`;
  // The last reported value stays until the next response: after its reset, or without requests, it says nothing.
  const isPast = `max by (job, provider, resource) (max_over_time(${select(aiRateLimitReset)}[${window(300)}])) == 0`;
  const series = (resetSeconds: number): Series => ({
    [select(aiRateLimitRemaining, labels)]: `${steady(1_000, 30)} ${steady(500 * limit, 30)}`,
    [select(aiRateLimitLimit, labels)]: steady(1_000, 60),
    [select(aiRateLimitReset, { ...provider, resource: 'tokens' })]: steady(resetSeconds, 60),
    [select(aiRequests, { ...large, operation: 'message' })]: growing(1, 60),
  });
  return {
    name: 'AiHeadroomLow',
    severity: 'ticket',
    expression: joined(
      `min by (job, provider, model, resource) (${left}) < ${limit}`,
      ['unless', ['provider', 'resource'], isPast],
      ['and', by, `${increase(aiRequests, by, 900)} > 0`],
    ),
    hold: 300,
    summary: 'The rate limit of {{ $labels.provider }} leaves few {{ $labels.resource }}',
    description: `{{ $labels.provider }} leaves {{ $value | humanizePercentage }} of the {{ $labels.resource }} that it allows{{ with $labels.model }} {{ . }}{{ end }} (limit ${percent(limit)}).`,
    atMinutes: 45,
    labels,
    fires: series(40),
    quiet: series(0),
  };
}
