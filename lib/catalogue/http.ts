/** Inbound requests, measured by the Koa middleware. */
import { defineCounter, defineGauge, defineHistogram } from '../define.js';
import { label } from '../label.js';
import { httpDurationBuckets, sizeBuckets } from './buckets.js';

/** Observed when the response has ended or its client has disconnected. */
export const httpServerRequestDuration = defineHistogram({
  name: 'http_server_request_duration_seconds',
  help: 'Duration of inbound HTTP requests to the end of the response body, in seconds.',
  labels: { method: label(), route: label(), status_code: label() },
  buckets: httpDurationBuckets,
});

/** +1 when a request arrives, -1 when its response has ended or its client has disconnected. */
export const httpServerRequestsInFlight = defineGauge({
  name: 'http_server_requests_in_flight',
  help: 'Inbound HTTP requests in progress.',
  labels: { method: label() },
});

/** Observed when the first byte of a response is sent. */
export const httpServerTimeToFirstByte = defineHistogram({
  name: 'http_server_time_to_first_byte_seconds',
  help: 'Time to the first byte of the responses to inbound HTTP requests, in seconds.',
  labels: { method: label(), route: label() },
  buckets: httpDurationBuckets,
});

/** Incremented when a client disconnects after the headers were sent. */
export const httpServerAbortedBodies = defineCounter({
  name: 'http_server_aborted_bodies_total',
  help: 'Responses whose client disconnected after the headers, before the end of the body.',
});

/** Incremented when this process aborts a response, for example after an error in the body. The status has been sent by then. */
export const httpServerFailedBodies = defineCounter({
  name: 'http_server_failed_bodies_total',
  help: 'Responses that the server aborted after the headers, before the end of the body.',
});

/** Observed as transferred: compressed bodies count compressed. Chunked bodies are included. */
export const httpServerRequestSize = defineHistogram({
  name: 'http_server_request_size_bytes',
  help: 'Size of the bodies of inbound HTTP requests as received, in bytes.',
  labels: { method: label(), route: label() },
  buckets: sizeBuckets,
});

/** Observed as transferred: compressed bodies count compressed. Chunked bodies are included. */
export const httpServerResponseSize = defineHistogram({
  name: 'http_server_response_size_bytes',
  help: 'Size of the bodies of HTTP responses as sent, in bytes.',
  labels: { method: label(), route: label() },
  buckets: sizeBuckets,
});
