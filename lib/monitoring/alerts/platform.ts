/** Git platforms: requests that fail, quotas that run out, webhooks that are lost or false. */
import { apiRequests } from '../../catalogue/api.js';
import {
  platformRateLimitRemaining,
  platformRateLimitReset,
  webhooksProcessed,
  webhooksReceived,
} from '../../catalogue/platform.js';
import { errors } from '../../catalogue/workflow.js';
import type { Alert, AlertCase } from '../model.js';
import { failedStatus } from '../prometheus/recording-rules.js';
import { type BundleSettings, holdOf } from '../settings.js';
import { above, falling, growing, steady } from './crafted.js';
import { fewestBad, inJob, joined, percent, shareOf } from './in-job.js';

const shared = { subject: 'platform', dashboard: 'delivery' } as const;
const platform = { platform: 'github' };
/** `error_type` in `errors_total` of a webhook whose signature or token does not fit, as a service is to record it. */
export const webhookSignatureError = 'webhook_signature';

export function platformAlerts(settings: BundleSettings): Alert[] {
  const { platformErrorPageShare, platformErrorShare } = settings.thresholds;
  return [
    failing(settings, 'PlatformErrors', 'page', platformErrorPageShare),
    failing(settings, 'PlatformErrorsElevated', 'ticket', platformErrorShare),
    quotaExhaustion(settings),
    webhookFailures(settings),
    webhookSignatures(settings),
  ];
}

function failing(settings: BundleSettings, name: string, severity: 'page' | 'ticket', limit: number): Alert {
  const { of, window, increase, record } = inJob(settings);
  const { platformMinimumRequests: minimum } = settings.thresholds;
  const isPage = severity === 'page';
  const pace = (2 * minimum) / 5;
  // The alert's own label `service` is the job: the platform alone tells which it is.
  const share = joined(
    record('job_service:api_requests_failed:ratio_rate5m', 'platform!=""'),
    'and',
    ['service', 'platform'],
    `${increase(apiRequests, ['service', 'platform'], 300)} >= ${minimum}`,
  );
  const failures = `${increase(apiRequests, ['platform'], 300, { status_code: failedStatus })} >= ${fewestBad[severity]}`;
  const labels = { service: 'github', ...platform, method: 'GET' };
  // A 404 is an answer.
  const series = (failed: number, status: string): AlertCase['series'] => ({
    [of(apiRequests, { ...labels, status_code: '404' })]: growing(pace * (1 - failed), 40),
    [of(apiRequests, { ...labels, status_code: status })]: growing(pace * failed, 40),
  });
  return {
    ...shared,
    name,
    severity,
    expression: joined(`max by (job, platform) (${share}) > ${limit}`, 'and', ['platform'], failures),
    forSeconds: holdOf(settings, isPage ? 300 : 900),
    summary: isPage
      ? 'Requests to {{ $labels.platform }} fail'
      : 'More requests to {{ $labels.platform }} fail than should',
    description: `{{ $value | humanizePercentage }} of the API requests to {{ $labels.platform }} failed over ${window(300)}, by 5xx or without an answer (limit ${percent(limit)}, at least ${minimum} requests).`,
    runbook: {
      meaning: isPage
        ? 'A git platform does not answer, or answers most requests with 5xx. Nothing can be fetched, pushed or merged there.'
        : 'Some requests to a git platform fail. Workflows get by with retries; a step that does not retry fails.',
      query: `sum by (platform, service, status_code) (rate(${of(apiRequests, { platform: { raw: '!=""' } })}[5m]))`,
      causes: [
        'The platform has an incident: 5xx on many kinds of requests.',
        'The network: `ECONNRESET`, `ENOTFOUND`, `timeout` as status, for other services too.',
        'One kind of request is too large and times out at the platform: one method leads.',
      ],
      actions: [
        'Run the query: 5xx is the platform, a name instead of a number is the network.',
        "Read the platform's status page. During an incident stop taking issues of it: runs that fail half-way leave branches behind.",
        'Network: try `curl -sv` to its API from the machine of the service.',
        'When it is over, look for webhooks that were missed, and have them delivered again.',
      ],
    },
    tests: {
      fires: {
        series: series(above(limit), 'ECONNRESET'),
        atMinutes: 30,
        labels: [{ job: settings.job, ...platform }],
      },
      quiet: { series: series(limit / 2, '502'), atMinutes: 30 },
    },
  };
}

