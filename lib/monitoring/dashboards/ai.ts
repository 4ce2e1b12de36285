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
            Requests started, per second, by provider and operation.
          Requests succeeded ${rate(metrics.aiRequestsSuccessful, byModel, 'reqps')}
            Requests that succeeded, per second, by provider and model.
          Requests in progress ${now(metrics.aiRequestsInProgress, ['provider'])}
            Requests waiting for a response, by provider. If a line never falls, responses do not arrive.
          Share of requests that fail, by provider ${wide(record('job_provider:ai_requests_failed:ratio_rate5m', ['provider']))}
            Failed requests as a share of all that ended, over five minutes and all models.
          Requests failed, by error ${wide(rate(metrics.aiRequestsFailed, ['provider', 'error_type'], 'reqps'))}
            Requests failed, per second, by provider and error. The error names the cause: 429 is a rate limit, 401 an API key,
            a timeout the provider.
          Duration of requests ${histogram(metrics.aiRequestDuration, byModel)}
            Time from sending a request to the end of the reply.
          Time to first token ${histogram(metrics.aiTimeToFirstToken, byModel)}
            Time until a streamed reply begins, which is how long a human waits.
        `,
        row('Tokens')`
          Tokens by type ${stacked(rate(metrics.aiTokens, ['token_type']))}
            Tokens used, per second, by type. The types add up to the total.
          Tokens by model ${rate(metrics.aiTokens, byModel)}
            Tokens of all types, per second, by provider and model.
          Share of input read from the cache, last hour ${record('job_provider:ai_tokens_cached:ratio_rate1h', ['provider'])}
            Cached tokens as a share of all input, by provider, over an hour. A drop makes every request slower and more
            expensive: usually the beginning of a prompt changed.
        `,
        row('Cost')`
          Cost in this range ${stat(total(metrics.aiCost))}
            Cost of the requests in the time range of the dashboard.
          Cost of the last day ${stat(record('job:ai_cost_usd:increase1d', ['job']))}
            Cost of the requests of the last 24 hours, for the whole job.
          Requests without a price ${stat(total(metrics.aiUnpricedRequests), ['green', [1, 'orange']])}
            Requests in the time range of the dashboard whose model has no price. The cost does not include them.
          Models without a price ${styled(table(total(metrics.aiUnpricedRequests, byModel), 'Requests'), { width: 12, height: 4 })}
            Requests in the time range of the dashboard by the models without a price. Add these to the price table.
          Cost per hour ${wide(stacked(perHour))}
            Cost of an hour at the current rate, by provider and model.
          Cost by model ${wide(table(total(metrics.aiCost, byModel), 'Cost'))}
            Cost of the requests in the time range of the dashboard, by provider and model.
        `,
        row('Rate limits and retries', { width: 6 })`
          Rate limits hit ${rate(metrics.aiRateLimits, ['provider'])}
            How often a provider limited the rate, per second.
          Rate limit remaining ${limited(metrics.aiRateLimitRemaining, metrics.aiRateLimitLimit, limits)}
            What a provider still allows until the next reset, and its limit. At 0 it refuses requests.
          Time until the reset ${now(metrics.aiRateLimitReset, ['provider', 'resource'])}
            Time until a provider resets its rate limit.
          Retries ${rate(metrics.aiRetries, ['provider', 'reason'], 'reqps')}
            Retried requests, per second, by provider and reason. Many retries prolong an outage and cost money.
        `,
      ];
    },
  });
}
