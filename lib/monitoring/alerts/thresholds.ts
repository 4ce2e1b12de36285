/** The limits of the alerts, in one table. Other numbers are an option of the bundle: no rule is edited. */
import { check, checkOneOf } from '../checks.js';

/** The limits of the alerts by default. Names end with their unit: `Share` (between 0 and 1), `Seconds`, `Bytes` or `Usd` (US dollars). */
export const defaultThresholds = Object.freeze({
  /** How often a process stops answering scrapes and answers again within an hour. */
  targetFlaps: 4,
  /** Restarts of a process within an hour: more than the deployments of a day. */
  processRestarts: 5,

  /** Share of the workflows of a type that fail within an hour: ticket. */
  workflowFailureShare: 0.2,
  /** The same share: page. */
  workflowFailurePageShare: 0.5,
  /** Minimum of workflows that ended, below which their share of failures and a lack of success say nothing. */
  workflowMinimumEnded: 5,
  /** Seconds for which a workflow may be in progress without ending or finishing a step. */
  workflowStuckSeconds: 3_600,
  /** Seconds within which at least one workflow should succeed if several end. */
  workflowSuccessSeconds: 14_400,
  /** Items waiting in a queue. Several processes may report the same queue. */
  queueDepth: 100,
  /** Seconds for which nothing may be taken from a queue that is not empty. */
  queueAgeSeconds: 1_800,
  /** Seconds for which approvals of a type may be pending without a break. */
  approvalSeconds: 14_400,
  /** Escalations of workflows of a type within an hour. */
  escalationsPerHour: 5,
  /** Escalations of an hour, as a multiple of those of the same hour of any day of the last week. */
  escalationSurgeFactor: 3,

  /** Share of the requests to an AI provider that fail within five minutes: ticket. */
  aiErrorShare: 0.1,
  /** The same share: page. It is also the limit of each provider for the alert that all of them fail. */
  aiErrorPageShare: 0.5,
  /** Minimum of requests to a provider within the window of a rule, below which shares and percentiles say nothing. */
  aiMinimumRequests: 5,
  /** 95th percentile of the duration of a request to a provider: the bound of a bucket, since within one a percentile is a guess. */
  aiSlowSeconds: 81.92,
  /** 95th percentile of the time to the first token: the bound of a bucket. */
  aiFirstTokenSeconds: 10.24,
  /** Rate-limited requests as a share of all within 15 minutes. */
  aiRateLimitedShare: 0.1,
  /** What remains of a rate limit, as a share of it. */
  aiHeadroomShare: 0.1,
  /** Retries per request within 15 minutes; may be above 1. */
  aiRetriesPerRequest: 0.5,
  /** Cost of an hour, as a multiple of that of the same hour of any day of the last week. */
  aiCostSpikeFactor: 3,
  /** Cost of an hour below which there is no spike. */
  aiCostSpikeUsd: 5,
  /** Budget for thirty days, compared with the cost of the last seven days. 0: no budget and no alert. */
  aiMonthlyBudgetUsd: 1_000,

  /** Share of the API requests to a service of a git platform that fail within five minutes: ticket. */
  platformErrorShare: 0.1,
  /** The same share: page. */
  platformErrorPageShare: 0.5,
  /** Minimum of API requests to a service within five minutes, below which their share of failures says nothing. */
  platformMinimumRequests: 10,
  /** How far ahead the quota of a platform is predicted. */
  platformQuotaSeconds: 1_800,
  /** Share of the webhooks of a platform that fail within 15 minutes. */
  webhookFailureShare: 0.1,
  /** Minimum of webhooks of a platform within 15 minutes, below which their share of failures says nothing. */
  webhookMinimum: 5,
  /** Webhooks with an invalid signature or token within 15 minutes. */
  webhookSignatureFailures: 5,

  /** Share of the inbound requests answered with 5xx within five minutes: ticket. */
  httpErrorShare: 0.02,
  /** The same share: page. */
  httpErrorPageShare: 0.1,
  /** Minimum of inbound requests within five minutes, below which shares and percentiles say nothing. */
  httpMinimumRequests: 20,
  /** 95th percentile of the duration of an inbound request to a route: the bound of a bucket. */
  httpSlowSeconds: 2.5,

  /** 99th percentile of the event loop's lag. */
  eventLoopLagSeconds: 0.25,
  /** Resident memory of a process. */
  memoryBytes: 1_500_000_000,

  /** Duration of a scrape as a share of its timeout. */
  scrapeTimeShare: 0.5,
  /** Samples of a scrape as a share of its limit. */
  scrapeSamplesShare: 0.8,
  /** Age of the last snapshot. The limit is at least three times METRICS_SCRAPE_INTERVAL. */
  snapshotAgeSeconds: 300,
  /** Failures of a collect function within 15 minutes. */
  collectorErrors: 3,
  /** Failed pushes to a target within 15 minutes, if none succeeds. */
  pushFailures: 3,
  /** Notifications that fail within ten minutes. */
  notificationFailures: 3,
});

/** The limits of the alerts, by the names of {@link defaultThresholds}. */
export type Thresholds = Readonly<Record<keyof typeof defaultThresholds, number>>;

/**
 * The default thresholds, some of them replaced.
 * @throws ERR_METRICS_INVALID_MONITORING for an unknown name, or a value that is not a number, is not above 0, or is a share of 1 or more
 */
export function thresholdsWith(own: Partial<Thresholds> = {}): Thresholds {
  for (const [name, value] of Object.entries(own) as [string, unknown][]) {
    const what = `threshold \`${name}\``;
    checkOneOf(name, Object.keys(defaultThresholds), 'threshold');
    check(typeof value === 'number' && Number.isFinite(value), what, 'a number', value);
    const isShare = !name.endsWith('Share') || (value > 0 && value < 1);
    check(isShare, what, 'a share above 0 and below 1', value);
    const isUnlimited = value === 0 && name === 'aiMonthlyBudgetUsd';
    check(value > 0 || isUnlimited, what, 'a number above 0', value);
  }
  return Object.freeze({ ...defaultThresholds, ...own });
}
