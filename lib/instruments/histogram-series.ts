/** One series of a histogram: its classic buckets, its native ones, and its exemplars. */
import { type Branch, metricOf, Series, successorOf } from './branch.js';
import { bucketOf } from './bucket-finder.js';
import type { BucketStore } from './bucket-store.js';
import { skipMask } from './exemplar-pace.js';
import { areExemplarsPossible, followStage } from './exemplar-sources.js';
import {
  type BucketExemplars,
  type ExemplarPlace,
  type ExemplarSource,
  offerExemplar,
  skipsOf,
} from './exemplars.js';
import type { NativeBuckets } from './native-buckets.js';
import { NativeCounts } from './native-counts.js';
import { magnitudeOf } from './native-index.js';
import { cancelReset, makeRoom, scheduleReset } from './native-room.js';
import { timer } from './stopwatch.js';
import { valueError } from './value-checks.js';

/** One series of a histogram, bound to its label values. */
export class HistogramSeries extends Series {
  readonly #store: BucketStore;
  #numbers: Float64Array;
  #offset: number;
  #native: NativeCounts | undefined;
  /** By bucket, see `bucketExemplarOf`; of a histogram that is only native, by magnitude. @internal */
  exemplars: BucketExemplars = undefined;
  /** The number of recordings that do not look for an exemplar, as long as no bucket has one. @internal */
  skips = 0;

  /** @internal */
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
    const bucket = this.tally(value, weight);
    if (exemplar !== undefined) offer(this, bucket, value, exemplar, argument);
  }

  /**
   * Counts a value, without an exemplar.
   * @returns the index of its bucket; -1 if there are only native ones
   * @internal
   */
  tally(value: number, weight: number): number {
    const { finder } = this.#store;
    const numbers = this.#numbers;
    const offset = this.#offset;
    const bucket = bucketOf(finder, value);
    (numbers[offset + bucket] as number) += weight;
    (numbers[offset + finder.bounds.length + 1] as number) += value * weight;
    const native = this.#native;
    if (native?.observe(value, weight) === true && makeRoom(this, native)) return this.tally(value, weight);
    return finder.bounds.length > 0 ? bucket : -1;
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
    this.exemplars = undefined;
    this.skips = 0;
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
    this.exemplars = undefined;
    this.skips = 0;
  }

  /** Takes a slot of zeros when the series is added again. @internal */
  acquire(): void {
    const { native } = this.#store;
    const slot = this.#store.take();
    this.#numbers = slot.numbers;
    this.#offset = slot.offset;
    this.#native = native === undefined ? undefined : new NativeCounts(native);
    this.exemplars = undefined;
    this.skips = 0;
  }
}

type Source = ExemplarSource<never> | undefined;

function offer(series: HistogramSeries, bucket: number, value: number, exemplar: Source, argument: unknown) {
  const { exemplars } = series;
  const place = bucket === -1 ? magnitudeOf(value) : bucket;
  const before = typeof exemplars === 'object' ? exemplars[place] : exemplars;
  const after = offerExemplar(before, series, value, exemplar as ExemplarSource<unknown>, argument);
  if (typeof exemplars === 'object') exemplars[place] = after;
  else if (typeof after === 'object') {
    const places: ExemplarPlace[] = [];
    places[place] = after;
    series.exemplars = places;
  } else series.exemplars = after;
  series.skips = typeof series.exemplars === 'object' ? 0 : skipsOf(after);
}

/** A constant of this module: an imported one takes V8 another nanosecond to read. */
const skips = skipMask;

class LookingHistogramSeries extends HistogramSeries {
  override record(value: number, weight: number, exemplar?: Source, argument?: unknown): void {
    const bucket = this.tally(value, weight);
    if (exemplar !== undefined || areExemplarsPossible()) offer(this, bucket, value, exemplar, argument);
  }
}

class ExemplarHistogramSeries extends HistogramSeries {
  override record(value: number, weight: number, exemplar?: Source, argument?: unknown): void {
    const bucket = this.tally(value, weight);
    if (--this.skips >= 0 && exemplar === undefined) return;
    const { exemplars } = this;
    if (exemplar !== undefined || typeof exemplars !== 'object' || !isSkipped(exemplars, bucket, value))
      offer(this, bucket, value, exemplar, argument);
  }
}

function isSkipped(exemplars: ExemplarPlace[], bucket: number, value: number): boolean {
  const index = bucket === -1 ? magnitudeOf(value) : bucket;
  const place = exemplars[index];
  if (typeof place === 'object' && (place.pace & skips) > 0) place.pace--;
  else if (typeof place === 'number' && (place & skips) > 0) exemplars[index] = place - 1;
  else return false;
  return true;
}

/** What histograms make. Its methods are those of the stage, so that a recording checks nothing while there are no exemplars. */
export class RecordedHistogramSeries extends HistogramSeries {}

followStage(RecordedHistogramSeries.prototype, {
  looking: LookingHistogramSeries.prototype,
  off: HistogramSeries.prototype,
  on: ExemplarHistogramSeries.prototype,
});

const noNumbers = new Float64Array(0);

export function isWeight(weight: number): boolean {
  // OpenMetrics allows whole numbers only in buckets.
  return Number.isInteger(weight) && weight > 0;
}

export function weightError(metric: string, weight: unknown): Error {
  return valueError('weight of an observation of histogram', metric, weight, 'a positive integer');
}
