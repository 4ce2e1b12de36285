/** Git platforms: requests that fail, quotas that run out, webhooks that fail or are forged. */
import { apiRequests } from '../../catalogue/api.js';
import * as metrics from '../../catalogue/platform.js';
import { errors } from '../../catalogue/workflow.js';
import type { Alert } from '../model.js';
import { failedStatus } from '../prometheus/recording-rules.js';
import { jobScope, promql } from '../promql/builder.js';
import { ratio } from '../promql/expression.js';
import { type BundleSettings, holdOf } from '../settings.js';
import { type AlertRow, alertsOf, minBad, type Series, shareAlerts } from './alert-row.js';
import { above, falling, growing, steady } from './series-values.js';

const platform = { platform: 'github' };
/** The `error_type` in `errors_total` with which a service records a webhook whose signature or token is invalid. */
const signature = { error_type: 'webhook_signature' };

export function platformAlerts(settings: BundleSettings): Alert[] {
  return alertsOf(settings, { subject: 'platform', dashboard: 'delivery' }, [
    ...failing(settings),
    quotaExhaustion(settings),
    ...webhooks(settings),
  ]);
}

function failing(settings: BundleSettings): AlertRow[] {
  const { joined, selector, increase, record } = promql(jobScope(settings));
  const limits = settings.thresholds;
  const minimum = limits.platformMinimumRequests;
  const pace = (2 * minimum) / 5;
  // Every alert has a label `service`, the job: only `platform` says which platform it is.
  const each = ['service', 'platform'];
  const recorded = record('job_service:api_requests_failed:ratio_rate5m', { platform: { raw: '!=""' } });
  const all = increase(apiRequests, each, { window: 300 });
  const share = joined(recorded, ['and', each, `${all} >= ${minimum}`]);
  const failed = { window: 300, matches: { status_code: failedStatus } };
  const failures = increase(apiRequests, ['platform'], failed);
  const answered = (status_code: string) =>
    selector(apiRequests, { service: 'github', ...platform, method: 'GET', status_code });
  return shareAlerts({
    name: 'PlatformErrors',
    pageLimit: limits.platformErrorPageShare,
    ticketLimit: limits.platformErrorShare,
    pageHold: 300,
    expression: (limit, minimumBad) =>
      joined(`max by (job, platform) (${share}) > ${limit}`, [
        'and',
        ['platform'],
        `${failures} >= ${minimumBad}`,
      ]),
    atMinutes: 30,
    labels: platform,
    // A 404 is an answer.
    series: (failed, kind) => ({
      [answered('404')]: growing(pace * (1 - failed), 40),
      [answered(kind === 'fires' ? 'ECONNRESET' : '502')]: growing(pace * failed, 40),
    }),
  });
}

/** Seconds until a reset that are worth waiting for. */
const minReset = 300;

function quotaExhaustion(settings: BundleSettings): AlertRow {
  const { selector, window } = promql(jobScope(settings));
  const { platformQuotaSeconds: ahead } = settings.thresholds;
  const { speedUp } = settings.intervals;
  const [remaining, reset] = [
    selector(metrics.platformRateLimitRemaining),
    selector(metrics.platformRateLimitReset),
  ];
  const past = window(900);
  const each = 'job, instance, platform, resource';
  const seconds = `${remaining} / (-1 * deriv(${remaining}[${past}]) > 0)`;
  const runsOut = `(${seconds}) and predict_linear(${remaining}[${past}], ${ahead / speedUp}) < 0`;
  const isGone = `${remaining} == 0 and on (${each}) ${reset} > ${holdOf(settings, minReset)}`;
  const labels = { ...platform, resource: 'core' };
  // At this pace, nothing is left half the horizon after the twentieth minute.
  const pace = 100;
  const series = (resetSeconds: number): Series => ({
    [selector(metrics.platformRateLimitRemaining, labels)]: falling(pace * (20 + ahead / 120), pace, 40),
    [selector(metrics.platformRateLimitReset, labels)]: steady(resetSeconds / speedUp, 40),
  });
  return {
    name: 'PlatformQuotaExhaustion',
    // Each resource has a quota of its own: GitHub resets that of search every minute, that of core every hour.
    expression: `min by (job, platform, resource) (((${runsOut}) unless on (${each}) (${reset} <= on (${each}) (${seconds}))) or (${isGone}))`,
    hold: 120,
    atMinutes: 20,
    labels,
    fires: series(2 * ahead),
    // The quota falls as fast, but is reset before it is used up.
    quiet: series(ahead / 4),
  };
}

function webhooks(settings: BundleSettings): AlertRow[] {
  const { selector, increase, events } = promql(jobScope(settings));
  const { webhookFailureShare: limit, webhookMinimum: minimum } = settings.thresholds;
  const minForged = settings.thresholds.webhookSignatureFailures;
  const pace = (2 * minimum) / 15;
  const labels = { ...platform, event_type: 'issues' };
  const series = (failed: number): Series => ({
    [selector(metrics.webhooksProcessed, { ...labels, outcome: 'failure' })]: growing(pace * failed, 60),
    [selector(metrics.webhooksProcessed, { ...labels, outcome: 'success' })]: growing(
      pace * (1 - failed),
      60,
    ),
  });
  const share = ratio(
    increase(metrics.webhooksProcessed, ['platform'], { window: 900, matches: { outcome: 'failure' } }),
    increase(metrics.webhooksProcessed, ['platform'], { window: 900 }),
    { part: minBad.ticket, whole: minimum },
  );
  const forged = selector(errors, { ...signature, severity: 'medium', component: 'webhooks' });
  return [
    {
      name: 'WebhookFailures',
      expression: `${share} > ${limit}`,
      hold: 300,
      atMinutes: 45,
      labels: platform,
      fires: series(above(limit)),
      quiet: series(limit / 2),
    },
    {
      name: 'WebhookSignatureFailures',
      expression: `${events(errors, ['component'], { window: 900, matches: signature })} >= ${minForged}`,
      atMinutes: 45,
      labels: { component: 'webhooks' },
      fires: { [forged]: growing((2 * minForged) / 15, 60) },
      quiet: { [forged]: `${growing(minForged / 2 / 15, 15)} ${steady(minForged / 2, 45)}` },
    },
  ];
}
