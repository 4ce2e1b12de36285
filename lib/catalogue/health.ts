/** Health checks. */
import { defineGauge, defineHistogram, durationBuckets } from '../define.js';
import { label } from '../label.js';

/** Set when a check has run. */
export const healthCheckStatus = defineGauge({
  name: 'health_check_status',
  help: 'Result of a health check: 1 pass, 0.5 warn, 0 fail.',
  labels: { check: label() },
  aggregator: 'min',
});

/** Observed when a check has run. */
export const healthCheckDuration = defineHistogram({
  name: 'health_check_duration_seconds',
  help: 'Duration of health checks, in seconds.',
  labels: { check: label() },
  buckets: durationBuckets,
});
