/** `@ProviderRequest`: everything that `ProviderMetrics` records of a request to an AI provider, streamed replies included. */
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
} from '../../lib/catalogue/provider.js';
import { metricsError, shown } from '../../lib/errors.js';
import { secondsSince, startedAt } from '../../lib/instruments/stopwatch.js';
import { providerRateLimit } from '../../lib/outbound/rate-limit-headers.js';
import { headersOf, isRateLimitError, type RateLimitReport } from '../../lib/outbound/rate-limit-result.js';
import type { RequestScope } from '../../lib/outbound/request-scope.js';
import { checkPrices, type PriceTable, type TokenUsage } from '../../lib/recorders/prices.js';
import { ProviderMetrics } from '../../lib/recorders/provider.js';
import type { AiRequest } from '../../lib/recorders/provider-requests.js';
import { ProviderRequests } from '../../lib/recorders/provider-requests.js';
import { propertiesOf, textIn } from '../../lib/unknown-values.js';
import type { Call } from '../call.js';
import { checkParentheses, type DualModeMethodDecorator } from '../method-decorator.js';
import { type CallOf, type CommonOptions, checkFunctionOption } from '../metric-decorator.js';
import type { CallObserver } from '../observed-call.js';
import { methodName, type Preset, type PresetLabels, presetDecorator } from './preset.js';
import { inRequestScope, requestScope } from './preset-scope.js';
import { sdkUsage } from './sdk-usage.js';
import { noFacts, type ReplyFacts, type ReplyStream, type UsageReader } from './usage.js';

export interface ProviderRequestOptions<C extends Call> extends CommonOptions<C['instance']> {
  /**
   * Sources, read at the start of a request. What is left out is taken from `@Instrumented({ labels })`; where that says
   * nothing, `provider` is the name of the class, `model` the property `model` of the first argument, and `operation` the
   * name of the method.
   */
  labels?: PresetLabels<'provider' | 'model' | 'operation', C>;
  /**
   * How replies report their usage: `anthropicUsage`, `openaiUsage`, or a function of the call for replies of one's own.
   * Default: replies of both SDKs, recognized by their shape.
   */
  usage?: UsageReader | ((call: C) => Partial<TokenUsage> | undefined);
  /**
   * US dollars for a million tokens, by model: the one asked for, else the one that answered. A reply whose model has no price
   * counts in `ai_unpriced_requests_total`; without a table that is every reply that reports its usage.
   */
  prices?: PriceTable;
  /**
   * What the call reports of the rate limit. Default: an error with `status` 429 limited it, and its `headers` say how long.
   */
  rateLimit?: (call: C) => RateLimitReport | undefined;
  /** Why this request is a retry of another; `undefined` where it is none. Read at the start. */
  retry?: (call: C) => string | undefined;
}

/**
 * A call of the method is a request to an AI provider: `ai_requests_total`, `ai_requests_in_progress` while it runs,
 * `ai_requests_successful_total` or `ai_requests_failed_total`, `ai_request_duration_seconds`, and of the reply
 * `ai_tokens_total`, `ai_cost_usd_total` or `ai_unpriced_requests_total`; of a streamed reply, which ends when it has been
 * read, `ai_time_to_first_token_seconds` too; of rate limits `ai_rate_limits_total`, `ai_rate_limit_reset_seconds`,
 * `ai_rate_limit_remaining` and `ai_rate_limit_limit`. With `instrumentFetch` on in the same registry, what the wire sees of them is left to it.
 * @throws at class definition ERR_METRICS_INVALID_DECORATION on anything but a method, ERR_METRICS_INVALID_OPTION,
 *   ERR_METRICS_DEFINITION_CONFLICT
 * @example
 * \@ProviderRequest({ labels: { provider: 'anthropic' }, prices: { 'claude-haiku-4-5': { input: 1, output: 5 } } })
 * async send(request: MessageCreateParams): Promise<Message> { return this.client.messages.create(request); }
 */
export function ProviderRequest<This, Args extends unknown[], Result>(
  ...args: [options?: ProviderRequestOptions<CallOf<This, Args, Result>>]
): DualModeMethodDecorator<This, Args, Result> {
  checkParentheses('ProviderRequest', args);
  const [options = {}] = args;
  const given = (options ?? {}) as ProviderRequestOptions<Call>;
  checkPrices('@ProviderRequest', given.prices);
  checkUsage(given.usage);
  checkFunctionOption('ProviderRequest', 'rateLimit', given.rateLimit);
  checkFunctionOption('ProviderRequest', 'retry', given.retry);
  return presetDecorator(
    {
      decorator: 'ProviderRequest',
      definitions: [
        aiRequests,
        aiRequestsInProgress,
        aiRequestsSuccessful,
        aiRequestsFailed,
        aiRequestDuration,
        aiTimeToFirstToken,
        aiTokens,
        aiCost,
        aiUnpricedRequests,
        aiRetries,
        aiRateLimits,
        aiRateLimitReset,
        aiRateLimitRemaining,
        aiRateLimitLimit,
      ],
      labels: {
        provider: (call, site) => site.className(call),
        model: ({ args: [request] }) => textIn(propertiesOf(request).model) ?? '',
        operation: methodName,
      },
      ownOptions: ['usage', 'prices', 'rateLimit', 'retry'],
      recorderIn: (registry) => new ProviderMetrics({ registry }, new ProviderRequests()),
      observer: (preset) => requesting(preset, given),
    },
    options as CommonOptions<never>,
  );
}

