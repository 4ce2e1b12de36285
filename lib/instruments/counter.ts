/** Counters: values that only go up. */
import type { CounterDefinition } from '../definition.js';
import type { LabelShape, LabelValues } from '../label.js';
import { recognizeCopies } from '../process-wide.js';
import { metricOf, Series, successorOf } from './branch.js';
import {
  Instrument,
  type InstrumentContext,
  isLabels,
  type Sample,
  type SampleLabels,
} from './instrument.js';
import { type BoundMethods, bindMethods, type PromClientArgument } from './prom-client-shape.js';
import { bareNumber, counterError } from './value-checks.js';

/** One series of a counter, bound to its label values. */
export class CounterSeries extends Series {
  /** The current value. Read-only: use `inc` to change it. */
  value = 0;

  /**
   * Adds 1, or a finite number of 0 or more.
   * @throws ERR_METRICS_INVALID_VALUE, ERR_METRICS_NEGATIVE_INCREMENT, without changing the value
   */
  inc(value = 1): void {
    if (!isIncrement(value)) throw counterError(metricOf(this), value);
    if (this.branch === undefined) successorOf(this).value += value;
    else this.value += value;
  }
}

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
      create: (key, branch) => new CounterSeries(key, branch),
      onRemove: (series) => {
        series.value = 0;
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
  /** Adds to the series without labels. */
  inc(value?: number | null): void;
  /** Adds to the series of these labels. */
  inc(labels: LabelValues<L>, value?: number | null): void;
  inc(labelsOrValue?: LabelValues<L> | number | null, value?: number | null): void {
    // Before the series is looked up: an invalid value must not create a series.
    if (isLabels(labelsOrValue)) {
      const amount = value ?? 1;
      if (!isIncrement(amount)) throw counterError(this.name, amount);
      this.series.find(labelsOrValue).value += amount;
    } else {
      const amount = (value == null ? labelsOrValue : bareNumber(this.name, labelsOrValue, value)) ?? 1;
      if (!isIncrement(amount)) throw counterError(this.name, amount);
      this.series.unlabelled().value += amount;
    }
  }

  /** @internal */
  protected override methodsOf(series: CounterSeries): BoundMethods<CounterSeries, L> {
    return { inc: (value) => series.inc(value) };
  }

  /** @internal */
  protected override samplesOf(series: CounterSeries, labels: SampleLabels): Sample[] {
    return [{ value: series.value, labels }];
  }
}

function isIncrement(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY;
}

recognizeCopies(Counter, 'Counter');
