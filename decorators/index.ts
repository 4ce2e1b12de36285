/** Method decorators over metric definitions: standard and legacy mode from the same functions. */
export { anthropicUsage } from './anthropic-usage.js';
export type { Call } from './call.js';
export { fromClass, type SharedSource } from './class-settings.js';
export type { ClientCounter, ClientGauge, ClientOptionsFor, ClientTimer } from './client-metric.js';
export { fromContext, withLabels } from './context-labels.js';
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
export { errorType, type LabelSources, outcome, type Source } from './label-sources.js';
export { type AnyClass, getInstrumentation, type InstrumentedMethod, type MethodMetric } from './metadata.js';
export type { DualModeMethodDecorator } from './method-decorator.js';
export type { CommonOptions, MetriclessOptions } from './metric-decorator.js';
export { openaiUsage } from './openai-usage.js';
export { type PlatformEffect, PlatformRequest, type PlatformRequestOptions } from './platform.js';
export type { PresetLabels } from './preset.js';
export { ProviderRequest, type ProviderRequestOptions } from './provider.js';
export type { RateLimitTold } from './rate-limit-result.js';
export { Timed, type TimedOptions } from './timed.js';
export { TracksGauge, type TracksGaugeOptions } from './tracks-gauge.js';
export type { ReplyFacts, ReplyStream, UsageReader } from './usage.js';
export { WorkflowRun, type WorkflowRunOptions, WorkflowStep, type WorkflowStepOptions } from './workflow.js';
