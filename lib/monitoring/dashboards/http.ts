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
    Outbound requests by status ${stacked(rate(apiRequests, ['service', 'status_code'], 'reqps'))}
    Share of outbound requests that fail ${record('job_service:api_requests_failed:ratio_rate5m', ['service'], ['platform'])}
    Duration of outbound requests ${histogram(apiRequestDuration, ['service', 'method'])}
  `;
}

export function inboundRows({ rate, now, record, histogram }: BoardQueries): Row[] {
  return [
    row('Inbound HTTP: rate, errors, duration')`
      Inbound requests ${rate(http.httpServerRequestDuration, ['route', 'method'], 'reqps')}
      Inbound requests by status ${stacked(rate(http.httpServerRequestDuration, ['status_code'], 'reqps'))}
      Share of inbound requests that fail ${record('job_route:http_server_requests_failed:ratio_rate5m', ['route'])}
      Duration of inbound requests ${histogram(http.httpServerRequestDuration, ['route'])}
      Time to first byte ${histogram(http.httpServerTimeToFirstByte, ['route'])}
    `,
    row('Inbound HTTP: connections and sizes', { collapsed: true })`
      Requests in progress ${now(http.httpServerRequestsInFlight, ['method'])}
      Responses aborted by clients ${rate(http.httpServerAbortedBodies)}
      Responses that failed ${rate(http.httpServerFailedBodies)}
      Size of requests ${histogram(http.httpServerRequestSize, ['route'])}
      Size of responses ${histogram(http.httpServerResponseSize, ['route'])}
    `,
  ];
}
