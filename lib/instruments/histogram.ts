/** Histograms: counts of observed values by bucket, and their sum and count. */
import type { HistogramDefinition } from '../definition.js';
import type { LabelShape, LabelValues } from '../label.js';
import { recognizeCopies } from '../process-wide.js';
import { type Branch, metricOf, Series, successorOf } from './branch.js';
import { bucketOf } from './bucket-finder.js';
import { BucketStore } from './bucket-store.js';
import { areExemplarsPossible, mayHaveExemplars } from './exemplar-sources.js';
import {
  bucketExemplarOf,
  type ExemplarLabels,
  type ExemplarSlot,
  type ExemplarSource,
  newSlot,
  offerExemplar,
  sampleExemplar,
} from './exemplars.js';
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
import { checkFinite, isLabels, valueError } from './value-checks.js';

/** One series of a histogram, bound to its label values. */
export class HistogramSeries extends Series {
  readonly #store: BucketStore;
  #numbers: Float64Array;
  #offset: number;
  /** By bucket; see `bucketExemplarOf`. @internal */
  exemplars: (ExemplarSlot | undefined)[] | undefined = undefined;

  /** @internal */
  constructor(key: string, branch: Branch, store: BucketStore) {
    super(key, branch);
    this.#store = store;
    const slot = store.take();
    this.#numbers = slot.numbers;
    this.#offset = slot.offset;
  }

  /**
   * Observes a finite value, `weight` times: if one in ten calls is sampled, pass weight 10.
   * @param exemplar labels of an exemplar, in addition to those of the trace, or a function that returns them
   * @throws ERR_METRICS_INVALID_VALUE, without changing the series
   */
  observe(value: number, weight?: number, exemplar?: ExemplarSource): void;
  /** @internal */
  observe<A>(value: number, weight: number, exemplar: ExemplarSource<A> | undefined, argument: A): void;
  observe(value: number, weight = 1, exemplar?: ExemplarSource<never>, argument?: unknown): void {
    if (!Number.isFinite(value)) throw valueError('observation of histogram', metricOf(this), value);
    if (!isWeight(weight)) throw weightError(metricOf(this), weight);
    if (this.branch === undefined) successorOf(this).record(value, weight, exemplar, argument);
    else this.record(value, weight, exemplar, argument);
  }

  /** `observe` without checks. @internal */
  record(value: number, weight: number, exemplar?: ExemplarSource<never>, argument?: unknown): void {
    const { finder } = this.#store;
    const numbers = this.#numbers;
    const offset = this.#offset;
    const bucket = bucketOf(finder, value);
    (numbers[offset + bucket] as number) += weight;
    (numbers[offset + finder.bounds.length + 1] as number) += value * weight;
    if (exemplar === undefined && mayHave[0] === 0) return;
    const slot = this.exemplars?.[bucket];
    if (slot !== undefined && slot.skip > 0 && exemplar === undefined) slot.skip--;
    else offer(this, bucket, value, exemplar, argument);
  }

  /** Starts a timer; the returned function observes and returns the seconds since. */
  startTimer(): () => number {
    return timer((seconds) => this.observe(seconds));
  }

  /** Sum of the observed values. */
  get sum(): number {
    return this.#numbers[this.#offset + this.#store.finder.bounds.length + 1] ?? 0;
  }

  /** The number of observed values. */
  get count(): number {
    let count = 0;
    for (let bucket = 0; bucket <= this.#store.finder.bounds.length; bucket++)
      count += this.#numbers[this.#offset + bucket] ?? 0;
    return count;
  }

  /** The number of observations in one bucket, lower buckets excluded. The index after the last bound is +Inf. */
  countIn(bucket: number): number {
    return this.#numbers[this.#offset + bucket] ?? 0;
  }

  /** The number of observations up to each upper bound, +Inf last. */
  cumulativeCounts(): number[] {
    const counts: number[] = [];
    let count = 0;
    for (let bucket = 0; bucket <= this.#store.finder.bounds.length; bucket++) {
      count += this.#numbers[this.#offset + bucket] ?? 0;
      counts.push(count);
    }
    return counts;
  }

  /**
   * Adds observations of another process.
   * @param counts observations per bucket, lower buckets excluded, +Inf last
   * @internal
   */
  add(counts: readonly number[], sum: number): void {
    const last = this.#store.finder.bounds.length;
    for (let bucket = 0; bucket <= last; bucket++)
      (this.#numbers[this.#offset + bucket] as number) += counts[bucket] ?? 0;
    (this.#numbers[this.#offset + last + 1] as number) += sum;
  }

  /** Resets the series to 0. @internal */
  clear(): void {
    this.#numbers.fill(0, this.#offset, this.#offset + this.#store.slotSize);
    this.exemplars = undefined;
  }

  /** Returns the slot when the series is removed. @internal */
  release(): void {
    this.#store.giveBack(this.#numbers, this.#offset);
    this.#numbers = noNumbers;
    this.#offset = 0;
    this.exemplars = undefined;
  }

  /** Takes a slot of zeros when the series is added again. @internal */
  acquire(): void {
    const slot = this.#store.take();
    this.#numbers = slot.numbers;
    this.#offset = slot.offset;
    this.exemplars = undefined;
  }
}

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
    const store = new BucketStore(definition.buckets);
    super(definition, context, {
      create: (key, branch) => new HistogramSeries(key, branch, store),
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

  /**
   * Replaces the buckets.
   * @returns `false`, and nothing is changed, if something was observed in the current ones
   * @internal
   */
  rebucket(buckets: readonly number[]): boolean {
    if (String(buckets) === String(this.#buckets)) return true;
    const all = [...this.series];
    if (all.some(({ count }) => count > 0)) return false;
    this.#store.rebucket(buckets);
    this.#buckets = buckets;
    for (const series of all) series.acquire();
    return true;
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
    samples.push(
      { labels, value: series.sum, metricName: `${this.name}_sum` },
      { labels: { ...labels }, value: series.count, metricName: `${this.name}_count` },
    );
    return samples;
  }
}

/** A constant of this module: an imported one takes V8 another nanosecond to read. */
const mayHave = mayHaveExemplars;

type Source = ExemplarSource<never> | undefined;

function offer(series: HistogramSeries, bucket: number, value: number, exemplar: Source, argument: unknown) {
  if (exemplar === undefined && !areExemplarsPossible()) return;
  series.exemplars ??= [];
  const slot = series.exemplars[bucket] ?? newSlot(series);
  series.exemplars[bucket] = slot;
  offerExemplar(slot, series, value, exemplar as ExemplarSource<unknown>, argument);
}

const noNumbers = new Float64Array(0);

function isWeight(weight: number): boolean {
  // OpenMetrics allows whole numbers only in buckets.
  return Number.isInteger(weight) && weight > 0;
}

function weightError(metric: string, weight: unknown): Error {
  return valueError('weight of an observation of histogram', metric, weight, 'a positive integer');
}

recognizeCopies(Histogram, 'Histogram');
