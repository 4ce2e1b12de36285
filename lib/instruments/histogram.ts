/** Histograms: counts of observed values by bucket, and their sum and count. */
import type { HistogramDefinition } from '../definition.js';
import type { LabelShape, LabelValues } from '../label.js';
import { recognizeCopies } from '../process-wide.js';
import { type Branch, metricOf, Series, successorOf } from './branch.js';
import { bucketOf } from './bucket-finder.js';
import { BucketStore } from './bucket-store.js';
import {
  Instrument,
  type InstrumentContext,
  isLabels,
  type Sample,
  type SampleLabels,
} from './instrument.js';
import {
  type BoundMethods,
  bindMethods,
  type PromClientArgument,
  type PromClientStop,
  type StopTimer,
} from './prom-client-shape.js';
import { timer } from './stopwatch.js';
import { checkFinite, valueError } from './value-checks.js';

/** One series of a histogram, bound to its label values. */
export class HistogramSeries extends Series {
  readonly #store: BucketStore;
  #numbers: Float64Array;
  #offset: number;

  constructor(key: string, branch: Branch, store: BucketStore) {
    super(key, branch);
    this.#store = store;
    const slot = store.take();
    this.#numbers = slot.numbers;
    this.#offset = slot.offset;
  }

  /**
   * Observes a finite value, `weight` times: if one in ten calls is sampled, pass weight 10.
   * @throws ERR_METRICS_INVALID_VALUE, without changing the series
   */
  observe(value: number, weight = 1): void {
    if (!Number.isFinite(value)) throw valueError('observation of histogram', metricOf(this), value);
    if (!isWeight(weight)) throw weightError(metricOf(this), weight);
    if (this.branch === undefined) successorOf(this).record(value, weight);
    else this.record(value, weight);
  }

  /** `observe` without checks. @internal */
  record(value: number, weight: number): void {
    const { finder } = this.#store;
    const numbers = this.#numbers;
    const offset = this.#offset;
    (numbers[offset + bucketOf(finder, value)] as number) += weight;
    (numbers[offset + finder.bounds.length + 1] as number) += value * weight;
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

  /** Writes the sum, and the observations of each bucket as `countIn` gives them. @internal */
  copyTo(target: Float64Array): void {
    const last = this.#store.finder.bounds.length;
    target[0] = this.#numbers[this.#offset + last + 1] ?? 0;
    for (let bucket = 0; bucket <= last; bucket++)
      target[bucket + 1] = this.#numbers[this.#offset + bucket] ?? 0;
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
  }

  /** Returns the slot when the series is removed. @internal */
  release(): void {
    this.#store.giveBack(this.#numbers, this.#offset);
    this.#numbers = noNumbers;
    this.#offset = 0;
  }

  /** Takes a slot of zeros when the series is added again. @internal */
  acquire(): void {
    const slot = this.#store.take();
    this.#numbers = slot.numbers;
    this.#offset = slot.offset;
  }
}

/** A histogram of a registry; made by `registry.histogram(definition)`. */
export class Histogram<L extends LabelShape = LabelShape> extends Instrument<
  HistogramDefinition<L>,
  HistogramSeries
> {
  readonly #store: BucketStore;
  #buckets: readonly number[];

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
  observe(value: number, weight?: number): void;
  observe(labels: LabelValues<L>, value: number, weight?: number): void;
  observe(labelsOrValue: LabelValues<L> | number, valueOrWeight?: number, weight = 1): void {
    // Values are checked before the series is looked up: an invalid one must not create a series. The branches
    // share no variable, since it would hold a boxed number.
    if (isLabels(labelsOrValue)) {
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
  startTimer(labels?: Partial<LabelValues<L>>): StopTimer<L>;
  startTimer(labels?: Partial<LabelValues<L>>): StopTimer<L> & PromClientStop<L> {
    return timer((seconds, endLabels: object | undefined) =>
      this.series
        .find(endLabels === undefined ? (labels ?? {}) : { ...labels, ...endLabels })
        .observe(seconds),
    );
  }

  /** Makes the series of these labels with value 0, or resets it to 0. */
  zero(none: PromClientArgument<L>): void;
  zero(labels: Partial<LabelValues<L>>): void;
  zero(labels: Partial<LabelValues<L>>): void {
    this.series.find({ ...labels }).clear();
  }

  protected override methodsOf(series: HistogramSeries): BoundMethods<HistogramSeries, L> {
    return {
      observe: (value, weight) => series.observe(value, weight),
      startTimer: () =>
        timer((seconds, labels: object | undefined) =>
          labels === undefined
            ? series.observe(seconds)
            : this.observe(this.endLabels(series, labels), seconds),
        ),
    };
  }

  protected override samplesOf(series: HistogramSeries, labels: SampleLabels): Sample[] {
    const samples: Sample[] = series.cumulativeCounts().map((value, index) => ({
      labels: { ...labels, le: this.#buckets[index] ?? '+Inf' },
      value,
      metricName: `${this.name}_bucket`,
    }));
    samples.push(
      { labels, value: series.sum, metricName: `${this.name}_sum` },
      { labels: { ...labels }, value: series.count, metricName: `${this.name}_count` },
    );
    return samples;
  }
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
