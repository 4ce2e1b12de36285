/** The names of `@tamma/observability/monitoring`. */
export { type Bundle, generateBundle } from './bundle.js';
export type {
  Alert,
  AlertCase,
  BundleFile,
  DashboardUid,
  RecordingRule,
  Runbook,
  Severity,
  Subject,
} from './model.js';
export type { BundleIntervals, BundleOptions, BundleSettings, PrometheusVersion } from './settings.js';
export type { Slo } from './slo.js';
export { defaultThresholds, type Thresholds } from './thresholds.js';
export { type WriteBundleOptions, type WrittenBundle, writeBundle } from './write-bundle.js';
