/** Records events of git platforms, one call per event. */
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
import { containedCounter, containedTimes, givenObject, recordingFailed } from '../contained.js';
import { metricsError } from '../errors.js';
import { methodLabel } from '../http-method.js';
import {
  defaultResource,
  momentError,
  momentOf,
  type RateLimitState,
  rateLimitRecorder,
  type TimeInput,
} from '../outbound/rate-limits.js';
import type { AnyRegistry } from '../registry.js';
import { type RecorderOptions, type RegistryCollector, recorderOptions } from './recorder-options.js';

/** An issue; other properties are ignored. */
export interface Issue {
  /** The label `repository`, for example `owner/name`. */
  readonly repository: string;
}

/** A pull request; other properties are ignored. */
export interface PullRequest {
  /** The label `repository`, for example `owner/name`. */
  readonly repository: string;
  /** When it was opened. */
  readonly createdAt?: TimeInput | null | undefined;
  /** When it was merged. */
  readonly mergedAt?: TimeInput | null | undefined;
}

/**
 * Records events of git platforms. A metric is registered when it is first recorded. No method throws: a failed recording is
 * counted in `metrics_recording_errors_total` and reported once as a warning.
 * @example
 * const platforms = new PlatformMetrics();
 * platforms.recordPRMerged('github', { repository: 'tamma/core', createdAt: pr.created_at, mergedAt: pr.merged_at });
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
  readonly #received;
  readonly #processed;

  /**
   * @param target a collector with a registry, or options. Default: `{ registry: sharedRegistry }`.
   * @throws ERR_METRICS_INVALID_OPTION for unknown options or an invalid registry
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
    this.#rateLimits = rateLimitRecorder(registry, {
      limited: platformRateLimits,
      reset: platformRateLimitReset,
      remaining: platformRateLimitRemaining,
      limit: platformRateLimitLimit,
    });
    this.#received = containedCounter(registry, webhooksReceived);
    this.#processed = containedCounter(registry, webhooksProcessed);
  }

  /**
   * Records a finished request to the API of a platform in `api_requests_total` and `api_request_duration_seconds`, with the
   * service `git_platform`. Record a request with this method or with `instrumentFetch`, not with both.
   * @param _endpoint the requested path. It is not recorded: paths have too many values for a label.
   * @param status the HTTP status code, or the code of a network error
   * @param seconds the duration
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

  /** Records a finished request as `recordAPIRequest` does, with another value of the label `service`. */
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

  /** Increments `issues_created_total`. @param issue the issue, or its repository */
  recordIssueCreated(platform: string, issue: Issue | string): void {
    this.#issues({ platform, repository: this.#repositoryOf(issue, 'issue', issuesCreated.name) });
  }

  /** Increments `prs_created_total`. @param pr the pull request, or its repository */
  recordPRCreated(platform: string, pr: PullRequest | string): void {
    this.#opened({ platform, repository: this.#repositoryOf(pr, 'pull request', prsCreated.name) });
  }

  /**
   * Records a merged pull request: increments `prs_merged_total`, and observes `pr_lifetime_hours` if both times are given.
   * Invalid times, or a merge before the creation, count as a recording error; the merge is counted nevertheless.
   */
  recordPRMerged(platform: string, pr: PullRequest): void;
  /** Records a merged pull request by its repository and times. */
  recordPRMerged(
    platform: string,
    repository: string,
    createdAt?: TimeInput | null,
    mergedAt?: TimeInput | null,
  ): void;
  recordPRMerged(
    platform: string,
    pr: PullRequest | string,
    ...times: (TimeInput | null | undefined)[]
  ): void {
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
   * Records that the platform limited the rate: increments `platform_rate_limits_total` and sets
   * `platform_rate_limit_reset_seconds`, which counts down until the reset.
   * @param resetTime when requests are allowed again; `undefined` if the platform does not say
   * @param resource the limited resource, for example `core` or `search`. Default: `requests`.
   */
  recordRateLimit(platform: string, resetTime?: TimeInput, resource: string = defaultResource): void {
    this.#rateLimits.limited({ platform });
    this.#rateLimits.reset({ platform, resource }, resetTime);
  }

  /**
   * Sets the state of a rate limit that was not exceeded: `platform_rate_limit_remaining`, `platform_rate_limit_limit` and
   * `platform_rate_limit_reset_seconds`.
   */
  setRateLimit(platform: string, state: RateLimitState): void {
    const { resetTime, resource = defaultResource, remaining, limit } = state ?? {};
    this.#rateLimits.reset({ platform, resource }, resetTime);
    this.#rateLimits.quota({ platform, resource }, remaining, limit);
  }

  /** Increments `webhooks_received_total`. */
  recordWebhookReceived(platform: string, eventType: string): void {
    this.#received({ platform, event_type: eventType });
  }

  /** Increments `webhooks_processed_total`. @param outcome `true` is `success`, `false` is `failure` */
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
