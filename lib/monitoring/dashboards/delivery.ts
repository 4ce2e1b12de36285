/** Git platforms and what is delivered to them: issues, pull requests, their APIs, their webhooks, and the HTTP they come by. */
import { apiRequestDuration, apiRequests } from '../../catalogue/api.js';
import {
  httpServerAbortedBodies,
  httpServerFailedBodies,
  httpServerRequestDuration,
  httpServerRequestSize,
  httpServerRequestsInFlight,
  httpServerResponseSize,
  httpServerTimeToFirstByte,
} from '../../catalogue/http.js';
import {
  platformRateLimitLimit,
  platformRateLimitRemaining,
  platformRateLimitReset,
  platformRateLimits,
  webhooksProcessed,
  webhooksReceived,
} from '../../catalogue/platform.js';
import { issuesCreated, prLifetime, prsCreated, prsMerged } from '../../catalogue/workflow.js';
import type { BundleSettings } from '../settings.js';
import type { Board, Row } from './board.js';
import { histogramPanels } from './durations.js';
import { stat, timeSeries } from './panels.js';
import { type BoardQueries, boardQueries, recorded } from './queries.js';
import { labelVariable, targetVariables } from './variables.js';

export function deliveryBoard(settings: BundleSettings): Board {
  const labels = [
    labelVariable('platform', 'Platform', webhooksReceived),
    labelVariable('repository', 'Repository', prsCreated),
    labelVariable('service', 'Outbound service', apiRequests),
    labelVariable('route', 'Route', httpServerRequestDuration),
  ];
  const queries = boardQueries(labels.map(({ name }) => name));
  return {
    uid: 'tamma-delivery',
    title: 'Tamma: git and delivery',
    description:
      'Issues and pull requests, the APIs of the git platforms, their webhooks, and the HTTP requests that bring them.',
    variables: [...targetVariables(settings), ...labels],
    rows: [
      deliveryRow(queries),
      apiRow(queries),
      limitRow(queries),
      webhookRow(queries),
      httpRow(queries),
      httpSizeRow(queries),
    ],
  };
}

function deliveryRow(queries: BoardQueries): Row {
  const created = queries.total(prsCreated).expression;
  return {
    title: 'Issues and pull requests',
    panels: [
      timeSeries({
        title: 'Issues opened',
        description: 'Issues opened on the platforms, a second, by repository.',
        unit: 'cps',
        min: 0,
        width: 6,
        queries: [queries.perSecond(issuesCreated, ['platform', 'repository'])],
      }),
      timeSeries({
        title: 'Pull requests opened',
        description: 'Pull requests opened, a second, by repository.',
        unit: 'cps',
        min: 0,
        width: 6,
        queries: [queries.perSecond(prsCreated, ['platform', 'repository'])],
      }),
      timeSeries({
        title: 'Pull requests merged',
        description:
          'Pull requests merged, a second, by repository. Opened and not merged for long: reviews wait, or the work is not wanted.',
        unit: 'cps',
        min: 0,
        width: 6,
        queries: [queries.perSecond(prsMerged, ['platform', 'repository'])],
      }),
      stat({
        title: 'Merged for each opened',
        description:
          'Pull requests merged in the range of the dashboard over those opened in it; over 1 where older ones are merged too.',
        unit: 'percentunit',
        width: 6,
        height: 8,
        queries: [{ expression: `${queries.total(prsMerged).expression} / (${created} > 0)`, legend: 'all' }],
      }),
      ...histogramPanels(queries, prLifetime, {
        title: 'Life of pull requests',
        description: 'Time from opening to merging a pull request.',
        unit: 'h',
        by: ['platform', 'repository'],
      }),
    ],
  };
}

function apiRow(queries: BoardQueries): Row {
  return {
    title: 'Outbound requests: rate, errors, duration',
    panels: [
      timeSeries({
        title: 'Outbound requests',
        description: 'Requests to other services, a second, by service and method.',
        unit: 'reqps',
        min: 0,
        queries: [queries.perSecond(apiRequests, ['service', 'method'])],
      }),
      timeSeries({
        title: 'Outbound requests by status',
        description:
          'Requests to other services, a second, by service and status. A name in place of a number is an error of the network.',
        unit: 'reqps',
        min: 0,
        stacked: true,
        queries: [queries.perSecond(apiRequests, ['service', 'status_code'])],
      }),
      timeSeries({
        title: 'Share of outbound requests that fail',
        description:
          'Server errors and errors of the network in all requests, over five minutes, by service.',
        unit: 'percentunit',
        min: 0,
        max: 1,
        queries: [
          recorded('job_service:api_requests_failed:ratio_rate5m', ['service'], ['service', 'platform']),
        ],
      }),
      ...histogramPanels(queries, apiRequestDuration, {
        title: 'Duration of outbound requests',
        description: 'Time until another service has answered, or the request has failed.',
        by: ['service', 'method'],
      }),
    ],
  };
}

