/** The limits of the alerts, in one table: who wants another number gives it here, and edits no rule. */
import { didYouMean } from '../../errors.js';
import { monitoringError } from '../promql/expression.js';

/** Name -> limit. A name that ends with `Share` is within 0 and 1, with `Seconds` a time, with `Bytes` a size, with `Usd` US dollars. */
export const defaultThresholds = Object.freeze({
  /** Times within an hour that a process stops answering, and answers again. */
  targetFlaps: 4,
  /** Restarts of a process within an hour: more than a day's deployments bring. */
  processRestarts: 5,

  /** Share of the workflows of a type that fail within an hour: ticket. */
  workflowFailureShare: 0.2,
  /** The same share: page. */
  workflowFailurePageShare: 0.5,
  /** Workflows that must have ended, of a type for a share of them to say anything, in all for a lack of success to. */
  workflowMinimumEnded: 5,
  /** Seconds for which a workflow may be in progress without an end or a step. */
  workflowStuckSeconds: 3_600,
  /** Seconds within which a workflow should succeed, where several end. */
  workflowSuccessSeconds: 14_400,
  /** Items that wait in a queue, which is one however many processes report it. */
  queueDepth: 100,
  /** Seconds for which nothing may be taken from a queue that has something. */
  queueAgeSeconds: 1_800,
  /** Seconds for which approvals of a type may wait without a moment at which none does. */
  approvalSeconds: 14_400,
  /** Escalations of a workflow type within an hour. */
  escalationsPerHour: 5,
  /** How many times as many escalations as in the same hour of any day of the last week. */
  escalationSurgeFactor: 3,

  /** Share of the requests to an AI provider that fail within five minutes: ticket. */
  aiErrorShare: 0.1,
  /** The same share: page; also the share at which a provider counts as failing when all of them are looked at. */
  aiErrorPageShare: 0.5,
  /** Requests to a provider within a rule's window, for a share or a percentile of them to say anything. */
  aiMinimumRequests: 5,
  /** 95th percentile of the time of a request to a provider: a bucket, since within one a percentile is a guess. */
  aiSlowSeconds: 81.92,
  /** 95th percentile of the time to the first token: a bucket. */
  aiFirstTokenSeconds: 10.24,
  /** Rate limitings over requests, within a quarter of an hour. */
  aiRateLimitedShare: 0.1,
  /** What a rate limit leaves, as a share of it. */
  aiHeadroomShare: 0.1,
  /** Retries over requests, within a quarter of an hour; may be above 1. */
  aiRetriesPerRequest: 0.5,
  /** How many times the cost of the same hour of any day of the last week. */
  aiCostSpikeFactor: 3,
  /** Cost of an hour below which there is no spike. */
  aiCostSpikeUsd: 5,
  /** Cost of thirty days, at the pace of the last seven; 0 for no budget, and no alert about it. */
  aiMonthlyBudgetUsd: 1_000,

  /** Share of the API requests to a service of a git platform that fail within five minutes: ticket. */
  platformErrorShare: 0.1,
  /** The same share: page. */
  platformErrorPageShare: 0.5,
  /** API requests to a service within five minutes, for a share of them to say anything. */
  platformMinimumRequests: 10,
  /** How far ahead a platform's quota is looked at. */
  platformQuotaSeconds: 1_800,
  /** Share of the webhooks of a platform that could not be handled within a quarter of an hour. */
  webhookFailureShare: 0.1,
  /** Webhooks of a platform within that time, for a share of them to say anything. */
  webhookMinimum: 5,
  /** Webhooks with a false signature or token within a quarter of an hour. */
  webhookSignatureFailures: 5,

  /** Share of the inbound requests answered with 5xx within five minutes: ticket. */
  httpErrorShare: 0.02,
  /** The same share: page. */
  httpErrorPageShare: 0.1,
  /** Inbound requests within five minutes, for a share or a percentile of them to say anything. */
  httpMinimumRequests: 20,
  /** 95th percentile of the time of an inbound request to a route: a bucket. */
  httpSlowSeconds: 2.5,

  /** 99th percentile of the event loop's lag. */
  eventLoopLagSeconds: 0.25,
  /** Resident memory of a process. */
  memoryBytes: 1_500_000_000,

  /** Time of a scrape as a share of what Prometheus allows it. */
  scrapeTimeShare: 0.5,
  /** Samples of a scrape as a share of what Prometheus takes. */
  scrapeSamplesShare: 0.8,
  /** Age of the last snapshot, where snapshots are kept; three of METRICS_SCRAPE_INTERVAL where that is more. */
  snapshotAgeSeconds: 300,
  /** Times that a collect function fails within a quarter of an hour. */
  collectorErrors: 3,
  /** Failed pushes to a target within a quarter of an hour, none succeeding. */
  pushFailures: 3,
  /** Notifications that could not be sent within ten minutes. */
  notificationFailures: 3,
});

/** The limits of the alerts, by the names of {@link defaultThresholds}. */
export type Thresholds = Readonly<Record<keyof typeof defaultThresholds, number>>;

/**
 * The table with some limits replaced.
 * @throws ERR_METRICS_INVALID_MONITORING for a name that there is not, what is no number, is below 0, or is a share that nothing
 *   can be above or below
 */
export function thresholdsWith(own: Partial<Thresholds> = {}): Thresholds {
  for (const [name, value] of Object.entries(own)) {
    if (!Object.hasOwn(defaultThresholds, name)) {
      const known = Object.keys(defaultThresholds);
      throw monitoringError('threshold', `one of ${known.join(', ')}`, name, didYouMean(name, known).trim());
    }
    if (typeof value !== 'number' || !Number.isFinite(value))
      throw monitoringError(`threshold \`${name}\``, 'a number', value);
    if (name.endsWith('Share') && (value <= 0 || value >= 1))
      throw monitoringError(`threshold \`${name}\``, 'a share above 0 and below 1', value);
    if (value <= 0 && !(value === 0 && name === 'aiMonthlyBudgetUsd'))
      throw monitoringError(`threshold \`${name}\``, 'a number above 0', value);
  }
  return Object.freeze({ ...defaultThresholds, ...own });
}
