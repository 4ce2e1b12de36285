/** What AI providers allow: limits reached, limits near, and retries that make it worse. */
import {
  aiRateLimitLimit,
  aiRateLimitRemaining,
  aiRateLimitReset,
  aiRateLimits,
  aiRequests,
  aiRetries,
} from '../../catalogue/provider.js';
import type { Alert, AlertCase } from '../model.js';
import { type BundleSettings, holdOf } from '../settings.js';
import { above, growing, steady } from './crafted.js';
import { inJob, joined, percent, shareOf } from './in-job.js';

const shared = { subject: 'provider', severity: 'ticket', dashboard: 'ai' } as const;
const provider = { provider: 'anthropic' };

export function rateLimitAlerts(settings: BundleSettings): Alert[] {
  return [rateLimited(settings), headroomLow(settings), retryStorm(settings)];
}

function rateLimited(settings: BundleSettings): Alert {
  const { of, window, increase } = inJob(settings);
  const { aiRateLimitedShare: limit, aiMinimumRequests: minimum } = settings.thresholds;
  const pace = (2 * minimum) / 15;
  const asked = of(aiRequests, { ...provider, model: 'large', operation: 'message' });
  const share = shareOf(
    increase(aiRateLimits, ['provider'], 900),
    increase(aiRequests, ['provider'], 900),
    minimum,
  );
  return {
    ...shared,
    name: 'AiRateLimited',
    expression: `${share} > ${limit}`,
    forSeconds: holdOf(settings, 600),
    summary: 'The AI provider {{ $labels.provider }} limits the rate',
    description: `{{ $labels.provider }} limited the rate {{ $value | humanizePercentage }} as often as it was asked within ${window(900)} (limit ${percent(limit)}).`,
    runbook: {
      meaning: 'The service asks faster than the provider allows. Requests are refused with 429 and wait.',
      query: `sum by (provider) (increase(${of(aiRateLimits)}[15m])) / sum by (provider) (increase(${of(aiRequests)}[15m]))`,
      causes: [
        'More runs at once than the limits are made for: more issues, more workers.',
        'Longer prompts: the limit of tokens is reached before that of requests.',
        'Another service uses the same key or the same organisation.',
      ],
      actions: [
        'See which limit is reached: `min by (resource) (ai_rate_limit_remaining)` shows requests or tokens near 0.',
        'Lower the concurrency, or let the client keep to `retry-after`.',
        'Tokens: cached input mostly does not count: look at the share of `cache_read` in `ai_tokens_total`.',
        'If the load is here to stay, ask the provider for a higher tier.',
      ],
    },
    tests: {
      fires: {
        series: {
          [asked]: growing(pace, 60),
          [of(aiRateLimits, provider)]: growing(pace * above(limit), 60),
        },
        atMinutes: 45,
        labels: [{ job: settings.job, ...provider }],
      },
      quiet: {
        series: { [asked]: growing(pace, 60), [of(aiRateLimits, provider)]: growing((pace * limit) / 2, 60) },
        atMinutes: 45,
      },
    },
  };
}

