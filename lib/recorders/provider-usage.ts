/** Records the tokens and the cost of replies. */
import { aiCost, aiTokens, aiUnpricedRequests } from '../catalogue/provider.js';
import { containedCounter, givenObject, recordingFailed } from '../contained.js';
import { metricsError, shown } from '../errors.js';
import type { AnyRegistry } from '../registry.js';
import { costOf, type PriceTable, type TokenUsage, tokenTypes } from './prices.js';

/** A chunk of a streamed reply; other properties are ignored. */
export interface MessageChunk {
  /** Tokens of this chunk. They count as `output`. */
  readonly tokens?: number | undefined;
}

/** Values of the `token_type` label. */
const tokenLabels = {
  input: 'input',
  output: 'output',
  cacheRead: 'cache_read',
  cacheCreation: 'cache_creation',
  reasoning: 'reasoning',
} as const;

/** The part of `ProviderMetrics` that records usage; its methods are documented there. */
export class UsageRecorder {
  readonly #registry: AnyRegistry;
  readonly #prices: PriceTable | undefined;
  readonly #tokens;
  readonly #cost;
  readonly #unpriced;

  constructor(registry: AnyRegistry, prices: PriceTable | undefined) {
    this.#registry = registry;
    this.#prices = prices;
    this.#tokens = containedCounter(registry, aiTokens);
    this.#cost = containedCounter(registry, aiCost);
    this.#unpriced = containedCounter(registry, aiUnpricedRequests);
  }

  get hasPrices(): boolean {
    return this.#prices !== undefined;
  }

  recordUsage(provider: string, model: string, usage: Partial<TokenUsage>): void {
    const given = givenObject(this.#registry, aiTokens.name, 'usage', usage);
    for (const type of tokenTypes) {
      const tokens = given[type] as number | null | undefined;
      if (tokens !== undefined && tokens !== null)
        this.#tokens({ provider, model, token_type: tokenLabels[type] }, tokens);
    }
    const unknown = Object.keys(given).find((name) => !Object.hasOwn(tokenLabels, name));
    if (unknown !== undefined) {
      this.#failed(
        `Unknown type of tokens \`${unknown}\` on metric \`${aiTokens.name}\`: expected some of ${tokenTypes.join(', ')}, received ${shown(Object.keys(given))}. The other types were recorded.`,
      );
    }
  }

  /** Records the tokens of the chunks of a streamed reply as `output`. */
  recordChunks(provider: string, model: string, chunks: unknown): void {
    if (!Array.isArray(chunks)) {
      this.#failed(
        `Invalid chunks of metric \`${aiTokens.name}\`: expected an array of { tokens? }, received ${shown(chunks)}. No tokens were recorded.`,
      );
      return;
    }
    const tokens = (chunks as readonly ({ readonly tokens?: unknown } | null | undefined)[])
      .map((chunk) => chunk?.tokens ?? 0)
      // A value that is not a number makes the sum NaN, which the counter reports; adding a bigint would throw.
      .reduce((sum: number, each) => sum + (typeof each === 'number' ? each : Number.NaN), 0);
    if (tokens !== 0) this.#tokens({ provider, model, token_type: 'output' }, tokens);
  }

  recordCost(provider: string, model: string, usd: number): void {
    this.#cost({ provider, model }, usd);
  }

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

  #failed(message: string): void {
    recordingFailed(this.#registry, aiTokens.name, metricsError('ERR_METRICS_INVALID_VALUE', message));
  }
}
