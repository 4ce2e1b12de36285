/** Records events of AI providers, one call per event. */
import {
  aiRateLimitLimit,
  aiRateLimitRemaining,
  aiRateLimitReset,
  aiRateLimits,
  aiRequestDuration,
  aiRequests,
  aiRequestsFailed,
  aiRequestsInProgress,
  aiRequestsSuccessful,
  aiRetries,
  aiTimeToFirstToken,
} from '../catalogue/provider.js';
import { errors } from '../catalogue/workflow.js';
import { containedCounter, containedTimes } from '../contained.js';
import { errorName } from '../error-labels.js';
import { secondsSince } from '../instruments/stopwatch.js';
import {
  defaultResource,
  type RateLimitState,
  rateLimitRecorder,
  type TimeInput,
} from '../outbound/rate-limits.js';
import type { AnyRegistry } from '../registry.js';
import { checkPrices, type PriceTable, type TokenUsage } from './prices.js';
import { RequestRecorder } from './provider-request-recorder.js';
import {
  type AiRequest,
  type MessageRequest,
  type ProviderRequests,
  providerRequestsOf,
  requestOf,
} from './provider-requests.js';
import { type MessageChunk, UsageRecorder } from './provider-usage.js';
import { type RecorderOptions, type RegistryCollector, recorderOptions } from './recorder-options.js';

/** The state of a provider's rate limit. */
export interface ProviderRateLimitState extends RateLimitState {
  /** The model that the limit applies to. Default: an absent label. */
  readonly model?: string | undefined;
}

/** Options of {@link ProviderMetrics}. */
export interface ProviderMetricsOptions extends RecorderOptions {
  /**
   * Prices by model. With prices, `recordTokenUsage` also records the cost, or counts the request as unpriced if its model has
   * no price. Default: none, and only `recordCost` records costs.
   */
  readonly prices?: PriceTable;
}

/**
 * Records requests to AI providers, their tokens and costs. A metric is registered when it is first recorded. No method
 * throws: a failed recording is counted in `metrics_recording_errors_total` and reported once as a warning. Durations are in
 * seconds, finite and 0 or more.
 * @example
 * const providers = new ProviderMetrics();
 * const request = { provider: 'anthropic', model: 'claude-sonnet-4', operation: 'review' };
 * providers.recordRequestStart(request);
 * providers.recordRequestComplete(request);
 * providers.recordTokenUsage(request.provider, request.model, reply.usage.input, reply.usage.output);
 * @see https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/
 */
export class ProviderMetrics {
  readonly #registry: AnyRegistry;
  readonly #open: ProviderRequests;
  /** Records requests without matching their ends to their starts, for presets. @internal */
  readonly requests: RequestRecorder;
  readonly #duration;
  readonly #firstToken;
  readonly #usage: UsageRecorder;
  readonly #retries;
  readonly #rateLimits;
  readonly #errors;

