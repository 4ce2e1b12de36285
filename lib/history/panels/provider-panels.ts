/** Panels of AI providers: requests, errors, times, tokens, cost and headroom. */
import * as provider from '../../catalogue/provider.js';
import { current, increase, quantile, rate, section, share } from './build.js';

const by = ['provider'];

export const providerSection = section('ai', 'AI providers', [
  {
    id: 'ai-requests',
    title: 'Requests',
    description: 'Requests per second, by provider.',
    unit: 'perSecond',
    lines: { '{provider}': rate(provider.aiRequests, { by }) },
    tile: rate(provider.aiRequests),
  },
  {
    id: 'ai-errors',
    title: 'Errors',
    description: 'Failed requests as a share of all, by provider.',
    unit: 'share',
    lines: {
      '{provider}': share(rate(provider.aiRequestsFailed, { by }), rate(provider.aiRequests, { by })),
    },
    tile: share(rate(provider.aiRequestsFailed), rate(provider.aiRequests)),
  },
  {
    id: 'ai-duration',
    title: 'Duration, p50 and p95',
    description: 'The time within which 50 and 95 of 100 requests end, by provider.',
    unit: 'seconds',
    lines: {
      '{provider} p50': quantile(provider.aiRequestDuration, 0.5, { by }),
      '{provider} p95': quantile(provider.aiRequestDuration, 0.95, { by }),
    },
    tile: quantile(provider.aiRequestDuration, 0.95),
  },
  {
    id: 'ai-first-token',
    title: 'First token, p95',
    description: 'The time to the first token of 95 of 100 streamed replies, by provider.',
    unit: 'seconds',
    lines: { '{provider}': quantile(provider.aiTimeToFirstToken, 0.95, { by }) },
    tile: quantile(provider.aiTimeToFirstToken, 0.95),
  },
  {
    id: 'ai-cost',
    title: 'Cost',
    description: 'US dollars per hour, by provider. The number is the cost of the shown range.',
    unit: 'usdPerHour',
    chart: 'stacked',
    lines: { '{provider}': rate(provider.aiCost, { by, times: 3_600 }) },
    tile: increase(provider.aiCost),
    tileUnit: 'usd',
  },
  {
    id: 'ai-tokens',
    title: 'Tokens',
    description: 'Tokens per second, by type. The number is that of the shown range.',
    unit: 'perSecond',
    chart: 'stacked',
    lines: { '{token_type}': rate(provider.aiTokens, { by: ['token_type'] }) },
    tile: increase(provider.aiTokens),
    tileUnit: 'none',
  },
  {
    id: 'ai-headroom',
    title: 'Headroom',
    description: 'What rate limits leave, as a share of them, by provider.',
    unit: 'share',
    lines: {
      '{provider}': share(
        current(provider.aiRateLimitRemaining, { by }),
        current(provider.aiRateLimitLimit, { by }),
      ),
    },
    tile: share(current(provider.aiRateLimitRemaining), current(provider.aiRateLimitLimit)),
  },
  {
    id: 'ai-in-progress',
    title: 'In progress',
    description: 'Requests in progress, by provider.',
    unit: 'none',
    lines: { '{provider}': current(provider.aiRequestsInProgress, { by }) },
    tile: current(provider.aiRequestsInProgress),
  },
]);
