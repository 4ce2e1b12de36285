/** AI providers: requests, tokens, cost, and how near their limits are. */
import * as metrics from '../../catalogue/provider.js';
import type { BundleSettings } from '../settings.js';
import { type Board, board } from './board.js';
import { legendOf, lines, row, stacked, stat, styled, table, wide } from './panels.js';

const byModel = ['provider', 'model'] as const;
const limits = [...byModel, 'resource'];

export function aiBoard(settings: BundleSettings): Board {
  return board(settings, {
    name: 'ai',
    title: 'AI providers',
    description:
      'Requests to AI providers: rate, failures, duration, tokens, cost, and how close the rate limits are.',
    variables: { provider: ['Provider', metrics.aiRequests], model: ['Model', metrics.aiRequests] },
    rows({ rate, now, total, record, histogram, limited, promql }) {
      const perHour = lines('currencyUSD', {
        [legendOf(byModel)]: `3600 * ${promql.rate(metrics.aiCost, byModel)}`,
      });
      return [
        row('Requests: rate, errors, duration')`
          Requests started ${rate(metrics.aiRequests, ['provider', 'operation'], 'reqps')}
          Requests succeeded ${rate(metrics.aiRequestsSuccessful, byModel, 'reqps')}
          Requests in progress ${now(metrics.aiRequestsInProgress, ['provider'])}
          Share of requests that fail, by provider ${wide(record('job_provider:ai_requests_failed:ratio_rate5m', ['provider']))}
          Requests failed, by error ${wide(rate(metrics.aiRequestsFailed, ['provider', 'error_type'], 'reqps'))}
          Duration of requests ${histogram(metrics.aiRequestDuration, byModel)}
          Time to first token ${histogram(metrics.aiTimeToFirstToken, byModel)}
        `,
        row('Tokens')`
          Tokens by type ${stacked(rate(metrics.aiTokens, ['token_type']))}
          Tokens by model ${rate(metrics.aiTokens, byModel)}
          Share of input read from the cache, last hour ${record('job_provider:ai_tokens_cached:ratio_rate1h', ['provider'])}
        `,
        row('Cost')`
          Cost in this range ${stat(total(metrics.aiCost))}
          Cost of the last day ${stat(record('job:ai_cost_usd:increase1d', ['job']))}
          Requests without a price ${stat(total(metrics.aiUnpricedRequests), ['green', [1, 'orange']])}
          Models without a price ${styled(table(total(metrics.aiUnpricedRequests, byModel), 'Requests'), { width: 12, height: 4 })}
          Cost per hour ${wide(stacked(perHour))}
          Cost by model ${wide(table(total(metrics.aiCost, byModel), 'Cost'))}
        `,
        row('Rate limits and retries', { width: 6 })`
          Rate limits hit ${rate(metrics.aiRateLimits, ['provider'])}
          Rate limit remaining ${limited(metrics.aiRateLimitRemaining, metrics.aiRateLimitLimit, limits)}
          Time until the reset ${now(metrics.aiRateLimitReset, ['provider', 'resource'])}
          Retries ${rate(metrics.aiRetries, ['provider', 'reason'], 'reqps')}
        `,
      ];
    },
  });
}
