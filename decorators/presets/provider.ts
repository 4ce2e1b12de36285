/** `@ProviderRequest`: records a request to an AI provider as `ProviderMetrics` does, streamed replies included. */
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
import { secondsSince } from '../../lib/instruments/stopwatch.js';
import { invalidOption, type OptionNames } from '../../lib/option-names.js';
import { providerRateLimit } from '../../lib/outbound/rate-limit-headers.js';
import { headersOf, isRateLimitError, type RateLimitReport } from '../../lib/outbound/rate-limit-result.js';
import { inRequestScope, type RequestScope, requestScope } from '../../lib/outbound/request-scope.js';
import { checkPrices, type PriceTable, type TokenUsage } from '../../lib/recorders/prices.js';
import { ProviderMetrics } from '../../lib/recorders/provider.js';
import { ProviderRequests, type RequestWork } from '../../lib/recorders/provider-requests.js';
import { propertiesOf, textIn } from '../../lib/unknown-values.js';
import type { Call } from '../call.js';
import type { ExemplarOption } from '../exemplar-option.js';
import { checkParentheses, type DualModeMethodDecorator } from '../method-decorator.js';
import { type CallOf, checkFunctionOption, type DecoratorOptions } from '../metric-decorator.js';
import type { CallObserver } from '../observed-call.js';
import { anthropicUsage } from './anthropic-usage.js';
import { openaiUsage } from './openai-usage.js';
import {
  methodName,
  type Preset,
  type PresetLabels,
  type PresetOption,
  type PresetOptions,
  presetDecorator,
} from './preset.js';
import { noFacts, type ReplyFacts, type ReplyStream, recognizingReader, type UsageReader } from './usage.js';

/** The options of `@ProviderRequest`. */
export interface ProviderRequestOptions<C extends Call>
  extends DecoratorOptions<C['instance']>,
    ExemplarOption<C> {
  /**
   * Label sources, read at the start of a request. Default: the labels of `@Instrumented`; without those, `provider` is the
   * name of the class, `model` the property `model` of the first argument, and `operation` the name of the method.
   */
  labels?: PresetLabels<'provider' | 'model' | 'operation', C>;
  /**
   * How the usage is read from a reply: `anthropicUsage`, `openaiUsage`, or a function of the call that returns tokens by
   * type. Default: replies of both SDKs, recognized by their shape.
   */
  usage?: UsageReader | ((call: C) => Partial<TokenUsage> | undefined);
  /**
   * US dollars per million tokens, by model: the requested model, else the one that answered. A reply of a model without a
   * price counts in `ai_unpriced_requests_total`. Default: no prices.
   */
  prices?: PriceTable;
  /**
   * The rate limit that the call reports. Default: an error with `status` 429 counts as limited, and its `headers` hold the
   * state of the limit.
   */
  rateLimit?: (call: C) => RateLimitReport | undefined;
  /** The reason why this request retries another one; `undefined` if it is not a retry. Read at the start. Default: none. */
  retry?: (call: C) => string | undefined;
}

/** The default of `usage`: replies of whichever SDK they come from. */
export const sdkUsage: UsageReader = recognizingReader([anthropicUsage, openaiUsage]);

/**
 * Records each call of the method as a request to an AI provider: `ai_requests_total`, `ai_requests_in_progress`,
 * `ai_requests_successful_total` or `ai_requests_failed_total`, and `ai_request_duration_seconds`; from the reply
 * `ai_tokens_total`, and `ai_cost_usd_total` or `ai_unpriced_requests_total`; for a streamed reply, whose call ends when it
 * has been read, also `ai_time_to_first_token_seconds`; of rate limits `ai_rate_limits_total`,
 * `ai_rate_limit_reset_seconds`, `ai_rate_limit_remaining` and `ai_rate_limit_limit`. If `instrumentFetch` is active in the
 * same registry, rate limits and retries of the HTTP requests within the call are recorded there, and not a second time here.
 * @throws at class definition ERR_METRICS_INVALID_DECORATION on anything but a method, ERR_METRICS_INVALID_OPTION,
 *   ERR_METRICS_DEFINITION_CONFLICT
 * @example
 * \@ProviderRequest({ labels: { provider: 'anthropic' }, prices: { 'claude-haiku-4-5': { input: 1, output: 5 } } })
 * async send(request: MessageCreateParams): Promise<Message> { return this.client.messages.create(request); }
 * @see https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/
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
      ownOptions,
      recorderIn: (registry) => new ProviderMetrics({ registry }, new ProviderRequests()),
      observer: (preset) => requesting(preset, given),
    },
    options as PresetOptions<never>,
  );
}

const ownOptions = {
  usage: true,
  prices: true,
  rateLimit: true,
  retry: true,
} satisfies OptionNames<Omit<ProviderRequestOptions<Call>, PresetOption>>;

/** The state of a request between its start and its end. */
interface StartedRequest {
  readonly recorder: ProviderMetrics;
  readonly work: RequestWork;
  /** Set if outgoing HTTP requests are recorded too. */
  readonly scope: RequestScope | undefined;
  /** The reply, if it is streamed. */
  stream: ReplyStream | undefined;
  hasToken: boolean;
}

