/**
 * Prices are the user's own: US dollars for a million tokens. A model that is not in the table is counted in
 * `ai_unpriced_requests_total` instead of being priced by guess.
 */
import type { TokenUsage } from './language-model.js';

type Prices = Readonly<Record<keyof TokenUsage, number>>;

const prices: ReadonlyMap<string, Prices> = new Map([
  ['large-1', { input: 3, output: 15, cacheRead: 0.3, cacheCreation: 3.75 }],
  ['small-1', { input: 0.8, output: 4, cacheRead: 0.08, cacheCreation: 1 }],
]);

/** What a reply cost, in US dollars; `undefined` where the model has no price. */
export function costOf(model: string, usage: TokenUsage): number | undefined {
  const price = prices.get(model);
  if (price === undefined) return undefined;
  const kinds = Object.keys(price) as (keyof TokenUsage)[];
  return kinds.reduce((sum, kind) => sum + (usage[kind] * price[kind]) / 1_000_000, 0);
}
