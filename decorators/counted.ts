/** `@Counted`: counts the calls of a method. */
import { methodCalls } from '../lib/catalogue/method.js';
import type { CounterDefinition } from '../lib/definition.js';
import type { CounterSeries } from '../lib/instruments/counter.js';
import type { LabelShape } from '../lib/label.js';
import { invalidOption } from '../lib/option-names.js';
import type { Call } from './call.js';
import type { ClientCounter, ClientOptionsFor } from './client-metric.js';
import { checkErrorClasses, type ErrorClass, endedWith } from './error-classes.js';
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

/**
 * Which calls `@Counted` counts, and when: `settled`, all calls when they end; `success` and `failure`, the calls that end
 * that way; `called`, all calls at their start.
 */
export type CountedWhen = 'settled' | 'success' | 'failure' | 'called';

/** The options of `@Counted` beside `labels` and those of every decorator (`DecoratorOptions`). */
export interface CountedOptions<C> extends FailureOption<C>, ExemplarOption<C> {
  /** Which calls count, and when. `failure` includes escalations. Default: `settled`, or `failure` if `errors` is given. */
  when?: CountedWhen;
  /** How much a call adds: a finite number of 0 or more. `undefined` adds nothing and makes no series. Default: 1. */
  value?: (call: C) => number | undefined;
  /** Counts only calls that ended with an error of one of these classes. Default: all errors. */
  errors?: readonly ErrorClass[];
}

/**
 * Counts the calls of a method in `method_calls_total`, by class, method and outcome.
 * @throws at class definition ERR_METRICS_INVALID_DECORATION on anything but a method, ERR_METRICS_INVALID_OPTION
 * @example
 * class Importer {
 *   \@Counted()
 *   async run(file: string): Promise<void> { ... }
 * }
 */
export function Counted<This, Args extends unknown[], Result>(
  options?: MetriclessOptions<CallOf<This, Args, Result>['instance']> &
    CountedOptions<CallOf<This, Args, Result>>,
): DualModeMethodDecorator<This, Args, Result>;
/**
 * Counts the calls of a method in a counter. Each label has a source: a value, or a function of the call. A call never
 * throws because of its recording: an error in a source is counted in `metrics_recording_errors_total` and reported once.
 * @throws at class definition ERR_METRICS_INVALID_DECORATION on anything but a method, ERR_METRICS_INVALID_OPTION for a
 *   missing or unknown label or option, ERR_METRICS_WRONG_TYPE, ERR_METRICS_DEFINITION_CONFLICT
 * @example
 * class ClaudeProvider {
 *   \@Counted(aiRequests, { labels: { provider: 'claude', model: ({ args: [request] }) => request.model, operation: 'message' } })
 *   async send(request: MessageRequest): Promise<Message> { ... }
 * }
 * @see https://prometheus.io/docs/practices/instrumentation/
 */
export function Counted<L extends LabelShape, This, Args extends unknown[], Result>(
  definition: CounterDefinition<L>,
  ...options: DecoratorOptionsFor<L, CallOf<This, Args, Result>, CountedOptions<CallOf<This, Args, Result>>>
): DualModeMethodDecorator<This, Args, Result>;
/**
 * Counts the calls of a method in an existing prom-client `Counter`, with a source for each of its labels. The counter stays
 * in its registry.
 */
export function Counted<T extends string, This, Args extends unknown[], Result>(
  metric: ClientCounter<T>,
  ...options: ClientOptionsFor<T, CallOf<This, Args, Result>, CountedOptions<CallOf<This, Args, Result>>>
): DualModeMethodDecorator<This, Args, Result>;
export function Counted<This, Args extends unknown[], Result>(
  ...args: unknown[]
): DualModeMethodDecorator<This, Args, Result> {
  return metricDecorator(counted, readArguments(counted, args));
}

const counted: MetricDecorator<CounterSeries, CountedOptions<Call>> = {
  decorator: 'Counted',
  withoutMetric: methodCalls,
  ownOptions: { when: true, value: true, errors: true, exemplar: true },
  observer: counting,
};

const whens: readonly unknown[] = ['settled', 'success', 'failure', 'called'] satisfies CountedWhen[];

function counting(
  recorder: Recorder<CounterSeries>,
  { errors, when = errors === undefined ? 'settled' : 'failure', value, exemplar }: CountedOptions<Call>,
): CallObserver {
  if (!whens.includes(when)) throw invalidOption('@Counted', 'when', `one of ${whens.join(', ')}`, when);
  if (errors !== undefined) {
    checkErrorClasses('Counted', 'errors', errors);
    if (when !== 'failure')
      throw invalidOption('@Counted with `errors`', 'when', '"failure" or nothing', when);
  }
  const { seriesOf, amountOf, failed } = recorder;
  const countOne = (call: Call): void => seriesOf(call)?.inc(1, exemplar, call);
  const countValue = (call: Call): void => {
    const amount = value === undefined ? undefined : amountOf(call, value);
    if (amount === undefined) return;
    try {
      seriesOf(call)?.inc(amount, exemplar, call);
    } catch (error) {
      failed(call, 'value', error);
    }
  };
  const count = value === undefined ? countOne : countValue;
  if (when === 'called') return { start: count };
  if (when === 'settled') return { end: count };
  return {
    end: (call) => {
      if (
        (call.outcome === 'success') === (when === 'success') &&
        (errors === undefined || endedWith(call, errors))
      )
        count(call);
    },
  };
}
