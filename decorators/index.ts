/** Method decorators that record on metric definitions. The same functions work in standard and in legacy decorator mode. */

export type { ContextLabels } from '../lib/label-context.js';
export type { RateLimitReport } from '../lib/outbound/rate-limit-result.js';
export type { Call } from './call.js';
export type {
  ClientChild,
  ClientCounter,
  ClientGauge,
  ClientLabels,
  ClientOptions,
  ClientOptionsFor,
  ClientSources,
  ClientTimer,
} from './client-metric.js';
export { Counted, type CountedOptions, type CountedWhen } from './counted.js';
export type { ErrorClass } from './error-classes.js';
export type { ExemplarOption } from './exemplar-option.js';
export type { FailureOption, ReturnedCall } from './failure-option.js';
export type { AccessorTarget, DualModeGaugeDecorator } from './gauge-property.js';
export { type DecoratorFor, instrument } from './instrument.js';
export {
  type InstrumentationReport,
  instrumentationReport,
  type ReportedMethod,
} from './instrumentation-report.js';
export { type ClassContext, Instrumented, type InstrumentedOptions } from './instrumented.js';
export { type AnyClass, getInstrumentation, type InstrumentedMethod, type MethodMetric } from './metadata.js';
export type {
  DecoratedMethod,
  DualModeMethodDecorator,
  NotInferred,
  NotInferredArgs,
} from './method-decorator.js';
export type { CallOf, DecoratorOptions, DecoratorOptionsFor, MetriclessOptions } from './metric-decorator.js';
export { anthropicUsage } from './presets/anthropic-usage.js';
export { openaiUsage } from './presets/openai-usage.js';
export { type PlatformEffect, PlatformRequest, type PlatformRequestOptions } from './presets/platform.js';
export type { PresetLabels } from './presets/preset.js';
export { ProviderRequest, type ProviderRequestOptions } from './presets/provider.js';
export type { ReplyFacts, ReplyStream, TextSource, TokenSource, UsageReader } from './presets/usage.js';
export {
  WorkflowRun,
  type WorkflowRunOptions,
  WorkflowStep,
  type WorkflowStepOptions,
} from './presets/workflow.js';
export type { SharedLabelSource, SharedLabelValue } from './recording/class-settings.js';
export { withLabels } from './recording/context-labels.js';
export {
  errorType,
  fromClass,
  fromContext,
  type LabelSource,
  type LabelSources,
  outcome,
} from './recording/label-sources.js';
export { Timed, type TimedOptions } from './timed.js';
export { TracksGauge, type TracksGaugeOptions } from './tracks-gauge.js';
