/** Method decorators over metric definitions: standard and legacy mode from the same functions. */

export type { RateLimitReport } from '../lib/outbound/rate-limit-result.js';
export type { Call } from './call.js';
export type { ClientCounter, ClientGauge, ClientOptionsFor, ClientTimer } from './client-metric.js';
export { Counted, type CountedOptions, type When } from './counted.js';
export type { ErrorClass } from './error-classes.js';
export type { DualModeGaugeDecorator } from './gauge-property.js';
export { instrument } from './instrument.js';
export {
  type InstrumentationReport,
  instrumentationReport,
  type ReportedMethod,
} from './instrumentation-report.js';
export { Instrumented, type InstrumentedOptions } from './instrumented.js';
export { type AnyClass, getInstrumentation, type InstrumentedMethod, type MethodMetric } from './metadata.js';
export type { DualModeMethodDecorator } from './method-decorator.js';
export type { CommonOptions, MetriclessOptions } from './metric-decorator.js';
export { anthropicUsage } from './presets/anthropic-usage.js';
export { openaiUsage } from './presets/openai-usage.js';
export { type PlatformEffect, PlatformRequest, type PlatformRequestOptions } from './presets/platform.js';
export type { PresetLabels } from './presets/preset.js';
export { ProviderRequest, type ProviderRequestOptions } from './presets/provider.js';
export type { ReplyFacts, ReplyStream, UsageReader } from './presets/usage.js';
export {
  WorkflowRun,
  type WorkflowRunOptions,
  WorkflowStep,
  type WorkflowStepOptions,
} from './presets/workflow.js';
export { fromClass, type SharedSource } from './recording/class-settings.js';
export { fromContext, withLabels } from './recording/context-labels.js';
export { errorType, type LabelSources, outcome, type Source } from './recording/label-sources.js';
export { Timed, type TimedOptions } from './timed.js';
export { TracksGauge, type TracksGaugeOptions } from './tracks-gauge.js';
