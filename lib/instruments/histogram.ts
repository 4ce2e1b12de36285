/** Histograms: counts of observed values by bucket, and their sum and count. */
import type { HistogramDefinition } from '../definition.js';
import type { LabelShape, LabelValues } from '../label.js';
import type { NativeHistogramSettings } from '../native-histogram.js';
import { recognizeCopies } from '../process-wide.js';
import { BucketStore } from './bucket-store.js';
import { bucketExemplarOf, type ExemplarLabels, type ExemplarSource, sampleExemplar } from './exemplars.js';
import { type HistogramSeries, isWeight, RecordedHistogramSeries, weightError } from './histogram-series.js';
import { Instrument, type InstrumentContext, type Sample, type SampleLabels } from './instrument.js';
import {
  type BoundMethods,
  bindMethods,
  isRecordingWithExemplar,
  type PromClientArgument,
  type PromClientStop,
  type RecordingWithExemplar,
  type StopWithExemplar,
} from './prom-client-shape.js';
import { timer } from './stopwatch.js';
import { checkFinite, isLabels } from './value-checks.js';

/**
 * A histogram of a registry, made by `registry.histogram(definition)`. The calls are those of prom-client's `Histogram`.
 * @example
 * const duration = registry.histogram(apiRequestDuration);
 * duration.observe({ service: 'github', platform: 'github', method: 'GET' }, 0.25);
 * @see https://prometheus.io/docs/concepts/metric_types/#histogram
 */
export class Histogram<L extends LabelShape = LabelShape> extends Instrument<
  HistogramDefinition<L>,
  HistogramSeries
