/** The names of `@tamma/observability/monitoring`. */

export type { Receiver, Receivers } from './alertmanager/alertmanager-receivers.js';
export type { BundleIntervals } from './alertmanager/intervals.js';
export type { QuietHours } from './alertmanager/quiet-hours.js';
export { defaultThresholds, type Thresholds } from './alerts/thresholds.js';
export { type Bundle, generateBundle } from './bundle.js';
export { type BundlePart, bundleParts } from './bundle-parts.js';
export type {
  Alert,
  AlertCase,
  BundleFile,
  DashboardName,
  RecordingRule,
  Runbook,
  Severity,
  Subject,
} from './model.js';
export type { BundleOptions, BundleSettings, PrometheusVersion } from './settings.js';
export type { BurnFactor } from './slo/burn-rates.js';
export { defaultSlos } from './slo/default-slos.js';
export { defineSlo, type SloOptions } from './slo/slo-definition.js';
export type { Slo, SloSeverities } from './slo/slo-model.js';
export { type WriteBundleOptions, type WrittenBundle, writeBundle } from './write-bundle.js';
