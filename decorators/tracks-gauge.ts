/** `@TracksGauge`: how many calls of a method are in progress, or a gauge that follows a result or a property. */
import { methodCallsInProgress } from '../lib/catalogue/method.js';
import type { GaugeDefinition } from '../lib/definition.js';
import type { GaugeSeries } from '../lib/instruments/gauge.js';
import type { LabelShape } from '../lib/label.js';
import type { Call } from './call.js';
import type { ClientGauge, ClientOptionsFor } from './client-metric.js';
import type { FailureOption } from './failure-option.js';
import { type DualModeGaugeDecorator, gaugeProperty, isProperty, setSeries } from './gauge-property.js';
import type { DualModeMethodDecorator } from './method-decorator.js';
import {
  type CallOf,
  type MetricDecorator,
  type MetriclessOptions,
  metricDecorator,
  type OptionsFor,
  readArguments,
} from './metric-decorator.js';
import type { CallObserver } from './observed-call.js';
import type { Recorder } from './recording/recorder.js';

export interface TracksGaugeOptions<C> extends FailureOption<C> {
  /**
   * Sets the gauge at the end of a successful call instead of counting calls in progress; `undefined` leaves it as it is.
   * On a property it makes the number of the value, which is the call's `result`.
   */
  set?: (call: C) => number | undefined;
}

/**
 * Tracks how many calls of a method are in progress in `method_calls_in_progress`, by class and method.
 * @throws ERR_METRICS_INVALID_DECORATION at class definition, on anything but a method
 */
export function TracksGauge<This, Args extends unknown[], Result>(
  options?: MetriclessOptions<CallOf<This, Args, Result>['instance']>,
): DualModeMethodDecorator<This, Args, Result>;
/**
 * Tracks how many calls of a method are in progress in a gauge: +1 at the start and -1 at the end, with the labels of the start. On a
 * standard `accessor`, and on a property or `accessor` in legacy mode, the gauge follows the value. A legacy property needs
 * `useDefineForClassFields: false`, as all legacy property decorators do: without, the class definition throws
 * ERR_METRICS_INVALID_DECORATION. Labels and errors as in `Counted`.
 */
export function TracksGauge<L extends LabelShape, This, Args extends unknown[], Result>(
  definition: GaugeDefinition<L>,
  ...options: OptionsFor<L, CallOf<This, Args, Result>, TracksGaugeOptions<CallOf<This, Args, Result>>>
): DualModeGaugeDecorator<This, Args, Result>;
/**
 * Tracks the calls of a method, or a property, in a `Gauge` of prom-client that exists already.
 */
export function TracksGauge<T extends string, This, Args extends unknown[], Result>(
  metric: ClientGauge<T>,
  ...options: ClientOptionsFor<T, CallOf<This, Args, Result>, TracksGaugeOptions<CallOf<This, Args, Result>>>
): DualModeGaugeDecorator<This, Args, Result>;
export function TracksGauge<This, Args extends unknown[], Result>(
  ...args: unknown[]
): DualModeGaugeDecorator<This, Args, Result> {
  const read = readArguments(tracksGauge, args);
  let onMethod: ((...at: unknown[]) => void) | undefined;
  return (...at: readonly unknown[]) => {
    if (isProperty(at)) return gaugeProperty(read, at);
    // Made only where it stands on a method: making it binds its series.
    onMethod ??= metricDecorator(tracksGauge, read) as (...at: unknown[]) => void;
    return onMethod(...at);
  };
}

const tracksGauge: MetricDecorator<GaugeSeries, TracksGaugeOptions<Call>> = {
  decorator: 'TracksGauge',
  withoutMetric: methodCallsInProgress,
  ownOptions: ['set'],
  observer: tracking,
};

function tracking(recorder: Recorder<GaugeSeries>, { set }: TracksGaugeOptions<Call>): CallObserver {
  if (set !== undefined) {
    return {
      end: (call) => {
        if (call.outcome !== 'success' || call.abandoned) return;
        const value = recorder.amountOf(call, set);
        if (value !== undefined) setSeries(recorder, call, value);
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
