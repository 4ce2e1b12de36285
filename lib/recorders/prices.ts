/** The cost of replies, by a price table of the user; there are no default prices. */
import { metricsError, shown } from '../errors.js';

/** Tokens of one reply by type. The types are disjoint; their sum is the total. */
export interface TokenUsage {
  /** Input tokens, without cached ones. */
  readonly input: number;
  /** Output tokens, without reasoning. */
  readonly output: number;
  /** Input tokens read from a prompt cache. Default: 0. */
  readonly cacheRead?: number;
  /** Input tokens written to a prompt cache. Default: 0. */
  readonly cacheCreation?: number;
  /** Reasoning tokens of the output. Default: 0. */
  readonly reasoning?: number;
}

/** Prices in US dollars per million tokens, by type. Each is 0 or more. */
export interface TokenPrices {
  /** Input tokens, without cached ones. */
  readonly input: number;
  /** Output tokens, without reasoning. */
  readonly output: number;
  /** Default: none, and a reply that read from a cache is unpriced. */
  readonly cacheRead?: number;
  /** Default: none, and a reply that wrote to a cache is unpriced. */
  readonly cacheCreation?: number;
  /** Default: the price of `output`, as providers bill it. */
  readonly reasoning?: number;
}

/** Prices by requested model, or a function of the model that returns `undefined` if there is no price. */
export type PriceTable = Readonly<Record<string, TokenPrices>> | ((model: string) => TokenPrices | undefined);

export const tokenTypes = ['input', 'output', 'cacheRead', 'cacheCreation', 'reasoning'] as const;
export type TokenType = (typeof tokenTypes)[number];

/** The cost of a reply in US dollars; `undefined` if the table has no price. */
export function costOf(
  prices: PriceTable | undefined,
  model: string,
  usage: Partial<TokenUsage>,
): number | undefined {
  const price =
    typeof prices === 'function'
      ? prices(model)
      : prices !== undefined && Object.hasOwn(prices, model)
        ? prices[model]
        : undefined;
  if (price === undefined) return undefined;
  let cost = 0;
  for (const type of tokenTypes) {
    const tokens = usage[type] ?? 0;
    if (tokens === 0) continue;
    const each = type === 'reasoning' ? (price.reasoning ?? price.output) : price[type];
    if (each === undefined) return undefined;
    cost += (tokens * each) / 1_000_000;
  }
  return cost;
}

/** @throws ERR_METRICS_INVALID_OPTION for an invalid price */
export function checkPrices(where: string, prices: unknown): void {
  if (prices === undefined || typeof prices === 'function') return;
  if (typeof prices !== 'object' || prices === null) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`prices\` of ${where}: expected prices by model, or a function of the model, received ${shown(prices)}.`,
    );
  }
  for (const [model, price] of Object.entries(prices)) {
    for (const type of tokenTypes) {
      const each: unknown = (price as Partial<Record<TokenType, unknown>> | null)?.[type];
      const optional = type !== 'input' && type !== 'output';
      if (optional && each === undefined) continue;
      if (typeof each === 'number' && each >= 0 && each < Number.POSITIVE_INFINITY) continue;
      throw metricsError(
        'ERR_METRICS_INVALID_OPTION',
        `Invalid price \`${type}\` of model \`${model}\` in \`prices\` of ${where}: expected US dollars for a million tokens, 0 or more, received ${shown(each)}.`,
      );
    }
  }
}
