/** What happens with AI providers, recorded by one call each. */
import {
  aiCost,
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
  aiTokens,
  aiUnpricedRequests,
} from '../catalogue/provider.js';
import { errors } from '../catalogue/workflow.js';
import {
  type AnyRegistry,
  containedAmounts,
  containedCounter,
  containedSeries,
  containedTimes,
  givenObject,
  isTime,
  recordingFailed,
} from '../contained.js';
import { errorName } from '../error-name.js';
import { metricsError, shown } from '../errors.js';
import { secondsSince } from '../instruments/stopwatch.js';
import {
  defaultResource,
  type RateLimitState,
  type ResetTime,
  resetCountdown,
} from '../outbound/rate-limits.js';
import { checkPrices, costOf, type PriceTable, type TokenUsage, tokenTypes } from './prices.js';
import { type ProviderRequests, providerRequestsOf, RequestWork } from './provider-requests.js';
import { type RecorderOptions, type RegistryCollector, recorderOptions } from './recorder-options.js';

/** One request to an AI provider. The object itself is what its start and its end are matched by. */
export interface AiRequest {
  readonly provider: string;
  readonly model: string;
  /** What it is for: `message`, `plan`, `review`. Default: an absent label. */
  readonly operation?: string | undefined;
}

/** What is asked of a model, as far as it is read here. The object itself is what its start and its end are matched by. */
export interface MessageRequest {
  readonly model: string;
}

/** A piece of a streamed reply, as far as it is read here. */
export interface MessageChunk {
  /** Tokens that it brought: they count as `output`. */
  readonly tokens?: number | undefined;
}

/** What a provider reports of its rate limit. */
export interface ProviderRateLimitState extends RateLimitState {
  /** The model that the limit is of. Default: an absent label. */
  readonly model?: string | undefined;
}

export interface ProviderMetricsOptions extends RecorderOptions {
  /**
   * Prices by model. With them `recordTokenUsage` records the cost too, or counts a model without a price. Default:
   * none, and cost is recorded by `recordCost` alone.
   */
  readonly prices?: PriceTable;
}

/**
 * Records requests to AI providers and what they use. A metric registers when it is first recorded. No method throws: what cannot be recorded is counted in
 * `metrics_recording_errors_total` and warned of once. Durations are seconds, finite and 0 or more.
 */
export class ProviderMetrics {
  readonly #registry: AnyRegistry;
  readonly #prices: PriceTable | undefined;
  readonly #open: ProviderRequests;
  readonly #requests;
  readonly #successful;
  readonly #failed;
  readonly #inProgress;
  readonly #duration;
  readonly #durations;
  readonly #firstToken;
  readonly #tokens;
  readonly #cost;
  readonly #unpriced;
  readonly #retries;
  readonly #rateLimits;
  readonly #reset;
  readonly #errors;
  readonly #remaining;
  readonly #limit;

