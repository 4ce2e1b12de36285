/** The metrics of decorators without a metric argument. */
import { defineCounter, defineGauge, defineHistogram, durationBuckets } from '../define.js';
import { label } from '../label.js';
import { outcomes } from './labels.js';

/** Incremented when a call of a decorated method ends. */
export const methodCalls = defineCounter({
  name: 'method_calls_total',
  help: 'Calls of decorated methods, by outcome.',
  labels: { class: label(), method: label(), outcome: outcomes },
});

/** Observed when a call of a decorated method ends. */
export const methodDuration = defineHistogram({
  name: 'method_duration_seconds',
  help: 'Duration of calls of decorated methods, in seconds.',
  labels: { class: label(), method: label(), outcome: outcomes },
  buckets: durationBuckets,
});

/** +1 when a decorated method is called, -1 when the call ends. */
export const methodCallsInProgress = defineGauge({
  name: 'method_calls_in_progress',
  help: 'Calls of decorated methods in progress.',
  labels: { class: label(), method: label() },
});
