/** The exports of `@tamma/observability/monitoring`. */

export type { Receiver, Receivers } from './alertmanager/alertmanager-receivers.js';
export type { BundleIntervals } from './alertmanager/intervals.js';
export type { QuietHours } from './alertmanager/quiet-hours.js';
export { defaultThresholds, type Thresholds } from './alerts/thresholds.js';
export { type Bundle, generateBundle } from './bundle.js';
export { type BundlePart, bundleParts } from './bundle-parts.js';
export type {
  Alert,
  AlertCase,
  AlertSeverity,
  BundleFile,
  DashboardName,
  RecordingRule,
  Runbook,
  Subject,
} from './model.js';
export type { Match, Matches } from './promql/expression.js';
export type { BundleOptions, PrometheusVersion } from './settings.js';
export type { BurnFactor } from './slo/burn-rates.js';
export { defaultSlos } from './slo/default-slos.js';
export {
  defineSlo,
  type MatchesFor,
  type MatchFor,
  type MatchValue,
  type SloCommonOptions,
  type SloEventPair,
  type SloEvents,
  type SloIndicator,
  type SloLatency,
  type SloOptions,
} from './slo/slo-definition.js';
export type { CheckedEvents, EventMetric, Slo, SloSeverities } from './slo/slo-model.js';
export { type WriteBundleOptions, type WrittenBundle, writeBundle } from './write-bundle.js';
