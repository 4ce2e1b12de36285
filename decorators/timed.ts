/** `@Timed`: observes how long the calls of a method take, in seconds. */
import { methodDuration } from '../lib/catalogue/method.js';
import type { HistogramDefinition } from '../lib/definition.js';
import type { HistogramSeries } from '../lib/instruments/histogram-series.js';
import { secondsSince, startedAt } from '../lib/instruments/stopwatch.js';
import type { LabelShape } from '../lib/label.js';
import { invalidOption } from '../lib/option-names.js';
import type { Call } from './call.js';
import type { ClientOptionsFor, ClientTimer } from './client-metric.js';
import type { ExemplarOption } from './exemplar-option.js';
import type { FailureOption } from './failure-option.js';
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

/** The options of `@Timed` beside `labels` and those of every decorator (`DecoratorOptions`). */
export interface TimedOptions<C = Call> extends FailureOption<C>, ExemplarOption<C> {
  /**
   * `end` times the whole call, `first-item` the time to the first item of the returned stream, or to the return if the
   * result is not a stream. With `first-item`, a call that fails or ends before its first item is not observed. Default:
   * `end`.
   */
  until?: 'end' | 'first-item';
  /**
   * N: times one call in N and observes it with the weight N, so that count and sum stay correct on average. The other calls
   * do not read the clock. Default: 1, every call.
   */
  sample?: number;
}

/**
 * Times the calls of a method in `method_duration_seconds`, by class, method and outcome.
 * @throws at class definition ERR_METRICS_INVALID_DECORATION on anything but a method, ERR_METRICS_INVALID_OPTION
 * @example
 * class Importer {
 *   \@Timed({ sample: 10 })
 *   async run(file: string): Promise<void> { ... }
 * }
 */
export function Timed<This, Args extends unknown[], Result>(
  options?: MetriclessOptions<CallOf<This, Args, Result>['instance']> &
    TimedOptions<CallOf<This, Args, Result>>,
): DualModeMethodDecorator<This, Args, Result>;
/**
 * Times the calls of a method in a histogram, in seconds from the call to its end: the return, the settlement of the
 * returned promise, or the end of the returned stream. A stream that is never read to its end is not observed. Labels and
 * errors as for `Counted`.
 * @throws at class definition, as `Counted` does
 * @example
 * class Importer {
 *   \@Timed(importDuration, { labels: { kind: 'csv', outcome } })
 *   async run(file: string): Promise<void> { ... }
 * }
 * @see https://prometheus.io/docs/practices/histograms/
 */
export function Timed<L extends LabelShape, This, Args extends unknown[], Result>(
  definition: HistogramDefinition<L>,
  ...options: DecoratorOptionsFor<L, CallOf<This, Args, Result>, TimedOptions<CallOf<This, Args, Result>>>
): DualModeMethodDecorator<This, Args, Result>;
/**
 * Times the calls of a method in an existing prom-client `Histogram` or `Summary`, in seconds.
 */
export function Timed<T extends string, This, Args extends unknown[], Result>(
  metric: ClientTimer<T>,
  ...options: ClientOptionsFor<T, CallOf<This, Args, Result>, TimedOptions<CallOf<This, Args, Result>>>
): DualModeMethodDecorator<This, Args, Result>;
export function Timed<This, Args extends unknown[], Result>(
  ...args: unknown[]
): DualModeMethodDecorator<This, Args, Result> {
  return metricDecorator(timed, readArguments(timed, args));
}

const timed: MetricDecorator<HistogramSeries, TimedOptions, number | undefined> = {
  decorator: 'Timed',
  withoutMetric: methodDuration,
  ownOptions: { until: true, sample: true, exemplar: true },
  clientTypes: ['histogram', 'summary'],
  observer: timing,
};

function timing(
  recorder: Recorder<HistogramSeries>,
  { until = 'end', sample = 1, exemplar }: TimedOptions,
): CallObserver<number | undefined> {
  if (until !== 'end' && until !== 'first-item')
    throw invalidOption('@Timed', 'until', '"end" or "first-item"', until);
  if (!(Number.isSafeInteger(sample) && sample > 0))
    throw invalidOption('@Timed', 'sample', 'a positive integer', sample);
  const { seriesOf } = recorder;
  const stop: CallObserver<number | undefined>['end'] = (call, started) => {
    // Not sampled, or a stream that was garbage collected at an unknown time after its end.
    if (started === undefined || call.abandoned) return;
    // Cannot throw: the seconds come from a monotonic clock, and the weight is checked above.
    seriesOf(call)?.observe(secondsSince(started), sample, exemplar, call);
  };
  const isSampling = sample > 1;
  const start = isSampling ? oneIn(sample) : startedAt;
  return until === 'end' ? { start, isSampling, end: stop } : { start, isSampling, firstItem: stop };
}

/** Reads the clock for one call in `sample`. The first one is random, so that methods are not sampled in lockstep. */
function oneIn(sample: number): () => number | undefined {
  let skipped = Math.floor(Math.random() * sample);
  return () => {
    skipped += 1;
    if (skipped < sample) return undefined;
    skipped = 0;
    return startedAt();
  };
}
