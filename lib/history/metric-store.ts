/**
 * The samples of one metric over time: a column of numbers per track, in typed arrays of a bounded size. Samples that only grow are
 * stored as if they had never restarted from 0, so that dropping rows in between changes no total and no rate.
 */
import { type Growth, grow } from './growing-sample.js';
import { growingWidth, type MetricShape, widthOf } from './metric-shape.js';
import { keptRows } from './thinning.js';

/** A column: the samples of one series, or of several as one. */
export interface StoredTrack extends Growth {
  readonly labels: Readonly<Record<string, string>>;
  /** Row after row, each as wide as the store. */
  values: Float64Array;
  /** Whether the next sample may be lower without a restart from 0: the file of the history may be newer than the snapshot. */
  isRestored: boolean;
}

/** Rows per metric, however few tracks it has: eight hours at an interval of 15 seconds before the first are thinned. */
const maxRows = 2_000;

export class MetricStore {
  shape: MetricShape;
  readonly tracks: StoredTrack[] = [];
  /** Changes with the tracks, the used buckets and the offsets. */
  revision = 1;
  detail: 'series' | 'labels' = 'series';
  times = new Float64Array(16);
  length = 0;
  /** The range of buckets that have been used, by their index in a sample; empty before the first observation. */
  firstBucket = 1;
  lastBucket = 0;

  readonly fullWidth: number;
  readonly #growing: number;
  readonly #maxSamples: number;
  readonly #gaps = new Set<number>();

  /** @param maxSamples the maximum number of samples of all tracks together */
  constructor(shape: MetricShape, maxSamples: number) {
    this.shape = shape;
    this.fullWidth = widthOf(shape);
    this.#growing = growingWidth(shape);
    this.#maxSamples = maxSamples;
  }

  /** The numbers per row that are stored: those of unused buckets are all 0. */
  get width(): number {
    return this.shape.type === 'histogram' ? 2 + this.lastBucket - this.firstBucket : this.fullWidth;
  }