function requesting(
  { recorderOf, label, read }: Preset<ProviderMetrics>,
  { usage = sdkUsage, prices, rateLimit, retry }: ProviderRequestOptions<Call>,
): CallObserver<StartedRequest | undefined> {
  const reader = typeof usage === 'function' ? undefined : usage;
  const factsOf = (call: Call, { stream }: StartedRequest): ReplyFacts => {
    if (typeof usage === 'function') return { ...noFacts, usage: usageIn(read(usage, call)) };
    return stream?.facts() ?? read((ended: Call) => usage.read(ended.result), call) ?? noFacts;
  };
  return {
    start: (call) => {
      const bound = recorderOf(call);
      if (bound === undefined) return undefined;
      const { recorder, registry } = bound;
      const provider = label('provider', call);
      const model = label('model', call);
      const work = recorder.requests.begin(provider, model, label('operation', call));
      const reason = read(retry, call);
      if (reason !== undefined) recorder.recordRetry(provider, model, reason);
      const scope = requestScope(registry, { provider, model });
      return { recorder, work, scope, stream: undefined, hasToken: false };
    },
    around: (_call, started, run) => inRequestScope(started?.scope, run),
    item: (call, started, item) => {
      if (started === undefined) return;
      started.stream ??= (reader ?? sdkUsage).follow();
      const { stream, recorder, work } = started;
      if (read(() => stream.item(item), call) !== true || started.hasToken) return;
      started.hasToken = true;
      recorder.recordFirstToken(work.provider, work.model, secondsSince(work.startedAt));
    },
    end: (call, started) => {
      if (started === undefined) return;
      const { recorder, work } = started;
      if (call.abandoned) recorder.requests.abandon(work);
      else if (call.outcome === 'success') recorder.requests.complete(work);
      else recorder.requests.fail(work, call.error);
      recordUsage(recorder, work, factsOf(call, started), prices);
      recordRateLimit(started, rateLimit === undefined ? rateLimitOf(call) : read(rateLimit, call));
    },
  };
}

/** The usage that the option returned, if any. Misspelt token types in it are reported by the recorder. */
function usageIn(returned: unknown): Partial<TokenUsage> | undefined {
  const properties = propertiesOf(returned);
  return Object.values(properties).some((tokens) => tokens !== undefined && tokens !== null)
    ? properties
    : undefined;
}

function recordUsage(
  recorder: ProviderMetrics,
  { provider, model }: RequestWork,
  facts: ReplyFacts,
  prices: PriceTable | undefined,
): void {
  const { usage } = facts;
  if (usage === undefined) return;
  // If the request does not name the model, the reply does.
  const named = model === '' ? (facts.model ?? '') : model;
  recorder.recordUsage(provider, named, usage);
  recorder.recordUsageCost(provider, named, usage, prices, facts.model);
}

function recordRateLimit(
  { recorder, work, scope }: StartedRequest,
  reports: RateLimitReport | readonly RateLimitReport[] | undefined,
): void {
  if (reports === undefined || (scope !== undefined && scope.requests > 0)) return;
  const { provider, model } = work;
  for (const { limited = false, ...state } of [reports].flat()) {
    if (limited) recorder.recordRateLimit(provider);
    recorder.setRateLimit(provider, { ...state, model });
  }
}

/** The rate limits that an error of an SDK reports. */
function rateLimitOf({ error }: Call): readonly RateLimitReport[] | undefined {
  if (!isRateLimitError(error)) return undefined;
  return [{ limited: true }, ...providerRateLimit(headersOf(error), Date.now(), true)];
}

function checkUsage(usage: unknown): void {
  if (usage === undefined || typeof usage === 'function') return;
  const { read, follow } = propertiesOf(usage);
  if (typeof read === 'function' && typeof follow === 'function') return;
  const expected = 'anthropicUsage, openaiUsage or a function of the call';
  throw invalidOption('@ProviderRequest', 'usage', expected, usage);
}
