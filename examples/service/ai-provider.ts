/**
 * Asks a language model, tries again where that helps, and has all of it measured by annotation: `request` is one
 * request on the wire, `complete` is what the workflow calls.
 */
import { setTimeout as elapsed } from 'node:timers/promises';
import { catalogue, sharedRegistry } from '@tamma/observability';
import { Counted, errorType, Timed, TracksGauge } from '@tamma/observability/decorators';
import {
  type LanguageModel,
  type ModelReply,
  type ModelRequest,
  OverloadedError,
  RateLimitedError,
} from './language-model.js';
import { costOf } from './prices.js';

const attempts = 3;

/** Label sources that several annotations share. Written apart from a method, a source says which calls it is for. */
interface RequestCall {
  readonly instance: AiProvider;
  readonly args: readonly [request: ModelRequest, ...others: unknown[]];
}
const provider = ({ instance }: RequestCall): string => instance.name;
const model = ({ args: [request] }: RequestCall): string => request.model;
const byModel = { provider, model };

export class AiProvider {
  readonly name: string;
  readonly models: LanguageModel['models'];
  readonly #model: LanguageModel;
  #resetsAt = new Date(0);

  constructor(model: LanguageModel) {
    this.#model = model;
    this.name = model.provider;
    this.models = model.models;
    // Counts down between requests, so it is computed when it is read, not when it is known.
    sharedRegistry.gauge(catalogue.aiRateLimitReset, {
      collect: (gauge) =>
        gauge.set({ provider: this.name }, Math.max(0, (this.#resetsAt.getTime() - Date.now()) / 1_000)),
    });
  }

  /** Asks, and asks again after a rate limit or an overload. */
  async complete(request: ModelRequest, signal: AbortSignal): Promise<ModelReply> {
    for (let attempt = 1; ; attempt++) {
      try {
        const reply = await this.request(request, signal);
        this.#resetsAt = reply.rateLimit?.resetsAt ?? this.#resetsAt;
        return reply;
      } catch (error) {
        if (error instanceof RateLimitedError) this.#resetsAt = error.resetsAt;
        const reason =
          error instanceof RateLimitedError
            ? 'rate_limit'
            : error instanceof OverloadedError
              ? 'overload'
              : undefined;
        if (reason === undefined || attempt === attempts) throw error;
        await this.backOff(request, reason, attempt, signal);
      }
    }
  }

  @Timed(catalogue.aiRequestDuration, { labels: byModel })
  @TracksGauge(catalogue.aiRequestsInProgress, { labels: { provider } })
  @Counted(catalogue.aiRequests, {
    when: 'called',
    labels: { ...byModel, operation: ({ args: [request] }) => request.operation },
  })
  @Counted(catalogue.aiRequestsSuccessful, { when: 'success', labels: byModel })
  @Counted(catalogue.aiRequestsFailed, { when: 'failure', labels: { ...byModel, error_type: errorType } })
  @Counted(catalogue.aiRateLimits, {
    labels: { provider },
    value: ({ error }) => (error instanceof RateLimitedError ? 1 : undefined),
  })
  @TracksGauge(catalogue.aiRateLimitRemaining, {
    labels: { provider, resource: 'requests' },
    set: ({ result }) => result?.rateLimit?.requestsRemaining,
  })
  @Counted(catalogue.aiTokens, {
    labels: { ...byModel, token_type: 'input' },
    value: ({ result }) => result?.usage.input,
  })
  @Counted(catalogue.aiTokens, {
    labels: { ...byModel, token_type: 'output' },
    value: ({ result }) => result?.usage.output,
  })
  @Counted(catalogue.aiTokens, {
    labels: { ...byModel, token_type: 'cache_read' },
    value: ({ result }) => result?.usage.cacheRead,
  })
  @Counted(catalogue.aiTokens, {
    labels: { ...byModel, token_type: 'cache_creation' },
    value: ({ result }) => result?.usage.cacheCreation,
  })
  @Counted(catalogue.aiCost, {
    labels: byModel,
    value: ({ result, args: [{ model }] }) => result && costOf(model, result.usage),
  })
  @Counted(catalogue.aiUnpricedRequests, {
    labels: byModel,
    value: ({ result, args: [{ model }] }) =>
      result && costOf(model, result.usage) === undefined ? 1 : undefined,
  })
  private async request(request: ModelRequest, signal: AbortSignal): Promise<ModelReply> {
    return this.#model.complete(request, signal);
  }

  @Counted(catalogue.aiRetries, { labels: { ...byModel, reason: ({ args: [, reason] }) => reason } })
  private async backOff(
    _request: ModelRequest,
    _reason: 'rate_limit' | 'overload',
    attempt: number,
    signal: AbortSignal,
  ): Promise<void> {
    await elapsed(20 * 2 ** attempt, undefined, { signal });
  }
}
