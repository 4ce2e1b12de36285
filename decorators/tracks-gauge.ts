/** `@TracksGauge`: the number of calls in progress, or a gauge that follows a result or a property. */
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
  type DecoratorOptionsFor,
  type MetricDecorator,
  type MetriclessOptions,
  metricDecorator,
  readArguments,
} from './metric-decorator.js';
import type { CallObserver } from './observed-call.js';
import type { Recorder } from './recording/recorder.js';

/** The options of `@TracksGauge` beside `labels` and those of every decorator (`DecoratorOptions`). */
export interface TracksGaugeOptions<C> extends FailureOption<C> {
  /**
   * The value to which the gauge is set at the end of each successful call, instead of counting calls in progress.
   * `undefined` leaves the gauge unchanged. On a property it converts the value, which is `result` of the call, to a number.
   * Default: calls in progress; on a property, its value.
   */
  set?: (call: C) => number | undefined;
}

/**
 * Tracks the number of calls of a method in progress in `method_calls_in_progress`, by class and method.
 * @throws at class definition ERR_METRICS_INVALID_DECORATION on anything but a method, ERR_METRICS_INVALID_OPTION
 * @example
 * class Importer {
 *   \@TracksGauge()
 *   async run(file: string): Promise<void> { ... }
 * }
 */
export function TracksGauge<This, Args extends unknown[], Result>(
  options?: MetriclessOptions<CallOf<This, Args, Result>['instance']>,
): DualModeMethodDecorator<This, Args, Result>;
/**
 * Tracks the number of calls of a method in progress in a gauge: +1 at the start and -1 at the end, with the labels of the
 * start. On a standard `accessor`, and on a property or `accessor` in legacy mode, the gauge follows the value. A legacy
 * property needs `useDefineForClassFields: false`, as all legacy property decorators do; otherwise the class definition
 * throws ERR_METRICS_INVALID_DECORATION. Labels and errors as for `Counted`.
 * @throws at class definition, as `Counted` does
 * @example
 * class Queue {
 *   \@TracksGauge(queueDepth, { labels: { queue: 'imports' } })
 *   accessor size = 0;
 * }
 * @see https://prometheus.io/docs/practices/instrumentation/#counter-vs-gauge-summary-vs-histogram
 */
export function TracksGauge<L extends LabelShape, This, Args extends unknown[], Result>(
  definition: GaugeDefinition<L>,
  ...options: DecoratorOptionsFor<
    L,
    CallOf<This, Args, Result>,
    TracksGaugeOptions<CallOf<This, Args, Result>>
  >
): DualModeGaugeDecorator<This, Args, Result>;
/**
 * Tracks the calls of a method, or a property, in an existing prom-client `Gauge`.
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
    // Made only for a method, since making it binds its series.
    onMethod ??= metricDecorator(tracksGauge, read) as (...at: unknown[]) => void;
    return onMethod(...at);
  };
}

const tracksGauge: MetricDecorator<GaugeSeries, TracksGaugeOptions<Call>, GaugeSeries | undefined> = {
  decorator: 'TracksGauge',
  withoutMetric: methodCallsInProgress,
  ownOptions: { set: true },
  observer: tracking,
};

function tracking(
  recorder: Recorder<GaugeSeries>,
  { set }: TracksGaugeOptions<Call>,
): CallObserver<GaugeSeries | undefined> {
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
    // The series of the start, if it found one: the labels may differ by now.
    end: (_call, series) => series?.dec(),
  };
}
