/** AI providers: requests, tokens, cost, and what their limits leave. */
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
import type { Board, Row } from './board.js';
import { histogramPanels } from './durations.js';
import { stat, table, timeSeries } from './panels.js';
import { type BoardQueries, boardQueries, recorded } from './queries.js';
import { labelVariable, targetVariables } from './variables.js';

export function aiBoard(settings: BundleSettings): Board {
  const labels = [
    labelVariable('provider', 'Provider', aiRequests),
    labelVariable('model', 'Model', aiRequests),
  ];
  const queries = boardQueries(labels.map(({ name }) => name));
  return {
    name: 'ai',
    title: 'AI providers',
    description:
      'Requests to AI providers: how many, how many fail, how long they take, what they cost, and how near their limits are.',
    variables: [...targetVariables(settings), ...labels],
    rows: [requestRow(queries), tokenRow(queries), costRow(queries), limitRow(queries)],
  };
}

function requestRow(queries: BoardQueries): Row {
  return {
    title: 'Requests: rate, errors, duration',
    panels: [
      timeSeries({
        title: 'Requests started',
        description: 'Requests that start, a second, by provider and operation.',
        unit: 'reqps',
        min: 0,
        queries: [queries.perSecond(aiRequests, ['provider', 'operation'])],
      }),
      timeSeries({
        title: 'Requests that succeed',
        description: 'Requests that end well, a second, by provider and model.',
        unit: 'reqps',
        min: 0,
        queries: [queries.perSecond(aiRequestsSuccessful, ['provider', 'model'])],
      }),
      timeSeries({
        title: 'Requests in progress',
        description:
          'Requests that wait for an answer, by provider. A line that never falls: answers do not come.',
        unit: 'short',
        min: 0,
        queries: [queries.now(aiRequestsInProgress, ['provider'])],
      }),
      timeSeries({
        title: 'Share of requests that fail, by provider',
        description: 'Failures in all that ended, over five minutes and all models.',
        unit: 'percentunit',
        min: 0,
        max: 1,
        width: 12,
        queries: [recorded('job_provider:ai_requests_failed:ratio_rate5m', ['provider'], ['provider'])],
      }),
      timeSeries({
        title: 'Requests that fail, by error',
        description:
          'Requests that fail, a second, by provider and error. Which error it is says whose it is: a 429 is a limit, a 401 a key, a timeout the provider.',
        unit: 'reqps',
        min: 0,
        width: 12,
        queries: [queries.perSecond(aiRequestsFailed, ['provider', 'error_type'])],
      }),
      ...histogramPanels(queries, aiRequestDuration, {
        title: 'Duration of requests',
        description: 'Time from sending a request to the end of the reply.',
        by: ['provider', 'model'],
      }),
      ...histogramPanels(queries, aiTimeToFirstToken, {
        title: 'Time to first token',
        description: 'Time until a streamed reply begins: what a waiting human feels.',
        by: ['provider', 'model'],
      }),
    ],
  };
}

function tokenRow(queries: BoardQueries): Row {
  return {
    title: 'Tokens',
    panels: [
      timeSeries({
        title: 'Tokens by type',
        description: 'Tokens used, a second, by type. The total is the sum of them.',
        unit: 'cps',
        min: 0,
        stacked: true,
        queries: [queries.perSecond(aiTokens, ['token_type'])],
      }),
      timeSeries({
        title: 'Tokens by model',
        description: 'Tokens of all types, a second, by provider and model.',
        unit: 'cps',
        min: 0,
        queries: [queries.perSecond(aiTokens, ['provider', 'model'])],
      }),
      timeSeries({
        title: 'Share of input read from the cache, last hour',
        description:
          'Cached tokens in all input, by provider, over an hour. A drop makes every request dearer and slower: a prompt has changed at its beginning.',
        unit: 'percentunit',
        min: 0,
        max: 1,
        queries: [recorded('job_provider:ai_tokens_cached:ratio_rate1h', ['provider'], ['provider'])],
      }),
    ],
  };
}

function costRow(queries: BoardQueries): Row {
  const perHour = queries.perSecond(aiCost, ['provider', 'model']);
  return {
    title: 'Cost',
    panels: [
      stat({
        title: 'Cost in this time',
        description: 'What the requests in the range of the dashboard cost.',
        unit: 'currencyUSD',
        queries: [queries.total(aiCost)],
      }),
      stat({
        title: 'Cost of the last day',
        description: 'What the requests of the last 24 hours cost, of the whole service.',
        unit: 'currencyUSD',
        queries: [recorded('job:ai_cost_usd:increase1d', ['job'])],
      }),
      stat({
        title: 'Requests without a price',
        description:
          'Requests in the range of the dashboard whose model the price table lacks: the cost is too low by theirs.',
        unit: 'short',
        colours: ['green', [1, 'orange']],
        queries: [queries.total(aiUnpricedRequests)],
      }),
      table({
        title: 'Models without a price',
        description:
          'Requests in the range of the dashboard by the models that the price table lacks: add them to it.',
        unit: 'short',
        width: 12,
        height: 4,
        queries: [{ ...queries.total(aiUnpricedRequests, ['provider', 'model']), legend: 'Requests' }],
      }),
      timeSeries({
        title: 'Cost an hour',
        description: 'What an hour at this pace costs, by provider and model.',
        unit: 'currencyUSD',
        min: 0,
        stacked: true,
        width: 12,
        queries: [{ ...perHour, expression: `3600 * ${perHour.expression}` }],
      }),
      table({
        title: 'Cost by model',
        description: 'What the requests in the range of the dashboard cost, by provider and model.',
        unit: 'currencyUSD',
        width: 12,
        queries: [{ ...queries.total(aiCost, ['provider', 'model']), legend: 'Cost' }],
      }),
    ],
  };
}

function limitRow(queries: BoardQueries): Row {
  return {
    title: 'Limits and retries',
    panels: [
      timeSeries({
        title: 'Rate limits met',
        description: 'Times that a provider limited the rate, a second.',
        unit: 'cps',
        min: 0,
        width: 6,
        queries: [queries.perSecond(aiRateLimits, ['provider'])],
      }),
      timeSeries({
        title: 'What the limits leave',
        description: 'What a provider still allows until its next reset, and its limit; at 0 it refuses.',
        unit: 'short',
        min: 0,
        width: 6,
        queries: [
          queries.now(aiRateLimitRemaining, ['provider', 'model', 'resource']),
          {
            ...queries.now(aiRateLimitLimit, ['provider', 'model', 'resource']),
            legend: 'limit of {{provider}} {{model}} {{resource}}',
          },
        ],
      }),
      timeSeries({
        title: 'Time to the reset',
        description: 'Time until a provider allows as much as at first.',
        unit: 's',
        min: 0,
        width: 6,
        queries: [queries.now(aiRateLimitReset, ['provider', 'resource'])],
      }),
      timeSeries({
        title: 'Retries',
        description:
          'Requests that are tried again, a second, by provider and reason. Many retries make an outage longer, and are paid for.',
        unit: 'reqps',
        min: 0,
        width: 6,
        queries: [queries.perSecond(aiRetries, ['provider', 'reason'])],
      }),
    ],
  };
}
