/** HTTP requests, outbound and inbound. */
import { apiRequestDuration, apiRequests } from '../../catalogue/api.js';
import * as http from '../../catalogue/http.js';
import type { BundleSettings } from '../settings.js';
import { type Board, board } from './board.js';
import { type BoardQueries, type Row, row, stacked } from './panels.js';

/** For a service without git platforms: with them, the delivery dashboard has these rows. */
export function httpBoard(settings: BundleSettings): Board {
  return board(settings, {
    name: 'http',
    title: 'HTTP',
    description: 'Requests that the service answers and requests that it sends.',
    variables: {
      route: ['Route', http.httpServerRequestDuration],
      service: ['Outbound service', apiRequests],
    },
    rows: (queries) => [inboundRows(queries), outboundRow(queries)],
  });
}

export function outboundRow({ rate, record, histogram }: BoardQueries): Row {
  return row('Outbound requests: rate, errors, duration')`
    Outbound requests ${rate(apiRequests, ['service', 'method'], 'reqps')}
      Requests to other services, per second, by service and method.
    Outbound requests by status ${stacked(rate(apiRequests, ['service', 'status_code'], 'reqps'))}
      Requests to other services, per second, by service and status. A name instead of a number is a network error.
    Share of outbound requests that fail ${record('job_service:api_requests_failed:ratio_rate5m', ['service'], ['platform'])}
      Server errors and network errors as a share of all requests, over five minutes, by service.
    Duration of outbound requests ${histogram(apiRequestDuration, ['service', 'method'])}
      Time until the other service answers or the request fails.
  `;
}

export function inboundRows({ rate, now, record, histogram }: BoardQueries): Row[] {
  return [
    row('Inbound HTTP: rate, errors, duration')`
      Inbound requests ${rate(http.httpServerRequestDuration, ['route', 'method'], 'reqps')}
        Requests ended, per second, by route and method.
      Inbound requests by status ${stacked(rate(http.httpServerRequestDuration, ['status_code'], 'reqps'))}
        Requests ended, per second, by status. 499 means that the client closed the connection.
      Share of inbound requests that fail ${record('job_route:http_server_requests_failed:ratio_rate5m', ['route'])}
        Responses with a status of 500 or above as a share of all, over five minutes, by route.
      Duration of inbound requests ${histogram(http.httpServerRequestDuration, ['route'])}
        Time from the request to the end of the response body.
      Time to first byte ${histogram(http.httpServerTimeToFirstByte, ['route'])}
        Time until the response to a request begins. Needs requestMetrics({ measure: ['first-byte'] }).
    `,
    row('Inbound HTTP: connections and sizes', { collapsed: true })`
      Requests in progress ${now(http.httpServerRequestsInFlight, ['method'])}
        Requests without a response yet, by method.
      Responses aborted by clients ${rate(http.httpServerAbortedBodies)}
        Responses whose client closed the connection after the headers and before the end of the body, per second.
      Responses that failed ${rate(http.httpServerFailedBodies)}
        Responses that the service aborted after the headers and before the end of the body, per second.
      Size of requests ${histogram(http.httpServerRequestSize, ['route'])}
        Size of the request bodies as received. Needs requestMetrics({ measure: ['request-size'] }).
      Size of responses ${histogram(http.httpServerResponseSize, ['route'])}
        Size of the response bodies as sent. Needs requestMetrics({ measure: ['response-size'] }).
    `,
  ];
}
