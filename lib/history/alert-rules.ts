/**
 * The alerts of the monitoring bundle that one process can evaluate, as data: those over a short window of its own metrics. Names,
 * severities, limits and times are those of the bundle; a test compares them.
 */
import { apiRequests } from '../catalogue/api.js';
import { healthCheckStatus } from '../catalogue/health.js';
import { httpServerRequestDuration } from '../catalogue/http.js';
import { webhooksProcessed } from '../catalogue/platform.js';
import * as provider from '../catalogue/provider.js';
import {
  metricsClusterWorkers,
  metricsCollectorErrors,
  metricsRecordingErrors,
  metricsSeriesFolded,
  metricsSnapshotAge,
} from '../catalogue/self.js';
import * as workflow from '../catalogue/workflow.js';
import type { FeedUnit, Formula } from './panel.js';
import { current, equals, increase, quantile, rate, share, startsWith } from './panels/build.js';

/** The limits that the rules read, by the names of the bundle's thresholds. */
export type AlertLimits = Readonly<Record<string, number>>;

export interface AlertRule {
  readonly name: string;
  readonly severity: 'page' | 'ticket';
  readonly formula: Formula;
  readonly limit: number;
  readonly worse: 'above' | 'below';
  readonly unit: FeedUnit;
  /** Seconds of history that the formula reads. */
  readonly windowSeconds: number;
  /** Seconds for which the condition must hold. */
  readonly holdSeconds: number;
  /** Events in the window below which the formula says nothing, by the labels of the result. */
  readonly minimum?: { readonly formula: Formula; readonly limit: number };
  /** `{label}` stands for the value of a label. */
  readonly summary: string;
  /** The panel that shows the value. */
  readonly panel: string;
}

/** The properties of a rule; those that most rules share have defaults. */
type Row = Omit<AlertRule, 'severity' | 'worse' | 'unit' | 'windowSeconds' | 'limit'> &
  Partial<Pick<AlertRule, 'severity' | 'worse' | 'unit' | 'windowSeconds'>> & {
    readonly limit: number | undefined;
  };

const serverErrors = { match: [startsWith('status_code', '5')] };
const byProvider = { by: ['provider'] };

