/** Summaries: sum and count of observed values, and optional quantiles over a sliding window. */
import type { SummaryDefinition } from '../definition.js';
import type { LabelShape, LabelValues } from '../label.js';
import { recognizeCopies } from '../process-wide.js';
import { type Branch, metricOf, Series, successorOf } from './branch.js';
import { Instrument, type InstrumentContext, type Sample, type SampleLabels } from './instrument.js';
import {
  type BoundMethods,
  bindMethods,
  type PromClientArgument,
  type PromClientStop,
  type StopTimer,
} from './prom-client-shape.js';
import { QuantileWindow } from './quantile-window.js';
import { timer } from './stopwatch.js';
import { bareNumber, checkFinite, isLabels, valueError } from './value-checks.js';

/** One series of a summary, bound to its label values. */
export class SummarySeries extends Series {
  /** Sum of the observed values. Read-only: use `observe`. */
  sum = 0;
  /** The number of observed values. Read-only: use `observe`. */
  count = 0;
  /** The values of the last `maxAgeSeconds`; `undefined` if no quantiles are exposed. @internal */
  readonly window: QuantileWindow | undefined;

  /** @internal */
  constructor(key: string, branch: Branch, window: QuantileWindow | undefined) {
    super(key, branch);
    this.window = window;
  }

  /** Observes a finite value. @throws ERR_METRICS_INVALID_VALUE, without changing the series */
  observe(value: number): void {
    if (!Number.isFinite(value)) throw valueError('observation of summary', metricOf(this), value);
    if (this.branch === undefined) successorOf(this).record(value);
    else this.record(value);
  }

  /** `observe` without checks. */
  private record(value: number): void {
    this.sum += value;
    this.count += 1;
    this.window?.add(value);
  }

  /** Starts a timer; the returned function observes and returns the seconds since. */
  startTimer(): () => number {
    return timer((seconds) => this.observe(seconds));
  }

  /** Resets the series to 0. @internal */
  clear(): void {
    this.sum = 0;
    this.count = 0;
    this.window?.clear();
  }
}

/**
 * A summary of a registry, made by `registry.summary(definition)`. The calls are those of prom-client's `Summary`.
 * @see https://prometheus.io/docs/concepts/metric_types/#summary
 */
export class Summary<L extends LabelShape = LabelShape> extends Instrument<
  SummaryDefinition<L>,
  SummarySeries
> {
  /** @internal */
  constructor(definition: SummaryDefinition<L>, context: InstrumentContext) {
    const { quantiles, maxAgeSeconds, ageBuckets } = definition;
    super(definition, context, {
      create: (key, branch) =>
        new SummarySeries(
          key,
          branch,
          quantiles.length === 0 ? undefined : new QuantileWindow(maxAgeSeconds, ageBuckets),
        ),
      onRemove: (series) => series.clear(),
    });
    bindMethods(this, ['observe', 'startTimer']);
    this.zeroBare();
  }

  /**
   * Observes a finite value in the series of these labels.
   * @throws ERR_METRICS_INVALID_VALUE, ERR_METRICS_UNKNOWN_LABEL, ERR_METRICS_INVALID_LABEL_VALUE,
   *   without changing a series
   */
  observe(none: PromClientArgument<L>): void;
  /** Observes in the series without labels. */
  observe(value: number): void;
  /** Observes in the series of these labels. */
  observe(labels: LabelValues<L>, value: number): void;
  observe(labelsOrValue: LabelValues<L> | number, value?: number): void {
    const observed = isLabels(labelsOrValue) ? value : bareNumber(this.name, labelsOrValue, value);
    checkFinite('observation of summary', this.name, observed);
    (isLabels(labelsOrValue) ? this.series.find(labelsOrValue) : this.series.unlabelled()).observe(observed);
  }

  /** Starts a timer; the returned function observes and returns the seconds since. Labels may be given at the start and at the end. */
  startTimer(none: PromClientArgument<L>): PromClientStop<L>;
  /** Starts a timer for the series of these labels. */
  startTimer(labels?: Partial<LabelValues<L>>): StopTimer<L>;
  startTimer(labels?: Partial<LabelValues<L>>): StopTimer<L> & PromClientStop<L> {
    return timer((seconds, endLabels: object | undefined) =>
      this.series
        .find(endLabels === undefined ? (labels ?? {}) : { ...labels, ...endLabels })
        .observe(seconds),
    );
  }

  /** @internal */
  protected override methodsOf(series: SummarySeries): BoundMethods<SummarySeries, L> {
    return {
      observe: (value) => series.observe(value),
      startTimer: () =>
        timer((seconds, labels: object | undefined) =>
          labels === undefined
            ? series.observe(seconds)
            : this.observe(this.endLabels(series, labels), seconds),
        ),
    };
  }

  /** @internal */
  protected override samplesOf(series: SummarySeries, labels: SampleLabels): Sample[] {
    const { quantiles } = this.definition;
    const samples: Sample[] = (series.window?.quantiles(quantiles) ?? []).map((value, index) => ({
      labels: { ...labels, quantile: quantiles[index] ?? 0 },
      value,
    }));
    samples.push(
      { labels, value: series.sum, metricName: `${this.name}_sum` },
      { labels: { ...labels }, value: series.count, metricName: `${this.name}_count` },
    );
    return samples;
  }
}

recognizeCopies(Summary, 'Summary');
