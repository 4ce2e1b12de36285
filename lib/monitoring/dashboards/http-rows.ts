/** Rows about HTTP, of requests out and in. */
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
import type { Row } from './board.js';
import { histogramPanels } from './durations.js';
import { timeSeries } from './panels.js';
import { type BoardQueries, recorded } from './queries.js';

/** @param chosen labels among its records' that can be chosen at the top */
export function apiRow(queries: BoardQueries, chosen: readonly string[]): Row {
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
        queries: [recorded('job_service:api_requests_failed:ratio_rate5m', ['service'], chosen)],
      }),
      ...histogramPanels(queries, apiRequestDuration, {
        title: 'Duration of outbound requests',
        description: 'Time until another service has answered, or the request has failed.',
        by: ['service', 'method'],
      }),
    ],
  };
}

export function httpRow(queries: BoardQueries): Row {
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

export function httpSizeRow(queries: BoardQueries): Row {
  return {
    title: 'Inbound HTTP: connections and sizes',
    collapsed: true,
    panels: [
      timeSeries({
        title: 'Requests in progress',
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
