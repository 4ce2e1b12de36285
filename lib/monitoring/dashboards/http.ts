/** HTTP requests, outbound and inbound. */
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
import type { BundleSettings } from '../settings.js';
import { type Board, board, type Row } from './board.js';
import { type BoardQueries, row, stacked } from './panels.js';

/** The dashboard of a service that uses no git platforms: with them, the requests are on theirs. */
export function httpBoard(settings: BundleSettings): Board {
  return board(settings, {
    name: 'http',
    title: 'HTTP',
    description: 'Requests that the service answers, and those that it sends to others.',
    variables: {
      route: ['Route', httpServerRequestDuration],
      service: ['Outbound service', apiRequests],
    },
    rows: (queries) => [...inboundRows(queries), outboundRow(queries)],
  });
}

export function outboundRow({ rate, record, histogram }: BoardQueries): Row {
  return row('Outbound requests: rate, errors, duration')`
    Outbound requests ${rate(apiRequests, ['service', 'method'], 'reqps')}
      Requests to other services, a second, by service and method.
    Outbound requests by status ${stacked(rate(apiRequests, ['service', 'status_code'], 'reqps'))}
      Requests to other services, a second, by service and status. A name in place of a number is an error of the network.
    Share of outbound requests that fail ${record('job_service:api_requests_failed:ratio_rate5m', ['service'], ['platform'])}
      Server errors and errors of the network in all requests, over five minutes, by service.
    Duration of outbound requests ${histogram(apiRequestDuration, ['service', 'method'])}
      Time until another service has answered, or the request has failed.
  `;
}

export function inboundRows({ rate, now, record, histogram }: BoardQueries): Row[] {
  return [
    row('Inbound HTTP: rate, errors, duration')`
      Inbound requests ${rate(httpServerRequestDuration, ['route', 'method'], 'reqps')}
        Requests that end, a second, by route and method.
      Inbound requests by status ${stacked(rate(httpServerRequestDuration, ['status_code'], 'reqps'))}
        Requests that end, a second, by status; 499 is a client that left.
      Share of inbound requests that fail ${record('job_route:http_server_requests_failed:ratio_rate5m', ['route'])}
        Answers of 500 and above in all, over five minutes, by route.
      Duration of inbound requests ${histogram(httpServerRequestDuration, ['route'])}
        Time that a request takes to the end of its body.
      Time to first byte ${histogram(httpServerTimeToFirstByte, ['route'])}
        Time until the answer to a request begins.
    `,
    row('Inbound HTTP: connections and sizes', { collapsed: true })`
      Requests in progress ${now(httpServerRequestsInFlight, ['method'])}
        Requests without an answer yet, by method.
      Clients that left ${rate(httpServerAbortedBodies)}
        Answers whose client left after the headers, before the end of the body, a second.
      Answers that failed ${rate(httpServerFailedBodies)}
        Answers that the service broke off after the headers, before the end of the body, a second.
      Size of requests ${histogram(httpServerRequestSize, ['route'])}
        Bytes of the bodies as received.
      Size of answers ${histogram(httpServerResponseSize, ['route'])}
        Bytes of the bodies as sent.
    `,
  ];
}