function headroomLow(settings: BundleSettings): Alert {
  const { of, window, increase } = inJob(settings);
  const { aiHeadroomShare: limit } = settings.thresholds;
  const labels = { ...provider, model: 'large', resource: 'tokens' };
  const left = `${of(aiRateLimitRemaining)} / (${of(aiRateLimitLimit)} > 0)`;
  // What was reported last stands until it is reported anew: past its reset, or where nothing is asked any more, it says nothing.
  const isPast = `max by (job, provider, resource) (max_over_time(${of(aiRateLimitReset)}[${window(300)}])) == 0`;
  const isAsked = `${increase(aiRequests, ['provider'], 900)} > 0`;
  const series = (left: number, resetSeconds: number): AlertCase['series'] => ({
    [of(aiRateLimitRemaining, labels)]: `${steady(1_000, 30)} ${steady(left, 30)}`,
    [of(aiRateLimitLimit, labels)]: steady(1_000, 60),
    [of(aiRateLimitReset, { ...provider, resource: 'tokens' })]: steady(resetSeconds, 60),
    [of(aiRequests, { ...provider, model: 'large', operation: 'message' })]: growing(1, 60),
  });
  return {
    ...shared,
    name: 'AiHeadroomLow',
    expression: joined(
      joined(
        `min by (job, provider, model, resource) (${left}) < ${limit}`,
        'unless',
        ['provider', 'resource'],
        isPast,
      ),
      'and',
      ['provider'],
      isAsked,
    ),
    forSeconds: holdOf(settings, 300),
    summary: 'The rate limit of {{ $labels.provider }} leaves few {{ $labels.resource }}',
    description: `{{ $labels.provider }} leaves {{ $value | humanizePercentage }} of the {{ $labels.resource }} that it allows{{ with $labels.model }} {{ . }}{{ end }} (limit ${percent(limit)}).`,
    runbook: {
      meaning:
        'The rate limit of a provider is nearly used up. Nothing is refused yet; with a little more load, 429s come (AiRateLimited).',
      query: `min by (provider, model, resource) (${left})`,
      causes: [
        'A peak of work that uses all that is allowed, as it may.',
        'Long prompts that use up the tokens.',
        'Another service with the same key.',
      ],
      actions: [
        'Run the query again after the reset (`ai_rate_limit_reset_seconds`): back at the top each time, it is only well used.',
        'Low from reset to reset: lower the concurrency, or spread the work over providers.',
        'Ask for a higher limit before the load grows further.',
      ],
    },
    tests: {
      fires: {
        series: series(500 * limit, 40),
        atMinutes: 45,
        labels: [{ job: settings.job, ...labels }],
      },
      quiet: { series: series(500 * limit, 0), atMinutes: 45 },
    },
  };
}

function retryStorm(settings: BundleSettings): Alert {
  const { of, window, increase } = inJob(settings);
  const { aiRetriesPerRequest: limit, aiMinimumRequests: minimum } = settings.thresholds;
  const pace = (2 * minimum) / 15;
  const labels = { ...provider, model: 'large' };
  const asked = of(aiRequests, { ...labels, operation: 'message' });
  const retried = of(aiRetries, { ...labels, reason: 'overload' });
  const share = shareOf(
    increase(aiRetries, ['provider'], 900),
    increase(aiRequests, ['provider'], 900),
    minimum,
  );
  return {
    ...shared,
    name: 'AiRetryStorm',
    expression: `${share} > ${limit}`,
    forSeconds: holdOf(settings, 600),
    summary: 'Requests to {{ $labels.provider }} are tried again and again',
    description: `{{ $value | humanize }} retries for each request to {{ $labels.provider }} within ${window(900)} (limit ${limit}).`,
    runbook: {
      meaning:
        'Requests succeed only after retries. Each costs time, some cost tokens, and all together keep an overloaded provider overloaded.',
      query: `sum by (provider, model, reason) (increase(${of(aiRetries)}[15m]))`,
      causes: [
        'The provider is overloaded (reason `overload`) or limits the rate (`rate_limit`).',
        'The timeout of the client is shorter than the answers take (`timeout`).',
        'The network drops connections (`network`).',
      ],
      actions: [
        'Run the query and go by the reason.',
        '`overload`, `rate_limit`: lower the concurrency; see that retries wait longer each time.',
        '`timeout`: compare the timeout with the 95th percentile of `ai_request_duration_seconds`; raise it.',
        '`network`: look at the outbound proxy and at how long idle connections are kept.',
      ],
    },
    tests: {
      fires: {
        series: { [asked]: growing(pace, 60), [retried]: growing(pace * limit * 2, 60) },
        atMinutes: 45,
        labels: [{ job: settings.job, ...provider }],
      },
      quiet: {
        series: { [asked]: growing(pace, 60), [retried]: growing((pace * limit) / 2, 60) },
        atMinutes: 45,
      },
    },
  };
}
