/**
 * Prices are the user's own: US dollars for a million tokens. A model that is not in the table is counted in
 * `ai_unpriced_requests_total` instead of being priced by guess.
 */
import type { PriceTable } from '@tamma/observability';

export const prices: PriceTable = {
  'claude-sonnet-5-5': { input: 3, output: 15, cacheRead: 0.3, cacheCreation: 3.75 },
  'claude-haiku-4-5': { input: 1, output: 5, cacheRead: 0.1, cacheCreation: 1.25 },
  'gpt-5': { input: 1.25, output: 10, cacheRead: 0.125 },
  'gpt-5-mini': { input: 0.25, output: 2, cacheRead: 0.025 },
  // `gpt-5-preview` is missing on purpose: SANDBOX=failing asks it.
};
