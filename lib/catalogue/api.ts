/** Outbound requests to any service. */
import { defineCounter, defineHistogram } from '../define.js';
import { label } from '../label.js';
import { httpDurationBuckets } from './buckets.js';

/** Incremented when an outbound request has been answered or has failed. */
export const apiRequests = defineCounter({
  name: 'api_requests_total',
  help: 'Outbound requests, by service, method and status.',
  labels: { service: label(), platform: label(), method: label(), status_code: label() },
});

/** Observed when an outbound request has been answered or has failed. */
export const apiRequestDuration = defineHistogram({
  name: 'api_request_duration_seconds',
  help: 'Duration of outbound requests, in seconds.',
  labels: { service: label(), platform: label(), method: label() },
  buckets: httpDurationBuckets,
});
