/**
 * Prices in US dollars per million tokens. The package has no default prices: requests for a model that is not in the table are
 * counted in `ai_unpriced_requests_total`.
 */
import type { PriceTable } from '@tamma/observability';

export const prices: PriceTable = {
  'claude-sonnet-5-5': { input: 3, output: 15, cacheRead: 0.3, cacheCreation: 3.75 },
  'claude-haiku-4-5': { input: 1, output: 5, cacheRead: 0.1, cacheCreation: 1.25 },
  'gpt-5': { input: 1.25, output: 10, cacheRead: 0.125 },
  'gpt-5-mini': { input: 0.25, output: 2, cacheRead: 0.025 },
  // `gpt-5-preview`, which SANDBOX=failing uses, is missing on purpose.
};
