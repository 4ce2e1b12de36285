/** `@TracksGauge`: how many calls of a method are under way, or a gauge set from what it returns. */
import { methodCallsInProgress } from '../lib/catalogue/method.js';
import type { GaugeDefinition, LabelShape } from '../lib/definition.js';
import type { GaugeSeries } from '../lib/instruments/gauge.js';
import type { DualModeMethodDecorator } from './method-decorator.js';
import { type CallOf, metricDecorator, type OptionsFor, type RegistryOption } from './metric-decorator.js';
import type { Call, CallObserver } from './observed-call.js';
import type { Recorder } from './recorder.js';

export interface TracksGaugeOptions<C> {
  /**
   * Sets the gauge at the end of a successful call instead of counting calls under way; `undefined` leaves it as it is.
   */
  set?: (call: C) => number | undefined;
}

/**
 * Tracks the calls of a method under way in `method_calls_in_progress`, by class and method.
 * @throws ERR_METRICS_INVALID_DECORATION at class definition, on anything but a method
 */
export function TracksGauge<This, Args extends unknown[], Result>(
  options?: RegistryOption,
): DualModeMethodDecorator<This, Args, Result>;
/**
 * Tracks the calls of a method under way in a gauge: +1 at the start and -1 at the end, with the labels of the start.
 * Labels and errors as in `Counted`.
 */
export function TracksGauge<L extends LabelShape, This, Args extends unknown[], Result>(
  definition: GaugeDefinition<L>,
  ...options: OptionsFor<L, CallOf<This, Args, Result>, TracksGaugeOptions<CallOf<This, Args, Result>>>
): DualModeMethodDecorator<This, Args, Result>;
export function TracksGauge<This, Args extends unknown[], Result>(
  ...args: unknown[]
): DualModeMethodDecorator<This, Args, Result> {
  return metricDecorator(
    {
      decorator: 'TracksGauge',
      withoutMetric: methodCallsInProgress,
      ownOptions: ['set'],
      observer: tracking,
    },
    args,
  );
}

function tracking(recorder: Recorder<GaugeSeries>, { set }: TracksGaugeOptions<Call>): CallObserver {
  if (set !== undefined) {
    return {
      end: (call) => {
        if (call.outcome !== 'success') return;
        const value = recorder.valueOf(call, set);
        if (value !== undefined) recorder.record(call, (series) => series.set(value));
      },
    };
  }
  return {
    start: (call) => {
      const series = recorder.seriesOf(call);
      series?.inc();
      return series;
    },
    // Where the start found no series there is none to take back.
    end: (_call, series) => (series as GaugeSeries | undefined)?.dec(),
  };
}