  /**
   * @param target a collector, whose registry is recorded in, or options. Default: `sharedRegistry`.
   * @param open the requests in progress. Default: those of the registry, shared with its other recorders. Presets have their
   *   own, since a recorder that names a request by its model alone must not end one of theirs.
   * @throws ERR_METRICS_INVALID_OPTION, also for prices that are none
   */
  constructor(target: RegistryCollector | ProviderMetricsOptions = {}, open?: ProviderRequests) {
    const { registry, prices } = recorderOptions<ProviderMetricsOptions>('ProviderMetrics', target, {
      registry: true,
      prices: true,
    });
    checkPrices('ProviderMetrics', prices);
    this.#registry = registry;
    this.#prices = prices;
    this.#open = open ?? providerRequestsOf(registry);
    this.#requests = containedCounter(registry, aiRequests);
    this.#successful = containedSeries(registry, aiRequestsSuccessful, (definition) =>
      registry.counter(definition),
    );
    this.#failed = containedCounter(registry, aiRequestsFailed);
    this.#inProgress = containedSeries(registry, aiRequestsInProgress, (definition) =>
      registry.gauge(definition),
    );
    this.#duration = containedTimes(registry, aiRequestDuration);
    this.#durations = containedSeries(registry, aiRequestDuration, (definition) =>
      registry.histogram(definition),
    );
    this.#firstToken = containedTimes(registry, aiTimeToFirstToken);
    this.#tokens = containedCounter(registry, aiTokens);
    this.#cost = containedCounter(registry, aiCost);
    this.#unpriced = containedCounter(registry, aiUnpricedRequests);
    this.#retries = containedCounter(registry, aiRetries);
    this.#rateLimits = containedCounter(registry, aiRateLimits);
    this.#errors = containedCounter(registry, errors);
    this.#reset = resetCountdown(registry, aiRateLimitReset);
    this.#remaining = containedAmounts(registry, aiRateLimitRemaining);
    this.#limit = containedAmounts(registry, aiRateLimitLimit);
  }

  /**
   * A request starts: `ai_requests_total`, and `ai_requests_in_progress` up. Call what it returns when the request ends:
   * it observes `ai_request_duration_seconds` and returns the seconds. How it ended is reported by `recordRequestComplete` or
   * `recordRequestError`, which time it too: it is timed once, by whichever comes first. Give them the same object;
   * with another one that names the same provider and model, the request that has run the longest is meant.
   */
  recordRequestStart(providerName: string, request: MessageRequest): () => number;
  recordRequestStart(request: AiRequest): () => number;
  recordRequestStart(...call: readonly unknown[]): () => number {
    const { request, provider, model, operation } = this.#asked(call, aiRequests.name);
    const series = this.#inProgress({ provider });
    series?.inc();
    this.#requests({ provider, model, operation });
    const open = this.#open.of(provider, model);
    const work = new RequestWork(request, series, open);
    open.start(work);
    return () => {
      const seconds = secondsSince(work.startedAt);
      if (!work.timed) {
        this.#time(work, provider, model, seconds);
        open.stop(work);
      }
      return seconds;
    };
  }

  /**
   * A request ends well: `ai_requests_successful_total`, and its duration, where the stop function has not observed it.
   * The first end of a request counts. The tokens of `chunks` count as `output`; leave them out of `recordTokenUsage` then.
   * @param seconds how long it took. Default: the time since its start, where that was recorded.
   */
  recordRequestComplete(
    providerName: string,
    request: MessageRequest,
    chunks?: readonly MessageChunk[],
    seconds?: number,
  ): void;
  recordRequestComplete(request: AiRequest, seconds?: number): void;
  recordRequestComplete(first: string | AiRequest, ...rest: unknown[]): void {
    const isNamed = typeof first === 'string';
    const { request, provider, model } = this.#asked([first, rest[0]], aiRequestsSuccessful.name);
    const [chunks, seconds] = (isNamed ? rest.slice(1) : [undefined, rest[0]]) as [
      unknown,
      number | undefined,
    ];
    if (!this.#end(request, provider, model, seconds)) return;
    if (chunks !== undefined) this.#chunks(provider, model, chunks);
    const open = this.#open.of(provider, model);
    if (open.isShared) this.#successful({ provider, model })?.inc();
    else {
      open.successful ??= this.#successful({ provider, model });
      open.successful?.inc();
    }
  }

  /**
   * A request fails: `ai_requests_failed_total` by the class of the error, and its duration as with `recordRequestComplete`.
   * Named by its provider, it also counts in `errors_total` (severity `medium`, component `ai_provider`).
   */
  recordRequestError(providerName: string, request: MessageRequest, error: unknown, seconds?: number): void;
  recordRequestError(request: AiRequest, error: unknown, seconds?: number): void;
  recordRequestError(first: string | AiRequest, ...rest: unknown[]): void {
    const isNamed = typeof first === 'string';
    const { request, provider, model } = this.#asked([first, rest[0]], aiRequestsFailed.name);
    const [error, seconds] = (isNamed ? rest.slice(1) : rest) as [unknown, number | undefined];
    if (!this.#end(request, provider, model, seconds)) return;
    const error_type = errorName(error);
    this.#failed({ provider, model, error_type });
    if (isNamed) this.#errors({ error_type, severity: 'medium', component: 'ai_provider' });
  }

  /**
   * A request is given up without an end that anyone saw, a stream that was never read for instance: it is no longer in
   * progress, and neither timed nor counted as ended.
   */
  recordRequestAbandoned(request: AiRequest): void {
    const { provider = '', model = '' } = this.#given(request, aiRequestsInProgress.name);
    const work = this.#open.of(provider, model).end(request);
    if (work === undefined || work === 'ended' || work.timed) return;
    work.timed = true;
    work.inProgress?.dec();
  }

  /**
   * The provider limited the rate: `ai_rate_limits_total`, and `ai_rate_limit_reset_seconds`, which counts down from now on.
   * @param resetTime when to ask again; `undefined` where the provider does not say
   * @param resource what was limited, `tokens` for instance. Default: `requests`.
   */
  recordRateLimit(provider: string, resetTime?: ResetTime, resource: string = defaultResource): void {
    this.#rateLimits({ provider });
    if (resetTime !== undefined) this.#reset({ provider, resource }, resetTime);
  }

  /**
   * The provider reports its limit without having limited: `ai_rate_limit_remaining`, `ai_rate_limit_limit` and
   * `ai_rate_limit_reset_seconds`.
   */
  setRateLimit(provider: string, state: ProviderRateLimitState): void {
    const { resetTime, remaining, limit, resource = defaultResource, model = '' } = state ?? {};
    if (resetTime !== undefined) this.#reset({ provider, resource }, resetTime);
    if (remaining !== undefined) this.#remaining({ provider, model, resource }, remaining);
    if (limit !== undefined) this.#limit({ provider, model, resource }, limit);
  }

  /**
   * Tokens of a reply: `ai_tokens_total` by type. The types are disjoint: `input` leaves out what a cache held, `output` what
   * was reasoning. With `prices`, the cost too.
   */
  recordTokenUsage(
    provider: string,
    model: string,
    input: number,
    output: number,
    more: Omit<TokenUsage, 'input' | 'output'> = {},
  ): void {
    this.recordUsage(provider, model, { ...more, input, output });
    if (this.#prices !== undefined) this.recordUsageCost(provider, model, { ...more, input, output });
  }

  /** Tokens of a reply, as far as it tells them: `ai_tokens_total` by type. */
  recordUsage(provider: string, model: string, usage: Partial<TokenUsage>): void {
    const given = givenObject(this.#registry, aiTokens.name, 'usage', usage);
    for (const type of tokenTypes) {
      const tokens = given[type] as number | null | undefined;
      if (tokens !== undefined && tokens !== null)
        this.#tokens({ provider, model, token_type: tokenLabels[type] }, tokens);
    }
    const unknown = Object.keys(given).find((name) => !Object.hasOwn(tokenLabels, name));
    if (unknown !== undefined) {
      recordingFailed(
        this.#registry,
        aiTokens.name,
        metricsError(
          'ERR_METRICS_INVALID_VALUE',
          `Unknown kind of tokens \`${unknown}\` on metric \`${aiTokens.name}\`: expected some of ${tokenTypes.join(', ')}, received ${shown(Object.keys(given))}. The others were recorded.`,
        ),
      );
    }
  }

  /** The first token of a streamed reply came so many seconds after the request. */
  recordFirstToken(provider: string, model: string, seconds: number): void {
    this.#firstToken({ provider, model }, seconds);
  }

  /** A reply cost so much, in US dollars. */
  recordCost(provider: string, model: string, usd: number): void {
    this.#cost({ provider, model }, usd);
  }

  /**
   * The cost of a reply by a price table: `ai_cost_usd_total`, or `ai_unpriced_requests_total` where the table does not say.
   * @param answeredBy the model that answered, whose price is taken where the one that was asked has none
   */
  recordUsageCost(
    provider: string,
    model: string,
    usage: Partial<TokenUsage>,
    prices: PriceTable | undefined = this.#prices,
    answeredBy?: string,
  ): void {
    try {
      const cost =
        costOf(prices, model, usage) ??
        (answeredBy === undefined ? undefined : costOf(prices, answeredBy, usage));
      if (cost === undefined) this.#unpriced({ provider, model });
      else this.#cost({ provider, model }, cost);
    } catch (error) {
      recordingFailed(this.#registry, aiCost.name, error);
    }
  }

  /** A request is tried again, because of `rate_limit`, `overload` or another of few words. */
  recordRetry(provider: string, model: string, reason: string): void {
    this.#retries({ provider, model, reason });
  }

  /** `false` where the request had ended before. */
  #end(request: AiRequest, provider: string, model: string, seconds: number | undefined): boolean {
    const work = this.#open.of(provider, model).end(request);
    if (work === 'ended') return false;
    if (work === undefined) {
      if (seconds !== undefined) this.#duration({ provider, model }, seconds);
    } else if (!work.timed) this.#time(work, provider, model, seconds ?? secondsSince(work.startedAt));
    return true;
  }

  /** Times a request, once, and takes it off those in progress. */
  #time(work: RequestWork, provider: string, model: string, seconds: number): void {
    work.timed = true;
    work.inProgress?.dec();
    const { open } = work;
    if (!open.isShared && isTime(seconds)) {
      open.duration ??= this.#durations({ provider, model });
      open.duration?.observe(seconds);
    } else this.#duration({ provider, model }, seconds);
  }

  /** The tokens of the pieces of a reply; pieces that bring none are left out. */
  #chunks(provider: string, model: string, chunks: unknown): void {
    if (!Array.isArray(chunks)) {
      recordingFailed(
        this.#registry,
        aiTokens.name,
        metricsError(
          'ERR_METRICS_INVALID_VALUE',
          `Invalid chunks of metric \`${aiTokens.name}\`: expected a list of { tokens? }, received ${shown(chunks)}. No tokens were recorded.`,
        ),
      );
      return;
    }
    const tokens = (chunks as readonly (MessageChunk | null | undefined)[])
      .map((chunk) => chunk?.tokens ?? 0)
      // What is no number makes the sum none, which the counter reports; adding a bigint would throw.
      .reduce((sum, each) => sum + (typeof each === 'number' ? each : Number.NaN), 0);
    if (tokens !== 0) this.#tokens({ provider, model, token_type: 'output' }, tokens);
  }

  /** The two ways to name a request: by the story's `(providerName, request)`, or by an object with both names. */
  #asked(
    [first, second]: readonly unknown[],
    metric: string,
  ): Record<keyof AiRequest, string> & { readonly request: AiRequest } {
    const isNamed = typeof first === 'string';
    const request = (isNamed ? second : first) as AiRequest;
    const { provider = '', model = '', operation = '' } = this.#given(request, metric);
    return isNamed
      ? { request, provider: first, model, operation: operation === '' ? 'message' : operation }
      : { request, provider, model, operation };
  }

  #given(request: AiRequest, metric: string): Partial<AiRequest> {
    return givenObject(this.#registry, metric, 'request', request);
  }
}

/** Values of the `token_type` label. */
const tokenLabels = {
  input: 'input',
  output: 'output',
  cacheRead: 'cache_read',
  cacheCreation: 'cache_creation',
  reasoning: 'reasoning',
} as const;
