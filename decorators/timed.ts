/** `@Timed`: observes how long the calls of a method take, in seconds. */
import { methodDuration } from '../lib/catalogue/method.js';
import type { HistogramDefinition, LabelShape } from '../lib/definition.js';
import type { HistogramSeries } from '../lib/instruments/histogram.js';
import { secondsSince, startedAt } from '../lib/instruments/stopwatch.js';
import type { DualModeMethodDecorator } from './method-decorator.js';
import { type CallOf, metricDecorator, type OptionsFor, type RegistryOption } from './metric-decorator.js';
import type { CallObserver } from './observed-call.js';
import type { Recorder } from './recorder.js';

/** `@Timed` has no options of its own yet. */
export type TimedOptions = Record<never, never>;

/**
 * Times the calls of a method in `method_duration_seconds`, by class, method and outcome.
 * @throws ERR_METRICS_INVALID_DECORATION at class definition, on anything but a method
 */
export function Timed<This, Args extends unknown[], Result>(
  options?: RegistryOption,
): DualModeMethodDecorator<This, Args, Result>;
/**
 * Times the calls of a method in a histogram, in seconds from the call to the return or to the settlement of the
 * returned promise. Labels and errors as in `Counted`.
 */
export function Timed<L extends LabelShape, This, Args extends unknown[], Result>(
  definition: HistogramDefinition<L>,
  ...options: OptionsFor<L, CallOf<This, Args, Result>, TimedOptions>
): DualModeMethodDecorator<This, Args, Result>;
export function Timed<This, Args extends unknown[], Result>(
  ...args: unknown[]
): DualModeMethodDecorator<This, Args, Result> {
  return metricDecorator(
    { decorator: 'Timed', withoutMetric: methodDuration, ownOptions: [], observer: timing },
    args,
  );
}

function timing(recorder: Recorder<HistogramSeries>): CallObserver {
  return {
    start: startedAt,
    end: (call, started) => {
      const seconds = secondsSince(started as number);
      recorder.record(call, (series) => series.observe(seconds));
    },
  };
}