/** Seconds of a reset that can be waited out. */
const minReset = 300;

function quotaExhaustion(settings: BundleSettings): Alert {
  const { of, window } = inJob(settings);
  const { platformQuotaSeconds: ahead } = settings.thresholds;
  const { speedUp } = settings.intervals;
  const remaining = of(platformRateLimitRemaining);
  const reset = of(platformRateLimitReset);
  const past = window(900);
  const each = 'job, instance, platform, resource';
  const seconds = `${remaining} / (-1 * deriv(${remaining}[${past}]) > 0)`;
  const runsOut = `(${seconds}) and predict_linear(${remaining}[${past}], ${ahead / speedUp}) < 0`;
  const isGone = `${remaining} == 0 and on (${each}) ${reset} > ${holdOf(settings, minReset)}`;
  const labels = { ...platform, resource: 'core' };
  const series = of(platformRateLimitRemaining, labels);
  // All of it is gone half the horizon after the twentieth minute, at which it is looked.
  const pace = 100;
  const from = pace * (20 + ahead / 120);
  return {
    ...shared,
    name: 'PlatformQuotaExhaustion',
    severity: 'ticket',
    // A quota belongs to its resource: GitHub's search is reset every minute, its core every hour.
    expression: `min by (job, platform, resource) (((${runsOut}) unless on (${each}) (${reset} <= on (${each}) (${seconds}))) or (${isGone}))`,
    forSeconds: holdOf(settings, 120),
    summary: 'The quota of {{ $labels.platform }} ({{ $labels.resource }}) will run out',
    description: `At the pace of ${past}, nothing of {{ $labels.resource }} of {{ $labels.platform }} is left in {{ $value | humanizeDuration }}, before the quota is reset; 0s is now.`,
    runbook: {
      meaning:
        'The requests that a git platform allows will be used up before they are given anew. From then on every request is refused until the reset.',
      query: `min by (platform, resource) (${remaining})`,
      causes: [
        'Polling: something asks again and again instead of waiting for a webhook.',
        'A large repository that is read page by page, or many at once.',
        'Other services that use the same token.',
      ],
      actions: [
        'See when it is reset: `platform_rate_limit_reset_seconds`. A few minutes can be waited out.',
        `See who asks: \`topk(5, sum by (service, method) (rate(${of(apiRequests)}[15m])))\`.`,
        'Stop what can wait (imports, scans), and lower the concurrency.',
        'Then: conditional requests (ETag), webhooks in place of polling, a token for each service, an app in place of a user.',
      ],
    },
    tests: {
      fires: {
        series: {
          [series]: falling(from, pace, 40),
          [of(platformRateLimitReset, labels)]: steady((2 * ahead) / speedUp, 40),
        },
        atMinutes: 20,
        labels: [{ job: settings.job, ...labels }],
      },
      quiet: {
        // As steep, but all of it is to be had again before.
        series: {
          [series]: falling(from, pace, 40),
          [of(platformRateLimitReset, labels)]: steady(ahead / 4 / speedUp, 40),
        },
        atMinutes: 20,
      },
    },
  };
}

