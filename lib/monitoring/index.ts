/** The names of `@tamma/observability/monitoring`. */
export type { Alert, AlertCase, RecordingRule, Runbook, Severity } from './model.js';
export type { BundleIntervals, BundleOptions, PrometheusVersion } from './settings.js';
export { defaultThresholds, type Thresholds } from './thresholds.js';
