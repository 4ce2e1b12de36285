/**
 * The native buckets of one series while it is recorded on: a hash table of numbers, so that an observation allocates nothing
 * unless it is the first in its bucket.
 */
import { maxSchema, type NativeHistogramSettings } from '../native-histogram.js';
import { limitedBuckets, mergedBuckets, type NativeBuckets } from './native-buckets.js';
import { nativeIndex, prepareNativeIndex } from './native-index.js';

/** Initial number of slots, a power of two. Most series have few buckets. */
const initialSlots = 16;

export class NativeCounts {
  readonly settings: NativeHistogramSettings;
  #schema: number;
  #zeroThreshold: number;
  #zeroCount = 0;
  #size = 0;
  /** The index of the bucket of each slot, doubled, and one more for negative values. */
  #keys = new Int32Array(initialSlots);
  /** The count of each slot; 0 in an empty one. */
  #counts = new Float64Array(initialSlots);
  /** What is left of a 32-bit hash is a slot. */
  #hashShift = 32 - Math.log2(initialSlots);

  constructor(settings: NativeHistogramSettings) {
    prepareNativeIndex();
    this.settings = settings;
    this.#schema = settings.schema;
    this.#zeroThreshold = settings.zeroThreshold;
  }

  /**
   * Counts a finite value.
   * @returns whether there are now more buckets than the settings allow; call `limit`
   */
  observe(value: number, weight: number): boolean {
    const magnitude = value < 0 ? -value : value;
    if (magnitude <= this.#zeroThreshold) {
      this.#zeroCount += weight;
      return false;
    }
    const index = nativeIndex(magnitude, maxSchema - this.#schema);
    return this.#add((index << 1) | (value < 0 ? 1 : 0), weight);
  }

  #add(key: number, count: number): boolean {
    const keys = this.#keys;
    const counts = this.#counts;
    // Multiplied by a large odd number, so that neighbours do not share a run of slots with other neighbours.
    let slot = Math.imul(key, 0x9e3779b1) >>> this.#hashShift;
    while ((counts[slot] as number) > 0) {
      if (keys[slot] === key) {
        (counts[slot] as number) += count;
        return false;
      }
      slot = (slot + 1) & (counts.length - 1);
    }
    keys[slot] = key;
    counts[slot] = count;
    this.#size += 1;
    // Probing stays short while a third of the slots is empty.
    if (this.#size * 3 > counts.length * 2) this.#grow();
    return this.#size > this.settings.maxBuckets;
  }

  #grow(): void {
    const [keys, counts] = [this.#keys, this.#counts];
    this.#allocate(counts.length * 2);
    for (let slot = 0; slot < counts.length; slot++)
      if ((counts[slot] as number) > 0) this.#add(keys[slot] as number, counts[slot] as number);
  }

  #allocate(slots: number): void {
    this.#keys = new Int32Array(slots);
    this.#counts = new Float64Array(slots);
    this.#hashShift = 32 - Math.log2(slots);
    this.#size = 0;
  }

  /** Whether the resolution is lower, or the zero bucket wider, than in the settings. */
  get isWidened(): boolean {
    return this.#schema < this.settings.schema || this.#zeroThreshold > this.settings.zeroThreshold;
  }

  /** Widens buckets until there are as few as the settings allow. */
  limit(): void {
    this.#load(limitedBuckets(this.buckets(), this.settings));
  }

  /** Adds the observations of another histogram. */
  add(buckets: NativeBuckets): void {
    this.#load(limitedBuckets(mergedBuckets([this.buckets(), buckets]), this.settings));
  }

  clear(): void {
    this.#schema = this.settings.schema;
    this.#zeroThreshold = this.settings.zeroThreshold;
    this.#zeroCount = 0;
    this.#allocate(initialSlots);
  }

  /** The buckets as they are now. */
  buckets(): NativeBuckets {
    const positive: [index: number, count: number][] = [];
    const negative: [index: number, count: number][] = [];
    for (const [slot, count] of this.#counts.entries()) {
      if (count === 0) continue;
      const key = this.#keys[slot] as number;
      (key & 1 ? negative : positive).push([key >> 1, count]);
    }
    return {
      schema: this.#schema,
      zeroThreshold: this.#zeroThreshold,
      zeroCount: this.#zeroCount,
      positive: new Map(positive.sort(byIndex)),
      negative: new Map(negative.sort(byIndex)),
    };
  }

  #load({ schema, zeroThreshold, zeroCount, positive, negative }: NativeBuckets): void {
    this.#allocate(initialSlots);
    this.#schema = schema;
    this.#zeroThreshold = zeroThreshold;
    this.#zeroCount = zeroCount;
    for (const [index, count] of positive) this.#add(index << 1, count);
    for (const [index, count] of negative) this.#add((index << 1) | 1, count);
  }
}

function byIndex([a]: readonly [number, number], [b]: readonly [number, number]): number {
  return a - b;
}