  /**
   * @param target a collector with a registry, or options. Default: `{ registry: sharedRegistry }`.
   * @throws ERR_METRICS_INVALID_OPTION for unknown options, an invalid registry or invalid prices
   */
  constructor(target?: RegistryCollector | ProviderMetricsOptions);
  /**
   * @param open the requests in progress. Default: those of the registry. Presets have their own, which no recorder may end.
   * @internal
   */
  constructor(target: RegistryCollector | ProviderMetricsOptions, open?: ProviderRequests);
  constructor(target: RegistryCollector | ProviderMetricsOptions = {}, open?: ProviderRequests) {
    const { registry, prices } = recorderOptions<ProviderMetricsOptions>('ProviderMetrics', target, {
      registry: true,
      prices: true,
    });
    checkPrices('ProviderMetrics', prices);
    this.#registry = registry;
    this.#open = open ?? providerRequestsOf(registry);
    this.requests = new RequestRecorder(registry, this.#open);
    this.#duration = containedTimes(registry, aiRequestDuration);
    this.#firstToken = containedTimes(registry, aiTimeToFirstToken);
    this.#usage = new UsageRecorder(registry, prices);
    this.#retries = containedCounter(registry, aiRetries);
    this.#errors = containedCounter(registry, errors);
    this.#rateLimits = rateLimitRecorder(registry, {
      limited: aiRateLimits,
      reset: aiRateLimitReset,
      remaining: aiRateLimitRemaining,
      limit: aiRateLimitLimit,
    });
  }

  /**
   * Records the start of a request: increments `ai_requests_total` and `ai_requests_in_progress`. Report the end with
   * `recordRequestComplete` or `recordRequestError` and the same object; a different one ends the oldest request of the model.
   * @returns an optional function that observes `ai_request_duration_seconds` and returns the seconds. A request is timed once.
   */
  recordRequestStart(providerName: string, request: MessageRequest): () => number;
  /** The same, with the provider and the operation in `request`. */
  recordRequestStart(request: AiRequest): () => number;
  recordRequestStart(...call: readonly unknown[]): () => number {
    const { request, provider, model, operation } = requestOf(this.#registry, call, aiRequests.name);
    const work = this.requests.begin(provider, model, operation, request);
    const { works } = work.open;
    works.start(work);
    return () => {
      const seconds = secondsSince(work.startedAt);
      if (!work.isTimed) {
        this.requests.time(work, seconds);
        works.stop(work);
      }
      return seconds;
    };
  }

  /**
   * Records the success of a request: `ai_requests_successful_total`, and the duration. Only the first end of a request counts.
   * @param chunks the streamed reply. Its tokens count as `output`; leave them out of `recordTokenUsage` then.
   * @param seconds the duration. Default: the time since the recorded start, if there is one.
   */
  recordRequestComplete(
    providerName: string,
    request: MessageRequest,
    chunks?: readonly MessageChunk[],
    seconds?: number,
  ): void;
  /** The same, with the provider and the operation in `request`. */
  recordRequestComplete(request: AiRequest, seconds?: number): void;
  recordRequestComplete(first: string | AiRequest, ...rest: unknown[]): void {
    const isNamed = typeof first === 'string';
    const { request, provider, model } = requestOf(
      this.#registry,
      [first, rest[0]],
      aiRequestsSuccessful.name,
    );
    const [chunks, seconds] = (isNamed ? rest.slice(1) : [undefined, rest[0]]) as [
      unknown,
      number | undefined,
    ];
    if (!this.#end(request, provider, model, seconds)) return;
    if (chunks !== undefined) this.#usage.recordChunks(provider, model, chunks);
    this.requests.succeeded(this.#open.of(provider, model), provider, model);
  }

  /**
   * Records the failure of a request: `ai_requests_failed_total` by the class of the error, and the duration. The form with
   * `providerName` also increments `errors_total` (severity `medium`, component `ai_provider`).
   * @param seconds the duration. Default: the time since the recorded start, if there is one.
   */
  recordRequestError(providerName: string, request: MessageRequest, error: unknown, seconds?: number): void;
  /** The same, with the provider and the operation in `request`. */
  recordRequestError(request: AiRequest, error: unknown, seconds?: number): void;
  recordRequestError(first: string | AiRequest, ...rest: unknown[]): void {
    const isNamed = typeof first === 'string';
    const { request, provider, model } = requestOf(this.#registry, [first, rest[0]], aiRequestsFailed.name);
    const [error, seconds] = (isNamed ? rest.slice(1) : rest) as [unknown, number | undefined];
    if (!this.#end(request, provider, model, seconds)) return;
    const error_type = errorName(error);
    this.requests.failed({ provider, model, error_type });
    if (isNamed) this.#errors({ error_type, severity: 'medium', component: 'ai_provider' });
  }

  /**
   * Records that a request was abandoned, for example an unread stream: it is no longer in progress and has no outcome.
   */
  recordRequestAbandoned(request: AiRequest): void {
    const { provider, model } = requestOf(this.#registry, [request], aiRequestsInProgress.name);
    const work = this.#open.of(provider, model).works.end(request);
    if (work !== undefined && work !== 'ended') this.requests.abandon(work);
  }

  /**
   * Records that the provider limited the rate: increments `ai_rate_limits_total` and sets `ai_rate_limit_reset_seconds`, which
   * counts down until the reset.
   * @param resetTime when requests are allowed again; `undefined` if the provider does not say
   * @param resource the limited resource, for example `tokens`. Default: `requests`.
   */
  recordRateLimit(provider: string, resetTime?: TimeInput, resource: string = defaultResource): void {
    this.#rateLimits.limited({ provider });
    this.#rateLimits.reset({ provider, resource }, resetTime);
  }

  /**
   * Sets the state of a rate limit: `ai_rate_limit_remaining`, `ai_rate_limit_limit` and `ai_rate_limit_reset_seconds`.
   */
  setRateLimit(provider: string, state: ProviderRateLimitState): void {
    const { resetTime, resource = defaultResource, model = '', remaining, limit } = state ?? {};
    this.#rateLimits.reset({ provider, resource }, resetTime);
    this.#rateLimits.quota({ provider, model, resource }, remaining, limit);
  }

  /**
   * Records the tokens of a reply in `ai_tokens_total`, and its cost if there are `prices`. `input` excludes cached tokens.
   */
  recordTokenUsage(
    provider: string,
    model: string,
    input: number,
    output: number,
    more: Omit<TokenUsage, 'input' | 'output'> = {},
  ): void {
    this.recordUsage(provider, model, { ...more, input, output });
    if (this.#usage.hasPrices) this.#usage.recordUsageCost(provider, model, { ...more, input, output });
  }

  /** Records the tokens of a reply in `ai_tokens_total` by type. Absent types are not recorded. */
  recordUsage(provider: string, model: string, usage: Partial<TokenUsage>): void {
    this.#usage.recordUsage(provider, model, usage);
  }

  /** Observes the seconds from the request to the first token of a streamed reply. */
  recordFirstToken(provider: string, model: string, seconds: number): void {
    this.#firstToken({ provider, model }, seconds);
  }

  /** Adds the cost of a reply, in US dollars, to `ai_cost_usd_total`. */
  recordCost(provider: string, model: string, usd: number): void {
    this.#usage.recordCost(provider, model, usd);
  }

  /**
   * Adds the cost of a reply by a price table to `ai_cost_usd_total`, or counts it in `ai_unpriced_requests_total`.
   * @param prices default: the `prices` of this recorder
   * @param answeredBy the model that replied, whose price is used if the requested model has none
   */
  recordUsageCost(
    provider: string,
    model: string,
    usage: Partial<TokenUsage>,
    prices?: PriceTable,
    answeredBy?: string,
  ): void {
    this.#usage.recordUsageCost(provider, model, usage, prices, answeredBy);
  }

  /** Increments `ai_retries_total`. @param reason `rate_limit`, `overload` or another of few values */
  recordRetry(provider: string, model: string, reason: string): void {
    this.#retries({ provider, model, reason });
  }

  /** `false` if the request had ended before. */
  #end(request: AiRequest, provider: string, model: string, seconds: number | undefined): boolean {
    const work = this.#open.of(provider, model).works.end(request);
    if (work === 'ended') return false;
    if (work === undefined) {
      if (seconds !== undefined) this.#duration({ provider, model }, seconds);
    } else if (!work.isTimed) this.requests.time(work, seconds ?? secondsSince(work.startedAt));
    return true;
  }
}