  get maxRows(): number {
    return Math.max(1, Math.min(maxRows, Math.floor(this.#maxSamples / Math.max(1, this.tracks.length))));
  }

  /** The time of the last row; `undefined` without one. */
  get newest(): number | undefined {
    return this.length === 0 ? undefined : this.times[this.length - 1];
  }

  isGap(time: number): boolean {
    return this.#gaps.has(time);
  }

  /**
   * Adds a track. Its earlier samples are unknown, or 0 for a series that has just been made.
   * @param isNew whether its series did not exist before
   */
  addTrack(labels: Readonly<Record<string, string>>, isNew: boolean): StoredTrack {
    const { fullWidth, width } = this;
    const values = new Float64Array(this.times.length * width).fill(Number.NaN);
    const track = {
      labels,
      values,
      last: new Float64Array(fullWidth).fill(Number.NaN),
      offset: new Float64Array(fullWidth),
      isRestored: false,
    };
    if (isNew && this.#growing > 0)
      for (let row = this.length - 1; row >= 0 && !this.isGap(this.times[row] ?? 0); row--)
        values.fill(0, row * width, row * width + Math.min(width, this.#growing));
    this.tracks.push(track);
    this.revision++;
    this.#shrink();
    return track;
  }

  removeTracks(isRemoved: (track: StoredTrack) => boolean): void {
    const kept = this.tracks.filter((track) => !isRemoved(track));
    if (kept.length === this.tracks.length) return;
    this.replaceTracks(kept);
  }

  /** Replaces all tracks by others of the same rows. */
  replaceTracks(tracks: readonly StoredTrack[]): void {
    this.tracks.splice(0, this.tracks.length, ...tracks);
    this.revision++;
    this.#shrink();
  }

  /**
   * @param time later than the last one; else the sample is dropped, since the clock may have been set back by a little: see
   *   {@link MetricStore.dropFrom}
   * @param numbers one sample of full width per track, in the order of the tracks; NaN for what is unknown
   */
  append(time: number, numbers: Float64Array): void {
    if (!(time > (this.newest ?? Number.NEGATIVE_INFINITY))) return;
    const { fullWidth } = this;
    for (const [index, track] of this.tracks.entries()) {
      const hasChanged = grow(track, numbers, index * fullWidth, {
        growing: this.#growing,
        // The total of several series falls if one of them is removed; the others have not restarted.
        isHeld: track.isRestored || this.detail === 'labels',
        isNative: this.shape.isNative === true,
      });
      if (hasChanged) this.revision++;
      if (!Number.isNaN(numbers[index * fullWidth])) track.isRestored = false;
    }
    if (this.shape.type === 'histogram') this.#widen(numbers);
    const row = this.#newRow(time);
    const { width, firstBucket } = this;
    for (const [index, { values }] of this.tracks.entries()) {
      const from = index * fullWidth;
      values[row * width] = numbers[from] ?? Number.NaN;
      for (let column = 1; column < width; column++)
        values[row * width + column] = numbers[from + firstBucket + column - 1] ?? Number.NaN;
    }
  }

  /** Takes over what another process has stored, at most as much as fits. */
  restore(stored: {
    readonly detail: MetricStore['detail'];
    readonly firstBucket: number;
    readonly lastBucket: number;
    readonly times: Float64Array<ArrayBuffer>;
    readonly gaps: readonly number[];
    readonly tracks: readonly StoredTrack[];
  }): void {
    this.detail = stored.detail;
    this.firstBucket = stored.firstBucket;
    this.lastBucket = stored.lastBucket;
    this.times = stored.times;
    this.length = stored.times.length;
    for (const time of stored.gaps) this.#gaps.add(time);
    this.replaceTracks(stored.tracks);
  }

  /**
   * Drops the rows from a time on, which a clock that has been set back will reach again. What was added since the last row that
   * stays is no increase: a gap follows it.
   */
  dropFrom(time: number): void {
    const { length } = this;
    while (this.length > 0 && (this.newest ?? 0) >= time - 1) this.length--;
    if (this.length === length) return;
    this.#forgetGaps();
    this.gap(time - 1);
    this.revision++;
  }

  /** Counts what series had before they were seen for the first time as no increase of their track. */
  startFrom(track: StoredTrack, base: Float64Array): void {
    if (this.#growing === 0) return;
    for (let index = 0; index < this.#growing; index++) (track.offset[index] as number) -= base[index] || 0;
    this.revision++;
  }

  /** Notes that nothing is known from a time on. */
  gap(time: number): void {
    const { newest } = this;
    if (newest === undefined || newest >= time || this.isGap(newest)) return;
    const row = this.#newRow(time);
    this.#gaps.add(time);
    for (const { values } of this.tracks) values.fill(Number.NaN, row * this.width, (row + 1) * this.width);
  }

  /** Makes the stored range of buckets hold all that have been used. */
  #widen(numbers: Float64Array): void {
    let { firstBucket: first, lastBucket: last } = this;
    const { fullWidth } = this;
    const isEmpty = last < first;
    for (const [index, track] of this.tracks.entries()) {
      for (let bucket = 1; bucket < fullWidth; bucket++) {
        if (!((numbers[index * fullWidth + bucket] ?? 0) > 0 || (track.last[bucket] ?? 0) > 0)) continue;
        if (isEmpty && last < first) first = bucket;
        first = Math.min(first, bucket);
        last = Math.max(last, bucket);
      }
    }
    if (first === this.firstBucket && last === this.lastBucket) return;
    const before = { width: this.width, first: this.firstBucket };
    this.firstBucket = first;
    this.lastBucket = last;
    for (const track of this.tracks) track.values = this.#relaid(track.values, before);
    this.revision++;
  }

  #relaid(values: Float64Array, before: { readonly width: number; readonly first: number }): Float64Array {
    const { width } = this;
    const relaid = new Float64Array(this.times.length * width).fill(Number.NaN);
    for (let row = 0; row < this.length; row++) {
      const from = row * before.width;
      if (Number.isNaN(values[from])) continue;
      // A bucket that was not stored had no observations.
      relaid.fill(0, row * width, (row + 1) * width);
      relaid[row * width] = values[from] ?? 0;
      const shift = row * width + 1 + before.first - this.firstBucket;
      for (let column = 0; column < before.width - 1; column++)
        relaid[shift + column] = values[from + 1 + column] ?? 0;
    }
    return relaid;
  }

  #newRow(time: number): number {
    if (this.length >= this.maxRows) this.#thin(Math.max(1, Math.floor(this.maxRows / 4)));
    if (this.length >= this.times.length) this.#resize(Math.min(this.times.length * 2, this.maxRows));
    this.times[this.length] = time;
    return this.length++;
  }

  /** Gives up rows if there are more tracks for the same number of samples. */
  #shrink(): void {
    const excess = this.length - this.maxRows;
    if (excess > 0) this.#thin(excess);
    if (this.times.length > this.maxRows) this.#resize(this.maxRows);
  }

  #thin(free: number): void {
    const target = this.length - free;
    while (this.length > target) {
      const times = this.times.subarray(0, this.length);
      const kept = keptRows(times, this.length, this.length - target, (time) => this.isGap(time));
      if (kept.length >= this.length) kept.shift();
      const { width } = this;
      for (const [to, from] of kept.entries()) {
        this.times[to] = this.times[from] ?? 0;
        for (const { values } of this.tracks) values.copyWithin(to * width, from * width, (from + 1) * width);
      }
      this.length = kept.length;
    }
    this.#forgetGaps();
  }

  #forgetGaps(): void {
    const left = new Set(this.times.subarray(0, this.length));
    for (const time of this.#gaps) if (!left.has(time)) this.#gaps.delete(time);
  }

  #resize(rows: number): void {
    const size = Math.max(1, rows);
    const resized = (array: Float64Array, width: number): Float64Array<ArrayBuffer> => {
      const next = new Float64Array(size * width);
      next.set(array.subarray(0, Math.min(array.length, next.length)));
      return next;
    };
    this.times = resized(this.times, 1);
    for (const track of this.tracks) track.values = resized(track.values, this.width);
  }
}
