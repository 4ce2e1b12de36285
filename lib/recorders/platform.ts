/** What happens on git platforms, recorded by one call each. */
import { apiRequestDuration, apiRequests } from '../catalogue/api.js';
import {
  platformRateLimitLimit,
  platformRateLimitRemaining,
  platformRateLimitReset,
  platformRateLimits,
  webhooksProcessed,
  webhooksReceived,
} from '../catalogue/platform.js';
import { issuesCreated, prLifetime, prsCreated, prsMerged } from '../catalogue/workflow.js';
import {
  type AnyRegistry,
  containedAmounts,
  containedCounter,
  containedTimes,
  givenObject,
  recordingFailed,
} from '../contained.js';
import { metricsError } from '../errors.js';
import { methodLabel } from '../http-method.js';
import {
  defaultResource,
  momentError,
  momentOf,
  type RateLimitState,
  type ResetTime,
  resetCountdown,
} from '../outbound/rate-limits.js';
import { type RecorderOptions, type RegistryCollector, recorderOptions } from './recorder-options.js';

/** A moment: a date, the text of one, or milliseconds since 1970. */
export type Moment = Date | string | number;

/** An issue, as far as it is read here. */
export interface Issue {
  readonly repository: string;
}

/** A pull request, as far as it is read here. */
export interface PullRequest {
  readonly repository: string;
  readonly createdAt?: Moment | null | undefined;
  readonly mergedAt?: Moment | null | undefined;
}

/**
 * Records what happens on git platforms. A metric registers when it is first recorded. No method throws: what cannot be recorded is counted in
 * `metrics_recording_errors_total` and warned of once.
 */
export class PlatformMetrics {
  readonly #registry: AnyRegistry;
  readonly #requests;
  readonly #duration;
  readonly #issues;
  readonly #opened;
  readonly #merged;
  readonly #lifetime;
  readonly #rateLimits;
  readonly #reset;
  readonly #remaining;
  readonly #limit;
  readonly #received;
  readonly #processed;

  /**
   * @param target a collector, whose registry is recorded in, or options. Default: `sharedRegistry`.
   * @throws ERR_METRICS_INVALID_OPTION
   */
  constructor(target: RegistryCollector | RecorderOptions = {}) {
    const { registry } = recorderOptions<RecorderOptions>('PlatformMetrics', target, { registry: true });
    this.#registry = registry;
    this.#requests = containedCounter(registry, apiRequests);
    this.#duration = containedTimes(registry, apiRequestDuration);
    this.#issues = containedCounter(registry, issuesCreated);
    this.#opened = containedCounter(registry, prsCreated);
    this.#merged = containedCounter(registry, prsMerged);
    this.#lifetime = containedTimes(registry, prLifetime);
    this.#rateLimits = containedCounter(registry, platformRateLimits);
    this.#reset = resetCountdown(registry, platformRateLimitReset);
    this.#remaining = containedAmounts(registry, platformRateLimitRemaining);
    this.#limit = containedAmounts(registry, platformRateLimitLimit);
    this.#received = containedCounter(registry, webhooksReceived);
    this.#processed = containedCounter(registry, webhooksProcessed);
  }

  /**
   * A request to the platform's API ended: `api_requests_total` and `api_request_duration_seconds`, with the service
   * `git_platform`. Record it by this or by `instrumentFetch`, not by both.
   * @param _endpoint what was asked. It is not recorded: paths have too many values to be a label.
   * @param status the status code, or the code of a network error
   */
  recordAPIRequest(
    platform: string,
    _endpoint: string,
    method: string,
    status: number | string,
    seconds: number,
  ): void {
    this.recordServiceRequest('git_platform', platform, method, status, seconds);
  }

  /** As `recordAPIRequest`, of a service that has a name of its own, as `instrumentFetch` gives each host one. */
  recordServiceRequest(
    service: string,
    platform: string,
    method: string,
    status: number | string,
    seconds: number,
  ): void {
    const verb = methodLabel(method);
    this.#requests({ service, platform, method: verb, status_code: status });
    this.#duration({ service, platform, method: verb }, seconds);
  }

