/** Requests to AI providers that fail, or take too long. */
import {
  aiRequestDuration,
  aiRequests,
  aiRequestsFailed,
  aiRequestsInProgress,
  aiRequestsSuccessful,
  aiTimeToFirstToken,
} from '../../catalogue/provider.js';
import type { HistogramDefinition } from '../../definition.js';
import type { Alert, AlertCase } from '../model.js';
import { type BundleSettings, holdOf } from '../settings.js';
import { above, growing, steady } from './crafted.js';
import { fewestBad, inJob, joined, percent } from './in-job.js';

const shared = { subject: 'provider', dashboard: 'ai' } as const;
const by = ['provider'];

export function providerAlerts(settings: BundleSettings): Alert[] {
  const { aiErrorPageShare, aiErrorShare } = settings.thresholds;
  return [
    errors(settings, 'AiErrors', 'page', aiErrorPageShare),
    errors(settings, 'AiErrorsElevated', 'ticket', aiErrorShare),
    allProvidersFailing(settings),
    slow(settings),
    firstTokenSlow(settings),
  ];
}

/** Share of failed requests of providers that are asked often enough. */
function failedShare(settings: BundleSettings, severity: 'page' | 'ticket'): string {
  const { increase, record } = inJob(settings);
  return joined(
    joined(
      record('job_provider:ai_requests_failed:ratio_rate5m'),
      'and',
      by,
      `${increase(aiRequests, by, 300)} >= ${settings.thresholds.aiMinimumRequests}`,
    ),
    'and',
    by,
    `${increase(aiRequestsFailed, by, 300)} >= ${fewestBad[severity]}`,
  );
}

/** Requests to a provider of which a share fails, at twice the least pace that says anything. */
function requests(settings: BundleSettings, provider: string, failed: number): AlertCase['series'] {
  const { of } = inJob(settings);
  const labels = { provider, model: 'large' };
  const pace = (2 * settings.thresholds.aiMinimumRequests) / 5;
  return {
    [of(aiRequests, { ...labels, operation: 'message' })]: growing(pace, 40),
    [of(aiRequestsFailed, { ...labels, error_type: 'APIError' })]: growing(pace * failed, 40),
    [of(aiRequestsSuccessful, labels)]: growing(pace * (1 - failed), 40),
  };
}

function errors(settings: BundleSettings, name: string, severity: 'page' | 'ticket', limit: number): Alert {
  const { of, window } = inJob(settings);
  const { aiMinimumRequests: minimum } = settings.thresholds;
  const isPage = severity === 'page';
  return {
    ...shared,
    name,
    severity,
    expression: `(${failedShare(settings, severity)}) > ${limit}`,
    forSeconds: holdOf(settings, isPage ? 120 : 900),
    summary: isPage
      ? 'Requests to the AI provider {{ $labels.provider }} fail'
      : 'More requests to the AI provider {{ $labels.provider }} fail than should',
    description: `{{ $value | humanizePercentage }} of the requests to {{ $labels.provider }} failed over ${window(300)} (limit ${percent(limit)}, at least ${minimum} requests).`,
    runbook: {
      meaning: isPage
        ? 'Most requests to a provider fail. Every workflow that asks it fails or waits, and retries add to the load.'
        : 'A part of the requests to a provider fails. Retries hide most of it from the workflows, at the cost of time and tokens.',
      query: `sum by (provider, model, error_type) (rate(${of(aiRequestsFailed)}[5m]))`,
      causes: [
        'The provider is down or overloaded (5xx, 529): every model fails, with server errors.',
        'The key is wrong, revoked or out of credit: authentication or billing errors, from one moment on.',
        'One model has been withdrawn or renamed: one model fails, with "not found".',
        'Requests are too long or malformed since a deployment: "invalid request" errors.',
      ],
      actions: [
        'Run the query: which `error_type`, and whether one model or all.',
        "Server errors of all models: read the provider's status page. Send the work to another provider, or stop taking issues until it is over.",
        'Authentication or billing: check the key and the credit in the console of the provider, then put the new key in place and restart.',
        'One model, or invalid requests since a deployment: roll back, or set another model.',
      ],
    },
    tests: {
      fires: {
        series: requests(settings, 'anthropic', above(limit)),
        atMinutes: 30,
        labels: [{ job: settings.job, provider: 'anthropic' }],
      },
      quiet: { series: requests(settings, 'anthropic', limit / 2), atMinutes: 30 },
    },
  };
}

