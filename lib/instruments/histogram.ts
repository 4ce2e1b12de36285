/** Histograms: counts of observed values by bucket, and their sum and count. */
import type { HistogramDefinition } from '../definition.js';
import type { LabelShape, LabelValues } from '../label.js';
import type { NativeHistogramSettings } from '../native-histogram.js';
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
import type { NativeBuckets } from './native-buckets.js';
import { NativeCounts } from './native-counts.js';
import { cancelReset, makeRoom, scheduleReset } from './native-room.js';
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
  #native: NativeCounts | undefined;

  constructor(key: string, branch: Branch, store: BucketStore) {
    super(key, branch);
    this.#store = store;
    const slot = store.take();
    this.#numbers = slot.numbers;
    this.#offset = slot.offset;
    this.#native = store.native === undefined ? undefined : new NativeCounts(store.native);
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
    const native = this.#native;
    if (native === undefined || !native.observe(value, weight)) return;
    if (makeRoom(this, native)) this.record(value, weight);
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
   * @param native the same observations in native buckets, for a native histogram
   * @internal
   */
  add(counts: readonly number[], sum: number, native?: NativeBuckets): void {
    const last = this.#store.finder.bounds.length;
    for (let bucket = 0; bucket <= last; bucket++)
      (this.#numbers[this.#offset + bucket] as number) += counts[bucket] ?? 0;
    (this.#numbers[this.#offset + last + 1] as number) += sum;
    if (native === undefined || this.#native === undefined) return;
    this.#native.add(native);
    scheduleReset(this, this.#native);
  }

  /** The native buckets as they are now; `undefined` if the histogram is not native. */
  get native(): NativeBuckets | undefined {
    return this.#native?.buckets();
  }

  /** Resets the series to 0. @internal */
  clear(): void {
    this.#numbers.fill(0, this.#offset, this.#offset + this.#store.slotSize);
    if (this.#native === undefined) return;
    cancelReset(this.#native);
    this.#native.clear();
  }

  /** Returns the slot when the series is removed. @internal */
  release(): void {
    this.#store.giveBack(this.#numbers, this.#offset);
    this.#numbers = noNumbers;
    this.#offset = 0;
    if (this.#native !== undefined) cancelReset(this.#native);
    this.#native = undefined;
  }

  /** Takes a slot of zeros when the series is added again. @internal */
  acquire(): void {
    const { native } = this.#store;
    const slot = this.#store.take();
    this.#numbers = slot.numbers;
    this.#offset = slot.offset;
    this.#native = native === undefined ? undefined : new NativeCounts(native);
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
    const store = new BucketStore(definition.buckets, definition.native);
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

const noNumbers = new Float64Array(0);

function isWeight(weight: number): boolean {
  // OpenMetrics allows whole numbers only in buckets.
  return Number.isInteger(weight) && weight > 0;
}

function weightError(metric: string, weight: unknown): Error {
  return valueError('weight of an observation of histogram', metric, weight, 'a positive integer');
}

recognizeCopies(Histogram, 'Histogram');