  /** An issue was opened. @param issue the issue, or its repository */
  recordIssueCreated(platform: string, issue: Issue | string): void {
    this.#issues({ platform, repository: this.#repositoryOf(issue, 'issue', issuesCreated.name) });
  }

  /** A pull request was opened. @param pr the pull request, or its repository */
  recordPRCreated(platform: string, pr: PullRequest | string): void {
    this.#opened({ platform, repository: this.#repositoryOf(pr, 'pull request', prsCreated.name) });
  }

  /**
   * A pull request was merged: `prs_merged_total`, and `pr_lifetime_hours` where both times are given. Times that are none,
   * or a merge before the opening, count as a recording error, and the merge still counts.
   */
  recordPRMerged(platform: string, pr: PullRequest): void;
  recordPRMerged(
    platform: string,
    repository: string,
    createdAt?: Moment | null,
    mergedAt?: Moment | null,
  ): void;
  recordPRMerged(platform: string, pr: PullRequest | string, ...times: (Moment | null | undefined)[]): void {
    const repository = this.#repositoryOf(pr, 'pull request', prsMerged.name);
    const [createdAt, mergedAt] = typeof pr === 'object' && pr !== null ? [pr.createdAt, pr.mergedAt] : times;
    this.#merged({ platform, repository });
    if (createdAt === undefined || createdAt === null || mergedAt === undefined || mergedAt === null) return;
    const [created, merged] = [momentOf(createdAt), momentOf(mergedAt)];
    if (Number.isNaN(created)) this.#failed(momentError(prLifetime.name, '`createdAt`', createdAt));
    else if (Number.isNaN(merged)) this.#failed(momentError(prLifetime.name, '`mergedAt`', mergedAt));
    else if (merged < created) {
      this.#failed(
        metricsError(
          'ERR_METRICS_INVALID_VALUE',
          `Invalid \`mergedAt\` of metric \`${prLifetime.name}\`: expected a time after \`createdAt\` (${new Date(created).toISOString()}), received ${new Date(merged).toISOString()}.`,
        ),
      );
    } else this.#lifetime({ platform, repository }, (merged - created) / 3_600_000);
  }

  /**
   * The platform limited the rate: `platform_rate_limits_total`, and `platform_rate_limit_reset_seconds`, which counts down
   * from now on.
   * @param resetTime when to ask again; `undefined` where the platform does not say
   * @param resource what was limited, `core` or `search` for instance. Default: `requests`.
   */
  recordRateLimit(platform: string, resetTime?: ResetTime, resource: string = defaultResource): void {
    this.#rateLimits({ platform });
    if (resetTime !== undefined) this.#reset({ platform, resource }, resetTime);
  }

  /** The platform reports its limit without having limited: the limit of a resource, what is left, and when it is reset. */
  setRateLimit(platform: string, state: RateLimitState): void {
    const { resetTime, remaining, limit, resource = defaultResource } = state ?? {};
    if (resetTime !== undefined) this.#reset({ platform, resource }, resetTime);
    if (remaining !== undefined) this.#remaining({ platform, resource }, remaining);
    if (limit !== undefined) this.#limit({ platform, resource }, limit);
  }

  /** A webhook arrived. */
  recordWebhookReceived(platform: string, eventType: string): void {
    this.#received({ platform, event_type: eventType });
  }

  /** A webhook has been handled, or could not be. */
  recordWebhookProcessed(
    platform: string,
    eventType: string,
    outcome: boolean | 'success' | 'failure',
  ): void {
    const label = typeof outcome === 'boolean' ? (outcome ? 'success' : 'failure') : outcome;
    this.#processed({ platform, event_type: eventType, outcome: label });
  }

  #repositoryOf(given: Issue | string, what: string, metric: string): string {
    if (typeof given === 'string') return given;
    return givenObject(this.#registry, metric, what, given).repository ?? '';
  }

  #failed(error: Error): void {
    recordingFailed(this.#registry, prLifetime.name, error);
  }
}
