/** `@Timed`: observes how long the calls of a method take, in seconds. */
import { methodDuration } from '../lib/catalogue/method.js';
import type { HistogramDefinition } from '../lib/definition.js';
import { metricsError, shown } from '../lib/errors.js';
import type { HistogramSeries } from '../lib/instruments/histogram.js';
import { secondsSince, startedAt } from '../lib/instruments/stopwatch.js';
import type { LabelShape } from '../lib/label.js';
import type { Call } from './call.js';
import type { ClientOptionsFor, ClientTimer } from './client-metric.js';
import type { FailureOption } from './failure-option.js';
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

export interface TimedOptions<C = Call> extends FailureOption<C> {
  /**
   * What is timed: the whole call, or the time to the first item of the stream that is returned (to the return, where it
   * is none). A call that has no first item, since it fails or ends before, is not observed then. Default: `end`.
   */
  until?: 'end' | 'first-item';
  /**
   * Times one call in so many and observes it with that weight, so that count and sum stay right on average; the others
   * read no clock. Default: 1, every call.
   */
  sample?: number;
}

/**
 * Times the calls of a method in `method_duration_seconds`, by class, method and outcome.
 * @throws ERR_METRICS_INVALID_DECORATION at class definition, on anything but a method
 */
export function Timed<This, Args extends unknown[], Result>(
  options?: MetriclessOptions<CallOf<This, Args, Result>['instance']> &
    TimedOptions<CallOf<This, Args, Result>>,
): DualModeMethodDecorator<This, Args, Result>;
/**
 * Times the calls of a method in a histogram, in seconds from the call to its end: the return, the settlement of the
 * returned promise, the end of the returned stream. A stream that is never read to its end is not observed. Labels and
 * errors as in `Counted`.
 */
export function Timed<L extends LabelShape, This, Args extends unknown[], Result>(
  definition: HistogramDefinition<L>,
  ...options: OptionsFor<L, CallOf<This, Args, Result>, TimedOptions<CallOf<This, Args, Result>>>
): DualModeMethodDecorator<This, Args, Result>;
/**
 * Times the calls of a method in a `Histogram` or `Summary` of prom-client that exists already.
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

const timed: MetricDecorator<HistogramSeries, TimedOptions> = {
  decorator: 'Timed',
  withoutMetric: methodDuration,
  ownOptions: ['until', 'sample'],
  clientTypes: ['histogram', 'summary'],
  observer: timing,
};

function timing(
  recorder: Recorder<HistogramSeries>,
  { until = 'end', sample = 1 }: TimedOptions,
): CallObserver {
  if (until !== 'end' && until !== 'first-item') {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`until\` of @Timed: expected "end" or "first-item", received ${shown(until)}.`,
    );
  }
  if (!(Number.isSafeInteger(sample) && sample > 0)) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`sample\` of @Timed: expected a positive integer, received ${shown(sample)}.`,
    );
  }
  const { seriesOf } = recorder;
  const stop: CallObserver['end'] = (call, started) => {
    // Not sampled, or a stream that became garbage some time ago.
    if (started === undefined || call.abandoned) return;
    // Seconds of a monotonic clock and a checked weight: this cannot fail.
    seriesOf(call)?.observe(secondsSince(started as number), sample);
  };
  const start = sample === 1 ? startedAt : oneIn(sample);
  return until === 'end' ? { start, end: stop } : { start, firstItem: stop };
}

/** Reads the clock for one call in so many. Which is the first is left to chance, so that many methods do not keep step. */
function oneIn(sample: number): () => number | undefined {
  let skipped = Math.floor(Math.random() * sample);
  return () => {
    skipped += 1;
    if (skipped < sample) return undefined;
    skipped = 0;
    return startedAt();
  };
}