function webhookFailures(settings: BundleSettings): Alert {
  const { of, window, increase } = inJob(settings);
  const { webhookFailureShare: limit, webhookMinimum: minimum } = settings.thresholds;
  const pace = (2 * minimum) / 15;
  const labels = { ...platform, event_type: 'issues' };
  const series = (failed: number): AlertCase['series'] => ({
    [of(webhooksProcessed, { ...labels, outcome: 'failure' })]: growing(pace * failed, 60),
    [of(webhooksProcessed, { ...labels, outcome: 'success' })]: growing(pace * (1 - failed), 60),
  });
  const share = shareOf(
    increase(webhooksProcessed, ['platform'], 900, { outcome: 'failure' }),
    increase(webhooksProcessed, ['platform'], 900),
    minimum,
  );
  return {
    ...shared,
    name: 'WebhookFailures',
    severity: 'ticket',
    expression: `${share} > ${limit}`,
    forSeconds: holdOf(settings, 300),
    summary: 'Webhooks of {{ $labels.platform }} cannot be handled',
    description: `{{ $value | humanizePercentage }} of the webhooks of {{ $labels.platform }} within ${window(900)} could not be handled (limit ${percent(limit)}, at least ${minimum}).`,
    runbook: {
      meaning:
        'Webhooks arrive and their handling fails. Issues, reviews and approvals are missed, for most platforms deliver once and do not try again.',
      query: `sum by (platform, event_type, outcome) (increase(${of(webhooksProcessed)}[15m]))`,
      causes: [
        'One kind of event fails since a deployment, or since the platform changed its payload.',
        'What the handler needs is down: the queue, a store, the API of the platform.',
        'The secret is wrong: WebhookSignatureFailures fires too.',
      ],
      actions: [
        'Run the query: one event, or all.',
        `Read the log of the handler. Compare with what arrived: \`sum by (event_type) (increase(${of(webhooksReceived)}[15m]))\`.`,
        'Mend or roll back; then have the failed deliveries sent again from the settings of the repository or the app.',
      ],
    },
    tests: {
      fires: { series: series(above(limit)), atMinutes: 45, labels: [{ job: settings.job, ...platform }] },
      quiet: { series: series(limit / 2), atMinutes: 45 },
    },
  };
}

function webhookSignatures(settings: BundleSettings): Alert {
  const { of, window, events } = inJob(settings);
  const { webhookSignatureFailures: minimum } = settings.thresholds;
  const signature = { error_type: webhookSignatureError };
  const series = of(errors, { ...signature, severity: 'medium', component: 'webhooks' });
  return {
    ...shared,
    name: 'WebhookSignatureFailures',
    severity: 'ticket',
    expression: `${events(errors, ['component'], 900, signature)} >= ${minimum}`,
    forSeconds: 0,
    summary: 'Webhooks with false signatures arrive at {{ $labels.component }}',
    description: `{{ $value | humanize }} webhooks within ${window(900)} had a signature or a token that does not fit (limit ${minimum}). They were refused.`,
    runbook: {
      meaning: `Webhooks are refused since their signature or token is not the one agreed on. Either the secret differs, and true events are lost, or someone sends false ones. The service counts them in \`errors_total\` with \`error_type="${webhookSignatureError}"\`.`,
      query: `sum by (component) (increase(${of(errors, signature)}[15m]))`,
      causes: [
        'The secret was changed on one side only.',
        'A proxy changes the body (its encoding, its line ends), so that no signature fits.',
        'A repository with another secret was added.',
        'Someone tries the address.',
      ],
      actions: [
        'Look whether any succeed: `sum by (platform) (increase(webhooks_processed_total{outcome="success"}[15m]))`. None: the secret is wrong. Most: it is one sender.',
        'See the failed deliveries in the settings of the platform. There they are: set the secret anew on both sides, and deliver again.',
        'They are not there: they come from elsewhere. Read the addresses in the access log, and shut them out.',
      ],
    },
    tests: {
      fires: {
        series: { [series]: growing((2 * minimum) / 15, 60) },
        atMinutes: 45,
        labels: [{ job: settings.job, component: 'webhooks' }],
      },
      quiet: {
        series: { [series]: `${growing(minimum / 2 / 15, 15)} ${steady(minimum / 2, 45)}` },
        atMinutes: 45,
      },
    },
  };
}
