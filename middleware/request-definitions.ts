/** The metrics of incoming requests: those of the catalogue, or of OpenTelemetry's HTTP semantic conventions. */
import { httpDurationBuckets, sizeBuckets } from '../lib/catalogue/buckets.js';
import {
  httpServerRequestDuration,
  httpServerRequestSize,
  httpServerRequestsInFlight,
  httpServerResponseSize,
  httpServerTimeToFirstByte,
} from '../lib/catalogue/http.js';
import {
  defineGauge,
  defineHistogram,
  type GaugeDefinition,
  type HistogramDefinition,
  label,
} from '../lib/definition.js';
import { otherValue } from '../lib/label.js';
import { unmatchedRoute } from './route.js';

/** The facts of a request from which its labels are made. */
export interface RequestFacts {
  /** A standard method, or `other`. */
  readonly method: string;
  /** The template, or `unmatched`. */
  readonly route: string;
  readonly status: number;
  /** The status as the `status_code` label shows it. */
  readonly statusCode: string;
  readonly scheme: string;
}

/** The metrics of one naming scheme, and how their labels are made. */
export interface RequestSemantics {
  readonly duration: HistogramDefinition;
  readonly inFlight: GaugeDefinition;
  readonly firstByte: HistogramDefinition | undefined;
  readonly requestSize: HistogramDefinition;
  readonly responseSize: HistogramDefinition;
  readonly durationLabels: (facts: RequestFacts) => Record<string, string>;
  readonly inFlightLabels: (facts: Pick<RequestFacts, 'method' | 'scheme'>) => Record<string, string>;
  readonly otherLabels: (facts: RequestFacts) => Record<string, string>;
}

const otelMethod = { http_request_method: label() };
const otelRequest = {
  ...otelMethod,
  url_scheme: label(),
  http_route: label(),
  http_response_status_code: label(),
  error_type: label(),
};

/**
 * `semantics: 'opentelemetry'`: names and labels as OpenTelemetry's Prometheus exporter writes the HTTP semantic conventions,
 * stable since 1.23. The route is absent if none matched, an unknown method is `_OTHER`, and `error_type` is the status from
 * 500 on.
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
 */
const openTelemetry = {
  duration: defineHistogram({
    name: 'http_server_request_duration_seconds',
    help: 'Duration of HTTP server requests.',
    labels: otelRequest,
    buckets: httpDurationBuckets,
  }),
  inFlight: defineGauge({
    name: 'http_server_active_requests',
    help: 'Number of active HTTP server requests.',
    labels: { ...otelMethod, url_scheme: label() },
  }),
  requestSize: defineHistogram({
    name: 'http_server_request_body_size_bytes',
    help: 'Size of HTTP server request bodies.',
    labels: otelRequest,
    buckets: sizeBuckets,
  }),
  responseSize: defineHistogram({
    name: 'http_server_response_body_size_bytes',
    help: 'Size of HTTP server response bodies.',
    labels: otelRequest,
    buckets: sizeBuckets,
  }),
};

const catalogueSemantics: RequestSemantics = {
  duration: httpServerRequestDuration as HistogramDefinition,
  inFlight: httpServerRequestsInFlight as GaugeDefinition,
  firstByte: httpServerTimeToFirstByte as HistogramDefinition,
  requestSize: httpServerRequestSize as HistogramDefinition,
  responseSize: httpServerResponseSize as HistogramDefinition,
  durationLabels: ({ method, route, statusCode }) => ({ method, route, status_code: statusCode }),
  inFlightLabels: ({ method }) => ({ method }),
  otherLabels: ({ method, route }) => ({ method, route }),
};

const openTelemetrySemantics: RequestSemantics = {
  duration: openTelemetry.duration as HistogramDefinition,
  inFlight: openTelemetry.inFlight as GaugeDefinition,
  // The conventions define no such metric.
  firstByte: undefined,
  requestSize: openTelemetry.requestSize as HistogramDefinition,
  responseSize: openTelemetry.responseSize as HistogramDefinition,
  durationLabels: openTelemetryLabels,
  inFlightLabels: ({ method, scheme }) => ({ http_request_method: otelMethodOf(method), url_scheme: scheme }),
  otherLabels: openTelemetryLabels,
};

export const requestSemantics = {
  catalogue: catalogueSemantics,
  opentelemetry: openTelemetrySemantics,
} as const;

function openTelemetryLabels({
  method,
  route,
  status,
  statusCode,
  scheme,
}: RequestFacts): Record<string, string> {
  return {
    http_request_method: otelMethodOf(method),
    url_scheme: scheme,
    http_route: route === unmatchedRoute ? '' : route,
    http_response_status_code: statusCode,
    error_type: status >= 500 ? String(status) : '',
  };
}

function otelMethodOf(method: string): string {
  return method === otherValue ? '_OTHER' : method;
}
