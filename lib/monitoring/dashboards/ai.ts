/** AI providers: requests, tokens, cost, and how near their limits are. */
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
} from '../../catalogue/provider.js';
import type { BundleSettings } from '../settings.js';
import { type Board, board } from './board.js';
import { legendOf, lines, row, stacked, stat, styled, table, wide } from './panels.js';

const byModel = ['provider', 'model'];
const limits = [...byModel, 'resource'];

export function aiBoard(settings: BundleSettings): Board {
  return board(settings, {
    name: 'ai',
    title: 'AI providers',
    description:
      'Requests to AI providers: how many, how many fail, how long they take, what they cost, and how near their limits are.',
    variables: { provider: ['Provider', aiRequests], model: ['Model', aiRequests] },
    rows({ rate, now, total, record, histogram, limited, promql }) {
      const perHour = lines('currencyUSD', { [legendOf(byModel)]: `3600 * ${promql.rate(aiCost, byModel)}` });
      return [
        row('Requests: rate, errors, duration')`
          Requests started ${rate(aiRequests, ['provider', 'operation'], 'reqps')}
            Requests that start, a second, by provider and operation.
          Requests that succeed ${rate(aiRequestsSuccessful, byModel, 'reqps')}
            Requests that end well, a second, by provider and model.
          Requests in progress ${now(aiRequestsInProgress, ['provider'])}
            Requests that wait for an answer, by provider. A line that never falls: answers do not come.
          Share of requests that fail, by provider ${wide(record('job_provider:ai_requests_failed:ratio_rate5m', ['provider']))}
            Failures in all that ended, over five minutes and all models.
          Requests that fail, by error ${wide(rate(aiRequestsFailed, ['provider', 'error_type'], 'reqps'))}
            Requests that fail, a second, by provider and error. Which error it is says whose it is: a 429 is a limit, a 401 a
            key, a timeout the provider.
          Duration of requests ${histogram(aiRequestDuration, byModel)}
            Time from sending a request to the end of the reply.
          Time to first token ${histogram(aiTimeToFirstToken, byModel)}
            Time until a streamed reply begins: what a waiting human feels.
        `,
        row('Tokens')`
          Tokens by type ${stacked(rate(aiTokens, ['token_type']))}
            Tokens used, a second, by type. The total is the sum of them.
          Tokens by model ${rate(aiTokens, byModel)}
            Tokens of all types, a second, by provider and model.
          Share of input read from the cache, last hour ${record('job_provider:ai_tokens_cached:ratio_rate1h', ['provider'])}
            Cached tokens in all input, by provider, over an hour. A drop makes every request dearer and slower: a prompt has
            changed at its beginning.
        `,
        row('Cost')`
          Cost in this time ${stat(total(aiCost))}
            What the requests in the range of the dashboard cost.
          Cost of the last day ${stat(record('job:ai_cost_usd:increase1d', ['job']))}
            What the requests of the last 24 hours cost, of the whole service.
          Requests without a price ${stat(total(aiUnpricedRequests), ['green', [1, 'orange']])}
            Requests in the range of the dashboard whose model the price table lacks: the cost is too low by theirs.
          Models without a price ${styled(table(total(aiUnpricedRequests, byModel), 'Requests'), { width: 12, height: 4 })}
            Requests in the range of the dashboard by the models that the price table lacks: add them to it.
          Cost an hour ${wide(stacked(perHour))}
            What an hour at this pace costs, by provider and model.
          Cost by model ${wide(table(total(aiCost, byModel), 'Cost'))}
            What the requests in the range of the dashboard cost, by provider and model.
        `,
        row('Limits and retries', { width: 6 })`
          Rate limits met ${rate(aiRateLimits, ['provider'])}
            Times that a provider limited the rate, a second.
          What the limits leave ${limited(aiRateLimitRemaining, aiRateLimitLimit, limits)}
            What a provider still allows until its next reset, and its limit; at 0 it refuses.
          Time to the reset ${now(aiRateLimitReset, ['provider', 'resource'])}
            Time until a provider allows as much as at first.
          Retries ${rate(aiRetries, ['provider', 'reason'], 'reqps')}
            Requests that are tried again, a second, by provider and reason. Many retries make an outage longer, and are paid for.
        `,
      ];
    },
  });
}