/** @param limits the thresholds of the bundle */
export function alertRules(limits: AlertLimits): AlertRule[] {
  const rows: readonly Row[] = [
    {
      name: 'HealthCheckFailing',
      formula: current(healthCheckStatus, { by: ['check'] }),
      limit: 0.5,
      worse: 'below',
      holdSeconds: 60,
      summary: 'The health check {check} fails',
      panel: 'health-status',
    },
    ...byShare('HttpErrors', limits.httpErrorPageShare, limits.httpErrorShare, 120, (severity) => ({
      formula: share(rate(httpServerRequestDuration, serverErrors), rate(httpServerRequestDuration)),
      minimum: { formula: increase(httpServerRequestDuration), limit: limits.httpMinimumRequests ?? 0 },
      summary: `The service answers ${severity === 'page' ? 'many' : 'some'} requests with 5xx`,
      panel: 'http-errors',
    })),
    {
      name: 'HttpSlow',
      formula: quantile(httpServerRequestDuration, 0.95, { by: ['route'] }),
      limit: limits.httpSlowSeconds,
      unit: 'seconds',
      holdSeconds: 600,
      minimum: {
        formula: increase(httpServerRequestDuration, { by: ['route'] }),
        limit: limits.httpMinimumRequests ?? 0,
      },
      summary: 'Requests to {route} are slow',
      panel: 'http-p95',
    },
    {
      name: 'QueueBacklog',
      formula: current(workflow.queueDepth, { by: ['queue_name'] }),
      limit: limits.queueDepth,
      holdSeconds: 900,
      summary: 'Many items wait in the queue {queue_name}',
      panel: 'queue-depth',
    },
    ...byShare('AiErrors', limits.aiErrorPageShare, limits.aiErrorShare, 120, (severity) => ({
      formula: share(rate(provider.aiRequestsFailed, byProvider), rate(provider.aiRequests, byProvider)),
      minimum: { formula: increase(provider.aiRequests, byProvider), limit: limits.aiMinimumRequests ?? 0 },
      summary: `${severity === 'page' ? 'Many' : 'Some'} requests to {provider} fail`,
      panel: 'ai-errors',
    })),
    {
      name: 'AiSlow',
      formula: quantile(provider.aiRequestDuration, 0.95, byProvider),
      limit: limits.aiSlowSeconds,
      unit: 'seconds',
      holdSeconds: 600,
      minimum: {
        formula: increase(provider.aiRequestDuration, byProvider),
        limit: limits.aiMinimumRequests ?? 0,
      },
      summary: 'Requests to {provider} are slow',
      panel: 'ai-duration',
    },
    {
      name: 'AiFirstTokenSlow',
      formula: quantile(provider.aiTimeToFirstToken, 0.95, byProvider),
      limit: limits.aiFirstTokenSeconds,
      unit: 'seconds',
      holdSeconds: 600,
      minimum: {
        formula: increase(provider.aiTimeToFirstToken, byProvider),
        limit: limits.aiMinimumRequests ?? 0,
      },
      summary: '{provider} is slow to send the first token',
      panel: 'ai-first-token',
    },
    {
      name: 'AiHeadroomLow',
      formula: share(
        current(provider.aiRateLimitRemaining, byProvider),
        current(provider.aiRateLimitLimit, byProvider),
      ),
      limit: limits.aiHeadroomShare,
      worse: 'below',
      unit: 'share',
      holdSeconds: 300,
      summary: 'The rate limit of {provider} is nearly used up',
      panel: 'ai-headroom',
    },
    ...byShare(
      'PlatformErrors',
      limits.platformErrorPageShare,
      limits.platformErrorShare,
      300,
      (severity) => ({
        formula: {
          ratio: [
            rate(apiRequests, { match: [startsWith('status_code', '1', '2', '3', '4')], by: ['service'] }),
            rate(apiRequests, { by: ['service'] }),
          ],
          complement: true,
        },
        minimum: {
          formula: increase(apiRequests, { by: ['service'] }),
          limit: limits.platformMinimumRequests ?? 0,
        },
        summary: `${severity === 'page' ? 'Many' : 'Some'} API requests to {service} fail`,
        panel: 'api-errors',
      }),
    ),
    {
      name: 'WebhookFailures',
      formula: share(
        rate(webhooksProcessed, { match: [equals('outcome', 'failure')], by: ['platform'] }),
        rate(webhooksProcessed, { by: ['platform'] }),
      ),
      limit: limits.webhookFailureShare,
      unit: 'share',
      windowSeconds: 900,
      holdSeconds: 300,
      minimum: {
        formula: increase(webhooksProcessed, { by: ['platform'] }),
        limit: limits.webhookMinimum ?? 0,
      },
      summary: 'Webhooks of {platform} cannot be handled',
      panel: 'webhooks-failed',
    },
    {
      name: 'EventLoopLag',
      formula: current('nodejs_eventloop_lag_p99_seconds'),
      limit: limits.eventLoopLagSeconds,
      unit: 'seconds',
      holdSeconds: 600,
      summary: 'The event loop is blocked',
      panel: 'process-lag',
    },
    {
      name: 'MemoryHigh',
      formula: current('process_resident_memory_bytes'),
      limit: limits.memoryBytes,
      unit: 'bytes',
      holdSeconds: 900,
      summary: 'The process uses much memory',
      panel: 'process-memory',
    },
    {
      name: 'MetricsSeriesFolded',
      formula: increase(metricsSeriesFolded, { by: ['metric'] }),
      limit: 0,
      windowSeconds: 3_600,
      holdSeconds: 0,
      summary: 'Series of {metric} become `other`, since it has too many',
      panel: 'pipeline-folded',
    },
    {
      name: 'MetricsRecordingErrors',
      formula: increase(metricsRecordingErrors, { by: ['metric'] }),
      limit: 0,
      windowSeconds: 3_600,
      holdSeconds: 0,
      summary: 'Recordings of {metric} fail',
      panel: 'pipeline-errors',
    },
    {
      name: 'MetricsCollectorErrors',
      formula: increase(metricsCollectorErrors, { by: ['metric'] }),
      // The bundle takes the limit itself for too many.
      limit: (limits.collectorErrors ?? 0) - 1,
      windowSeconds: 900,
      holdSeconds: 0,
      summary: 'The collect function of {metric} fails',
      panel: 'pipeline-errors',
    },
    {
      name: 'MetricsWorkersSilent',
      formula: current(metricsClusterWorkers, { match: [equals('state', 'silent')] }),
      limit: 0,
      holdSeconds: 300,
      summary: 'Workers do not answer',
      panel: 'pipeline-workers',
    },
    {
      name: 'MetricsSnapshotStale',
      formula: current(metricsSnapshotAge),
      limit: limits.snapshotAgeSeconds,
      unit: 'seconds',
      holdSeconds: 120,
      summary: 'The last snapshot is old',
      panel: 'pipeline-snapshot',
    },
  ];
  return rows.flatMap(({ limit, ...row }) =>
    limit === undefined
      ? []
      : [{ severity: 'ticket', worse: 'above', unit: 'none', windowSeconds: 300, ...row, limit }],
  );
}

/** A share with two limits: the higher one pages, the lower one makes a ticket of the name with `Elevated`. */
function byShare(
  name: string,
  pageLimit: number | undefined,
  ticketLimit: number | undefined,
  pageHold: number,
  row: (severity: AlertRule['severity']) => Pick<Row, 'formula' | 'minimum' | 'summary' | 'panel'>,
): Row[] {
  return [
    { ...row('page'), name, severity: 'page', limit: pageLimit, unit: 'share', holdSeconds: pageHold },
    { ...row('ticket'), name: `${name}Elevated`, limit: ticketLimit, unit: 'share', holdSeconds: 900 },
  ];
}