> {
  readonly #store: BucketStore;
  #buckets: readonly number[];

  /** @internal */
  constructor(definition: HistogramDefinition<L>, context: InstrumentContext) {
    const store = new BucketStore(definition.buckets, definition.native);
    super(definition, context, {
      create: (key, branch) => new RecordedHistogramSeries(key, branch, store),
      onRemove: (series) => series.release(),
      onReturn: (series) => series.acquire(),
    });
    this.#store = store;
    this.#buckets = definition.buckets;
    bindMethods(this, ['observe', 'startTimer']);
    this.zeroBare();
  }

  /** The effective upper bounds, ascending, without +Inf: those of the definition unless the configuration replaces them. */
  get buckets(): readonly number[] {
    return this.#buckets;
  }

  /** The effective settings of the native histogram: those of the definition unless the configuration replaces them. */
  get native(): NativeHistogramSettings | undefined {
    return this.#store.native;
  }

  /**
   * Replaces the buckets.
   * @returns `false`, and nothing is changed, if something was observed in the current ones
   * @internal
   */
  rebucket(buckets: readonly number[]): boolean {
    if (String(buckets) === String(this.#buckets)) return true;
    if (this.#isObserved()) return false;
    this.#store.rebucket(buckets);
    this.#buckets = buckets;
    for (const series of this.series) series.acquire();
    return true;
  }

  /**
   * Makes it a native histogram with other settings, or a classic one.
   * @returns `false`, and nothing is changed, if something was observed
   * @internal
   */
  setNative(native: NativeHistogramSettings | undefined): boolean {
    const before = this.#store.native;
    if (JSON.stringify(before) === JSON.stringify(native)) return true;
    if (this.#isObserved()) return false;
    this.#store.native = native;
    for (const series of this.series) {
      series.release();
      series.acquire();
    }
    return true;
  }

  #isObserved(): boolean {
    return [...this.series].some(({ count }) => count > 0);
  }

  /**
   * Observes a finite value in the series of these labels, `weight` times (default 1).
   * @throws ERR_METRICS_INVALID_VALUE, ERR_METRICS_UNKNOWN_LABEL, ERR_METRICS_INVALID_LABEL_VALUE,
   *   without changing a series
   */
  observe(none: PromClientArgument<L>): void;
  /** Observes a value in the series of these labels, with an exemplar, in the form of prom-client. */
  observe(recording: RecordingWithExemplar<L, { readonly value: number }>): void;
  /** Observes in the series without labels. */
  observe(value: number, weight?: number): void;
  /** Observes in the series of these labels. */
  observe(labels: LabelValues<L>, value: number, weight?: number): void;
  observe(labelsOrValue: object | number, valueOrWeight?: number, weight = 1): void {
    // Values are checked before the series is looked up: an invalid one must not create a series. The branches
    // share no variable, since it would hold a boxed number.
    if (isLabels(labelsOrValue)) {
      if (valueOrWeight === undefined && isRecordingWithExemplar(labelsOrValue)) {
        const { labels = {}, value, exemplarLabels } = labelsOrValue;
        checkFinite('observation of histogram', this.name, value);
        this.series.find(labels).record(value, 1, exemplarLabels);
        return;
      }
      checkFinite('observation of histogram', this.name, valueOrWeight);
      if (!isWeight(weight)) throw weightError(this.name, weight);
      this.series.find(labelsOrValue).record(valueOrWeight, weight);
    } else if (typeof labelsOrValue === 'number' && valueOrWeight === undefined) {
      checkFinite('observation of histogram', this.name, labelsOrValue);
      this.series.unlabelled().record(labelsOrValue, 1);
    } else if (typeof labelsOrValue === 'number') this.#observeBare(labelsOrValue, valueOrWeight);
    // `observe(undefined, value)`: the caller's optional labels are absent.
    else this.#observeBare(labelsOrValue ?? valueOrWeight, weight);
  }

  #observeBare(value: unknown, weight = 1): void {
    checkFinite('observation of histogram', this.name, value);
    if (!isWeight(weight)) throw weightError(this.name, weight);
    this.series.unlabelled().record(value, weight);
  }

  /** Starts a timer; the returned function observes and returns the seconds since. Labels may be given at the start and at the end. */
  startTimer(none: PromClientArgument<L>): PromClientStop<L>;
  /** Starts a timer for the series of these labels. */
  startTimer(labels?: Partial<LabelValues<L>>, exemplarLabels?: ExemplarLabels): StopWithExemplar<L>;
  startTimer(
    labels?: Partial<LabelValues<L>>,
    exemplarLabels?: ExemplarLabels,
  ): StopWithExemplar<L> & PromClientStop<L> {
    return timer((seconds, endLabels: object | undefined, endExemplar: ExemplarLabels | undefined) =>
      this.series
        .find(endLabels === undefined ? (labels ?? {}) : { ...labels, ...endLabels })
        .observe(
          seconds,
          1,
          endExemplar === undefined ? exemplarLabels : { ...exemplarLabels, ...endExemplar },
        ),
    );
  }

  /** Makes the series of these labels with value 0, or resets it to 0. */
  zero(none: PromClientArgument<L>): void;
  /** Makes or resets the series of these labels. */
  zero(labels: Partial<LabelValues<L>>): void;
  zero(labels: Partial<LabelValues<L>>): void {
    this.series.find({ ...labels }).clear();
  }

  /** @internal */
  protected override methodsOf(series: HistogramSeries): BoundMethods<HistogramSeries, L> {
    return {
      observe: (value: number, weight?: number, exemplar?: ExemplarSource) =>
        series.observe(value, weight, exemplar),
      startTimer: () =>
        timer((seconds, labels: object | undefined) =>
          labels === undefined
            ? series.observe(seconds)
            : this.observe(this.endLabels(series, labels), seconds),
        ),
    };
  }

  /** @internal */
  protected override samplesOf(series: HistogramSeries, labels: SampleLabels): Sample[] {
    const samples: Sample[] = series.cumulativeCounts().map((value, index) => ({
      labels: { ...labels, le: this.#buckets[index] ?? '+Inf' },
      value,
      metricName: `${this.name}_bucket`,
      ...sampleExemplar(bucketExemplarOf(series, index)),
    }));
    const { native } = series;
    samples.push(
      { labels, value: series.sum, metricName: `${this.name}_sum` },
      {
        labels: { ...labels },
        value: series.count,
        metricName: `${this.name}_count`,
        ...(native && { native }),
      },
    );
    return samples;
  }
}

recognizeCopies(Histogram, 'Histogram');