function allProvidersFailing(settings: BundleSettings): Alert {
  const { of, window } = inJob(settings);
  const { aiErrorPageShare: limit } = settings.thresholds;
  const share = failedShare(settings, 'ticket');
  const failing = above(limit);
  return {
    ...shared,
    name: 'AiAllProvidersFailing',
    severity: 'page',
    expression: joined(`min by (job) (${share}) > ${limit}`, 'and', [], `count by (job) (${share}) > 1`),
    forSeconds: holdOf(settings, 120),
    summary: 'Every AI provider of {{ $labels.job }} fails',
    description: `Even of the AI provider that fails least, {{ $value | humanizePercentage }} of the requests failed over ${window(300)}: there is none to turn to.`,
    runbook: {
      meaning:
        'All providers that are asked fail at once, two or more. That is rarely the fault of the providers, and no workflow can get on.',
      query: `sum by (provider, error_type) (rate(${of(aiRequestsFailed)}[5m]))`,
      causes: [
        'The network of the service: name resolution, an outbound proxy, a firewall, an expired certificate of the proxy.',
        'The clock of the machine is wrong, so that certificates and signatures are refused.',
        'A deployment that broke what all providers share: the client, the prompt, the secrets.',
        'A provider that others fall back to was overrun when the first one failed.',
      ],
      actions: [
        'Run the query. Network errors and timeouts everywhere: try `curl -sv` to the address of a provider from the machine of the service.',
        'Authentication errors everywhere: look at the last change of the secrets; other errors everywhere: at the last deployment. Roll back.',
        'Stop taking issues; runs that fail now cost tokens for nothing.',
        'When it is over, let work in again slowly: all retries at once would limit the rate.',
      ],
    },
    tests: {
      fires: {
        series: { ...requests(settings, 'anthropic', failing), ...requests(settings, 'openai', failing) },
        atMinutes: 30,
        labels: [{ job: settings.job }],
      },
      quiet: {
        series: { ...requests(settings, 'anthropic', failing), ...requests(settings, 'openai', 0) },
        atMinutes: 30,
      },
    },
  };
}

interface Slowness {
  readonly name: string;
  readonly definition: HistogramDefinition;
  readonly limit: number;
  readonly summary: string;
  readonly what: string;
  readonly runbook: Alert['runbook'];
}

function slow(settings: BundleSettings): Alert {
  const { of } = inJob(settings);
  return slowness(settings, {
    name: 'AiSlow',
    definition: aiRequestDuration,
    limit: settings.thresholds.aiSlowSeconds,
    summary: 'The AI provider {{ $labels.provider }} is slow',
    what: 'requests',
    runbook: {
      meaning:
        'One request in twenty to a provider takes longer than the limit. Workflows get slower, queues longer, and timeouts become failures.',
      query: `histogram_quantile(0.95, sum by (provider, model, le) (rate(${of(aiRequestDuration, {}, '_bucket')}[5m])))`,
      causes: [
        'The provider is loaded: the time to the first token has risen too.',
        'Answers have become longer: output or reasoning tokens for each request have risen.',
        'Retries within the client: rate limits or overload that it waits out (AiRateLimited, AiRetryStorm).',
      ],
      actions: [
        'Run the query: one model, or all.',
        'Compare with `ai_time_to_first_token_seconds`: risen as well, the provider is loaded; not risen, the answers are longer.',
        `Look at how many are in progress: \`${of(aiRequestsInProgress)}\`; lower the concurrency if it is far above the usual.`,
        'Loaded for long: send part of the work to another model or provider.',
      ],
    },
  });
}

function firstTokenSlow(settings: BundleSettings): Alert {
  const { of } = inJob(settings);
  return slowness(settings, {
    name: 'AiFirstTokenSlow',
    definition: aiTimeToFirstToken,
    limit: settings.thresholds.aiFirstTokenSeconds,
    summary: 'The first token of {{ $labels.provider }} comes late',
    what: 'streamed replies',
    runbook: {
      meaning:
        'Streamed replies begin late. It is the earliest sign that a provider is loaded, before requests fail.',
      query: `histogram_quantile(0.95, sum by (provider, model, le) (rate(${of(aiTimeToFirstToken, {}, '_bucket')}[5m])))`,
      causes: [
        'The provider queues requests before it works on them.',
        'Prompts have become longer, or the cache no longer holds them.',
        'The model thinks before it answers, since it was changed or given a larger budget.',
      ],
      actions: [
        'Run the query: one model, or all of the provider.',
        'See whether the cached share of the input tokens has fallen (dashboard AI); if so, begin there.',
        "Read the provider's status page; if it is loaded, expect AiSlow and AiErrors next, and get the other provider ready.",
      ],
    },
  });
}

function slowness(
  settings: BundleSettings,
  { name, definition, limit, summary, what, runbook }: Slowness,
): Alert {
  const { of, window, increase, record } = inJob(settings);
  const { aiMinimumRequests: minimum } = settings.thresholds;
  const pace = (2 * minimum) / 5;
  const series = (perMinute: number): AlertCase['series'] => {
    const labels = { provider: 'anthropic', model: 'large' };
    const bucket = (le: string) => of(definition, { ...labels, le }, '_bucket');
    return {
      [bucket(String(definition.buckets[0]))]: growing(perMinute, 40),
      [bucket(String(definition.buckets.at(-1)))]: growing(perMinute, 40),
      [bucket('+Inf')]: growing(pace, 40),
      [of(definition, labels, '_count')]: growing(pace, 40),
    };
  };
  return {
    ...shared,
    name,
    severity: 'ticket',
    expression: joined(
      `${record(`job_provider:${definition.name}:p95_rate5m`)} > ${limit}`,
      'and',
      by,
      `${increase(definition, by, 300, {}, '_count')} >= ${minimum}`,
    ),
    forSeconds: holdOf(settings, 600),
    summary,
    description: `The 95th percentile of the ${what} of {{ $labels.provider }} is {{ $value | humanizeDuration }} over ${window(300)} (limit ${limit} s).`,
    runbook,
    tests: {
      fires: { series: series(0), atMinutes: 30, labels: [{ job: settings.job, provider: 'anthropic' }] },
      quiet: {
        series: { ...series(pace), [of(aiRequestsInProgress, { provider: 'anthropic' })]: steady(1, 40) },
        atMinutes: 30,
      },
    },
  };
}
