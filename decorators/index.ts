/** Method decorators over metric definitions: standard and legacy mode from the same functions. */
export { Counted, type CountedOptions, type When } from './counted.js';
export { errorType, type LabelSources, outcome, type Source } from './label-sources.js';
export { getInstrumentation, type InstrumentedMethod, type MethodMetric } from './metadata.js';
export type { DualModeMethodDecorator } from './method-decorator.js';
export type { Call } from './observed-call.js';
export { Timed, type TimedOptions } from './timed.js';
export { TracksGauge, type TracksGaugeOptions } from './tracks-gauge.js';
