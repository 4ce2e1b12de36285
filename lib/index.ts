/**
 * The exports of `@tamma/observability`. The layers, each importing only those above it:
 *
 *     errors, naming, definition      what a metric is: frozen data
 *     catalogue/                      the platform's metrics, as definitions
 *     instruments/                    counters, gauges, histograms, summaries and their series
 *     registry                        instruments by definition, beside a prom-client registry
 *     recorders/                      the platform's events on the catalogue's metrics, and outbound requests
 *     exposition/, aggregation,       what reads a registry or is set up beside it
 *     collector, config
 *
 * `decorators/` and `middleware/` import these layers and never each other. `createMetrics` combines all of them; it is in
 * `middleware/` and re-exported here only, since this file is the root of the package.
 */
export { createMetrics, type Metrics } from '../middleware/create-metrics.js';
export type { CreateMetricsOptions } from '../middleware/create-metrics-options.js';
export { MetricsAggregator, type MetricsAggregatorOptions } from './aggregation.js';
export {
  type AggregatedMetrics,
  type AggregatedSample,
  type AggregationRule,
  averageOf,
  defaultAggregationRules,
  type GaugeRule,
  type MetricData,
  type MetricFamily,
  sumOf,
} from './aggregation-rules.js';
export { exponentialBuckets, linearBuckets } from './bucket-generators.js';
export { type CatalogueSubject, catalogue } from './catalogue/catalogue.js';
export { outcomes, severities } from './catalogue/labels.js';
export {
  type MetricLabels,
  type MetricsCollector,
  PrometheusMetricsCollector,
  type PrometheusMetricsCollectorOptions,
} from './collector.js';
export { defaultMetricsConfig, loadMetricsConfig } from './config.js';
export type { BucketSets, CompleteMetricsConfig, MetricsConfig } from './config-settings.js';
export { defineCounter, defineGauge, defineHistogram, defineSummary, durationBuckets } from './define.js';
export {
  type Aggregator,
  type CounterDefinition,
  type DefinitionBase,
  type DefinitionOptions,
  type GaugeDefinition,
  type GaugeOptions,
  type HistogramDefinition,
  type HistogramOptions,
  type LabelsOf,
  type LintExemption,
  lintDefinition,
  type MetricDefinition as TypedMetricDefinition,
  type MetricType,
  type SummaryDefinition,
  type SummaryOptions,
} from './definition.js';
export { errorCodes, MetricsError, type MetricsErrorCode } from './errors.js';
export { EscalationError, type EscalationOptions, type Severity } from './escalation.js';
export type { ExemplarOptions } from './exemplar-options.js';
export { openMetricsContentType } from './exposition/open-metrics.js';
export { textContentType } from './exposition/text.js';
export {
  type CheckFunction,
  type CheckOptions,
  type CheckOutcome,
  type CheckResult,
  type CheckStatus,
  type HealthCheck,
  HealthChecks,
  type HealthChecksOptions,
  type HealthReport,
} from './health.js';
export type { AnyInstrument } from './instruments/any-instrument.js';
export type { Series } from './instruments/branch.js';
export type { Counter, CounterSeries } from './instruments/counter.js';
export type { ExemplarLabels, ExemplarSource, SampleExemplar } from './instruments/exemplars.js';
export type { Gauge, GaugeSeries } from './instruments/gauge.js';
export type { Histogram } from './instruments/histogram.js';
export type { HistogramSeries } from './instruments/histogram-series.js';
export type { CollectFunction, Instrument, MetricSnapshot, Sample } from './instruments/instrument.js';
export type { NativeBuckets } from './instruments/native-buckets.js';
export type {
  BoundMethods,
  BoundTimer,
  PromClientArgument,
  PromClientReading,
  PromClientStop,
  RecordingWithExemplar,
  StopTimer,
  StopWithExemplar,
} from './instruments/prom-client-shape.js';
export type { Summary, SummarySeries } from './instruments/summary.js';
export {
  type Label,
  type LabelInput,
  type LabelShape,
  type LabelValues,
  label,
  type NoLabels,
} from './label.js';
export type { MetricsWarning } from './metrics-warning.js';
export type { LintFinding, LintRule } from './naming.js';
export type { NativeHistogramOptions, NativeHistogramSettings } from './native-histogram.js';
export {
  type FetchInstrumentation,
  type InstrumentFetchOptions,
  instrumentFetch,
} from './outbound/fetch.js';
export { type HostTable, type HostTarget, knownHosts } from './outbound/hosts.js';
export type { RateLimitState, TimeInput } from './outbound/rate-limits.js';
export type { Outcome } from './outcome.js';
export type { AnyMetricDefinition, PlainMetricDefinition as MetricDefinition } from './plain-definition.js';
export { quantileOf } from './quantile-of.js';
export {
  aiProviderCheck,
  databaseCheck,
  type GaugeCheckOptions,
  gaugeCheck,
  gitPlatformCheck,
  queueCheck,
  tcpCheck,
  type UrlCheckOptions,
  urlCheck,
} from './ready-made-checks.js';
export { type Issue, PlatformMetrics, type PullRequest } from './recorders/platform.js';
export type { PriceTable, TokenPrices, TokenUsage } from './recorders/prices.js';
export {
  ProviderMetrics,
  type ProviderMetricsOptions,
  type ProviderRateLimitState,
} from './recorders/provider.js';
export type { AiRequest, MessageRequest } from './recorders/provider-requests.js';
export type { MessageChunk } from './recorders/provider-usage.js';
export type { RecorderOptions, RegistryCollector } from './recorders/recorder-options.js';
export { WorkflowMetrics } from './recorders/workflow.js';
export type { WorkflowContext, WorkflowStep } from './recorders/workflow-context.js';
export { type AnyRegistry, MetricsRegistry, sharedRegistry } from './registry.js';
export type { InstrumentOptions, MetricsRegistryOptions, MetricsTextOptions } from './registry-options.js';
export type { StructuralRegistry } from './structural-registry.js';
export type { MetricView, MetricViews } from './views.js';
