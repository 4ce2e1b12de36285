/** Inbound requests, measured by the Koa middleware. */
import { defineCounter, defineGauge, defineHistogram } from '../define.js';
import { label } from '../label.js';
import { httpDurationBuckets, sizeBuckets } from './buckets.js';

/** A request's response has ended, or its client has left. */
export const httpServerRequestDuration = defineHistogram({
  name: 'http_server_request_duration_seconds',
  help: 'Time an inbound HTTP request takes to the end of its body, in seconds.',
  labels: { method: label(), route: label(), status_code: label() },
  buckets: httpDurationBuckets,
});

/** +1 when a request arrives, -1 when its response has ended or its client has left. */
export const httpServerRequestsInFlight = defineGauge({
  name: 'http_server_requests_in_flight',
  help: 'Inbound HTTP requests in progress.',
  labels: { method: label() },
});

/** The first byte of a response is sent. */
export const httpServerTimeToFirstByte = defineHistogram({
  name: 'http_server_time_to_first_byte_seconds',
  help: 'Time to the first byte of the response to an inbound HTTP request, in seconds.',
  labels: { method: label(), route: label() },
  buckets: httpDurationBuckets,
});

/** The client left after the headers. */
export const httpServerAbortedBodies = defineCounter({
  name: 'http_server_aborted_bodies_total',
  help: 'Responses whose client left after the headers, before the end of the body.',
});

/** This process broke it off: an error in a body, a connection that it closed. The status has gone out by then. */
export const httpServerFailedBodies = defineCounter({
  name: 'http_server_failed_bodies_total',
  help: 'Responses that the server broke off after the headers, before the end of the body.',
});

/** Bytes on the wire, chunked bodies too. */
export const httpServerRequestSize = defineHistogram({
  name: 'http_server_request_size_bytes',
  help: 'Size of the bodies of inbound HTTP requests as received, in bytes.',
  labels: { method: label(), route: label() },
  buckets: sizeBuckets,
});

/** Bytes on the wire, chunked bodies too. */
export const httpServerResponseSize = defineHistogram({
  name: 'http_server_response_size_bytes',
  help: 'Size of the bodies of HTTP responses as sent, in bytes.',
  labels: { method: label(), route: label() },
  buckets: sizeBuckets,
});