/** What is kept of a request between its start and its end. */
interface Started {
  readonly recorder: ProviderMetrics;
  readonly request: Required<AiRequest>;
  readonly startedAt: number;
  /** Where the wire records too. */
  readonly scope: RequestScope | undefined;
  /** The reply, while it is streamed. */
  stream: ReplyStream | undefined;
  hasToken: boolean;
}

function requesting(
  { recorderOf, label, read }: Preset<ProviderMetrics>,
  { usage = sdkUsage, prices, rateLimit, retry }: ProviderRequestOptions<Call>,
): CallObserver {
  const reader = typeof usage === 'function' ? undefined : usage;
  const factsOf = (call: Call, { stream }: Started): ReplyFacts => {
    if (typeof usage === 'function') return { ...noFacts, usage: usageIn(read(usage, call)) };
    return stream?.facts() ?? read((ended: Call) => usage.read(ended.result), call) ?? noFacts;
  };
  return {
    start: (call): Started | undefined => {
      const bound = recorderOf(call);
      if (bound === undefined) return undefined;
      const { recorder, registry } = bound;
      const request = {
        provider: label('provider', call),
        model: label('model', call),
        operation: label('operation', call),
      };
      recorder.recordRequestStart(request);
      const reason = read(retry, call);
      if (reason !== undefined) recorder.recordRetry(request.provider, request.model, reason);
      const { provider, model } = request;
      const scope = requestScope(registry, { provider, model });
      return { recorder, request, startedAt: startedAt(), scope, stream: undefined, hasToken: false };
    },
    around: (_call, started, run) => inRequestScope((started as Started | undefined)?.scope, run),
    item: (call, started, item) => {
      const one = started as Started | undefined;
      if (one === undefined) return;
      one.stream ??= (reader ?? sdkUsage).follow();
      const { stream } = one;
      if (read(() => stream.item(item), call) !== true || one.hasToken) return;
      one.hasToken = true;
      one.recorder.recordFirstToken(one.request.provider, one.request.model, secondsSince(one.startedAt));
    },
    end: (call, started) => {
      const one = started as Started | undefined;
      if (one === undefined) return;
      const { recorder, request } = one;
      if (call.abandoned) recorder.recordRequestAbandoned(request);
      else if (call.outcome === 'success') recorder.recordRequestComplete(request);
      else recorder.recordRequestError(request, call.error);
      recordUsage(recorder, request, factsOf(call, one), prices);
      recordRateLimit(one, rateLimit === undefined ? rateLimitOf(call) : read(rateLimit, call));
    },
  };
}

/** The usage that a function gave, if any: what is misspelt in it is for the recorder to say. */
function usageIn(told: unknown): Partial<TokenUsage> | undefined {
  const properties = propertiesOf(told);
  return Object.values(properties).some((tokens) => tokens !== undefined && tokens !== null)
    ? properties
    : undefined;
}

function recordUsage(
  recorder: ProviderMetrics,
  { provider, model }: AiRequest,
  facts: ReplyFacts,
  prices: PriceTable | undefined,
): void {
  const { usage } = facts;
  if (usage === undefined) return;
  // A method whose request does not name the model learns it from the reply.
  const named = model === '' ? (facts.model ?? '') : model;
  recorder.recordUsage(provider, named, usage);
  recorder.recordUsageCost(provider, named, usage, prices, facts.model);
}

function recordRateLimit(
  { recorder, request, scope }: Started,
  told: RateLimitReport | readonly RateLimitReport[] | undefined,
): void {
  if (told === undefined || (scope !== undefined && scope.requests > 0)) return;
  const { provider, model } = request;
  for (const { limited = false, ...state } of [told].flat()) {
    if (limited) recorder.recordRateLimit(provider);
    recorder.setRateLimit(provider, { ...state, model });
  }
}

/** What an error of an SDK reports. */
function rateLimitOf({ error, outcome }: Call): readonly RateLimitReport[] | undefined {
  if (outcome === 'success' || !isRateLimitError(error)) return undefined;
  return [{ limited: true }, ...providerRateLimit(headersOf(error), Date.now(), true)];
}

function checkUsage(usage: unknown): void {
  if (usage === undefined || typeof usage === 'function') return;
  const { read, follow } = propertiesOf(usage);
  if (typeof read === 'function' && typeof follow === 'function') return;
  throw metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`usage\` of @ProviderRequest: expected anthropicUsage, openaiUsage or a function of the call, received ${shown(usage)}.`,
  );
}
