/** Counters: values that only go up. */
import type { CounterDefinition } from '../definition.js';
import type { LabelShape, LabelValues } from '../label.js';
import { recognizeCopies } from '../process-wide.js';
import { metricOf, Series, successorOf } from './branch.js';
import { areExemplarsPossible, followStage } from './exemplar-sources.js';
import {
  type ExemplarPlace,
  type ExemplarSource,
  exemplarOf,
  offerExemplar,
  sampleExemplar,
  skipsOf,
} from './exemplars.js';
import { Instrument, type InstrumentContext, type Sample, type SampleLabels } from './instrument.js';
import {
  type BoundMethods,
  bindMethods,
  isRecordingWithExemplar,
  type PromClientArgument,
  type RecordingWithExemplar,
} from './prom-client-shape.js';
import { bareNumber, counterError, isLabels } from './value-checks.js';

/** One series of a counter, bound to its label values. */
export class CounterSeries extends Series {
  /** The current value. Read-only: use `inc` to change it. */
  value = 0;
  /** See `exemplarOf`. @internal */
  exemplar: ExemplarPlace = undefined;
  /** The number of recordings that do not look for an exemplar. @internal */
  skips = 0;

  /**
   * Adds 1, or a finite number of 0 or more.
   * @param exemplar labels of an exemplar, in addition to those of the trace, or a function that returns them
   * @throws ERR_METRICS_INVALID_VALUE, ERR_METRICS_NEGATIVE_INCREMENT, without changing the value
   */
  inc(value?: number, exemplar?: ExemplarSource): void;
  /** @internal */
  inc<A>(value: number, exemplar: ExemplarSource<A> | undefined, argument: A): void;
  inc(value = 1, exemplar?: ExemplarSource<never>, argument?: unknown): void {
    if (!isIncrement(value)) throw counterError(metricOf(this), value);
    if (this.branch === undefined) successorOf(this).add(value, exemplar, argument);
    else this.add(value, exemplar, argument);
  }

  /** `inc` without checks. @internal */
  add(value: number, exemplar?: ExemplarSource<never>, argument?: unknown): void {
    this.value += value;
    if (exemplar !== undefined) offer(this, value, exemplar, argument);
  }
}

// Not a private method, for which each series would have a field.
function offer(
  series: CounterSeries,
  value: number,
  exemplar: ExemplarSource<never> | undefined,
  argument: unknown,
): void {
  const source = exemplar as ExemplarSource<unknown> | undefined;
  series.exemplar = offerExemplar(series.exemplar, series, value, source, argument);
  series.skips = skipsOf(series.exemplar);
}

class LookingCounterSeries extends CounterSeries {
  override add(value: number, exemplar?: ExemplarSource<never>, argument?: unknown): void {
    this.value += value;
    if (exemplar !== undefined || areExemplarsPossible()) offer(this, value, exemplar, argument);
  }
}

class ExemplarCounterSeries extends CounterSeries {
  override add(value: number, exemplar?: ExemplarSource<never>, argument?: unknown): void {
    this.value += value;
    // A decrement on each path, and before the branch: with one on a path of its own, V8's code takes three times as long.
    if (--this.skips < 0 || exemplar !== undefined) offer(this, value, exemplar, argument);
  }
}

/** What counters make. Its methods are those of the stage, so that a recording checks nothing while there are no exemplars. */
class RecordedCounterSeries extends CounterSeries {}

followStage(RecordedCounterSeries.prototype, {
  looking: LookingCounterSeries.prototype,
  off: CounterSeries.prototype,
  on: ExemplarCounterSeries.prototype,
});

/**
 * A counter of a registry, made by `registry.counter(definition)`. The calls are those of prom-client's `Counter`.
 * @example
 * const processed = registry.counter(issuesProcessed);
 * processed.inc({ provider: 'anthropic-claude', platform: 'github', issue_type: 'bug', outcome: 'success' });
 * @see https://prometheus.io/docs/concepts/metric_types/#counter
 */
export class Counter<L extends LabelShape = LabelShape> extends Instrument<
  CounterDefinition<L>,
  CounterSeries
> {
  /** @internal */
  constructor(definition: CounterDefinition<L>, context: InstrumentContext) {
    super(definition, context, {
      create: (key, branch) => new RecordedCounterSeries(key, branch),
      onRemove: (series) => {
        series.value = 0;
        series.exemplar = undefined;
        series.skips = 0;
      },
    });
    bindMethods(this, ['inc']);
    this.zeroBare();
  }

  /**
   * Adds 1, or a finite number of 0 or more, to the series of these labels.
   * @throws ERR_METRICS_INVALID_VALUE, ERR_METRICS_NEGATIVE_INCREMENT, ERR_METRICS_UNKNOWN_LABEL,
   *   ERR_METRICS_INVALID_LABEL_VALUE, without changing a series
   */
  inc(none: PromClientArgument<L>): void;
  /** Adds to the series of these labels, with an exemplar, in the form of prom-client. */
  inc(recording: RecordingWithExemplar<L, { readonly value?: number }>): void;
  /** Adds to the series without labels. */
  inc(value?: number | null): void;
  /** Adds to the series of these labels. */
  inc(labels: LabelValues<L>, value?: number | null): void;
  inc(labelsOrValue?: object | number | null, value?: number | null): void {
    // Before the series is looked up: an invalid value must not create a series.
    if (isLabels(labelsOrValue)) {
      const amount = value ?? 1;
      if (!isIncrement(amount)) throw counterError(this.name, amount);
      let series: CounterSeries;
      try {
        series = this.series.find(labelsOrValue);
      } catch (error) {
        if (value !== undefined || !isRecordingWithExemplar(labelsOrValue)) throw error;
        const { labels = {}, value: added = 1, exemplarLabels } = labelsOrValue;
        if (!isIncrement(added)) throw counterError(this.name, added);
        this.series.find(labels).add(added, exemplarLabels);
        return;
      }
      series.add(amount);
    } else {
      const amount = (value == null ? labelsOrValue : bareNumber(this.name, labelsOrValue, value)) ?? 1;
      if (!isIncrement(amount)) throw counterError(this.name, amount);
      this.series.unlabelled().add(amount);
    }
  }

  /** @internal */
  protected override methodsOf(series: CounterSeries): BoundMethods<CounterSeries, L> {
    return { inc: (value?: number, exemplar?: ExemplarSource) => series.inc(value, exemplar) };
  }

  /** @internal */
  protected override samplesOf(series: CounterSeries, labels: SampleLabels): Sample[] {
    return [{ value: series.value, labels, ...sampleExemplar(exemplarOf(series)) }];
  }
}

function isIncrement(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY;
}

recognizeCopies(Counter, 'Counter');