function limitRow(queries: BoardQueries): Row {
  return {
    title: 'Limits of the platforms',
    panels: [
      timeSeries({
        title: 'Rate limits met',
        description: 'Times that a platform limited the rate, a second.',
        unit: 'cps',
        min: 0,
        queries: [queries.perSecond(platformRateLimits, ['platform'])],
      }),
      timeSeries({
        title: 'What the limits leave',
        description: 'What a platform still allows until its next reset, and its limit; at 0 it refuses.',
        unit: 'short',
        min: 0,
        queries: [
          queries.now(platformRateLimitRemaining, ['platform', 'resource']),
          {
            ...queries.now(platformRateLimitLimit, ['platform', 'resource']),
            legend: 'limit of {{platform}} {{resource}}',
          },
        ],
      }),
      timeSeries({
        title: 'Time to the reset',
        description: 'Time until a platform allows as much as at first.',
        unit: 's',
        min: 0,
        queries: [queries.now(platformRateLimitReset, ['platform', 'resource'])],
      }),
    ],
  };
}

function webhookRow(queries: BoardQueries): Row {
  return {
    title: 'Webhooks',
    panels: [
      timeSeries({
        title: 'Webhooks received',
        description:
          'Webhooks that arrive, a second, by platform and event. None at all for long: the platform cannot reach us.',
        unit: 'cps',
        min: 0,
        queries: [queries.perSecond(webhooksReceived, ['platform', 'event_type'])],
      }),
      timeSeries({
        title: 'Webhooks handled',
        description: 'Webhooks handled, a second, by platform and outcome.',
        unit: 'cps',
        min: 0,
        stacked: true,
        queries: [queries.perSecond(webhooksProcessed, ['platform', 'outcome'])],
      }),
      timeSeries({
        title: 'Share of webhooks that fail',
        description: 'Failures in all handled, by platform.',
        unit: 'percentunit',
        min: 0,
        max: 1,
        queries: [queries.share(webhooksProcessed, { outcome: 'failure' }, ['platform'])],
      }),
    ],
  };
}

function httpRow(queries: BoardQueries): Row {
  return {
    title: 'Inbound HTTP: rate, errors, duration',
    panels: [
      timeSeries({
        title: 'Inbound requests',
        description: 'Requests that end, a second, by route and method.',
        unit: 'reqps',
        min: 0,
        queries: [queries.observed(httpServerRequestDuration, ['route', 'method'])],
      }),
      timeSeries({
        title: 'Inbound requests by status',
        description: 'Requests that end, a second, by status; 499 is a client that left.',
        unit: 'reqps',
        min: 0,
        stacked: true,
        queries: [queries.observed(httpServerRequestDuration, ['status_code'])],
      }),
      timeSeries({
        title: 'Share of inbound requests that fail',
        description: 'Answers of 500 and above in all, over five minutes, by route.',
        unit: 'percentunit',
        min: 0,
        max: 1,
        queries: [recorded('job_route:http_server_requests_failed:ratio_rate5m', ['route'], ['route'])],
      }),
      ...histogramPanels(queries, httpServerRequestDuration, {
        title: 'Duration of inbound requests',
        description: 'Time that a request takes to the end of its body.',
        by: ['route'],
      }),
      ...histogramPanels(queries, httpServerTimeToFirstByte, {
        title: 'Time to first byte',
        description: 'Time until the answer to a request begins.',
        by: ['route'],
      }),
    ],
  };
}

function httpSizeRow(queries: BoardQueries): Row {
  return {
    title: 'Inbound HTTP: connections and sizes',
    collapsed: true,
    panels: [
      timeSeries({
        title: 'Requests under way',
        description: 'Requests without an answer yet, by method.',
        unit: 'short',
        min: 0,
        width: 8,
        queries: [queries.now(httpServerRequestsInFlight, ['method'])],
      }),
      timeSeries({
        title: 'Clients that left',
        description: 'Answers whose client left after the headers, before the end of the body, a second.',
        unit: 'cps',
        min: 0,
        width: 8,
        queries: [queries.perSecond(httpServerAbortedBodies)],
      }),
      timeSeries({
        title: 'Answers that failed',
        description:
          'Answers that the service broke off after the headers, before the end of the body, a second.',
        unit: 'cps',
        min: 0,
        width: 8,
        queries: [queries.perSecond(httpServerFailedBodies)],
      }),
      ...histogramPanels(queries, httpServerRequestSize, {
        title: 'Size of requests',
        description: 'Bytes of the bodies as received.',
        unit: 'bytes',
        by: ['route'],
      }),
      ...histogramPanels(queries, httpServerResponseSize, {
        title: 'Size of answers',
        description: 'Bytes of the bodies as sent.',
        unit: 'bytes',
        by: ['route'],
      }),
    ],
  };
}
