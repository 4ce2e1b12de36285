/**
 * The values of the series of a histogram: slots in a few large typed arrays. One array per series would take four times the
 * memory. A slot holds one count per bucket, one for +Inf, and the sum.
 */

import type { NativeHistogramSettings } from '../native-histogram.js';
import { type BucketFinder, bucketFinder } from './bucket-finder.js';

/** The slot of one series: `numbers[offset]` is its first bucket. */
export interface BucketSlot {
  readonly numbers: Float64Array;
  readonly offset: number;
}

/** Maximum number of slots per array: arrays double up to this size, so that few slots are unused. */
const maxSlots = 256;

export class BucketStore {
  finder: BucketFinder;
  /** Numbers per slot: one per bound, +Inf, and the sum. */
  slotSize: number;
  /** The settings of the native histogram of every series, if there is one. */
  native: NativeHistogramSettings | undefined;

  #numbers: Float64Array = new Float64Array(0);
  #nextOffset = 0;
  #free: BucketSlot[] = [];

  constructor(bounds: readonly number[], native?: NativeHistogramSettings) {
    this.finder = bucketFinder(bounds);
    this.slotSize = bounds.length + 2;
    this.native = native;
  }

  /** Replaces the bounds. Every series must take a new slot afterwards. */
  rebucket(bounds: readonly number[]): void {
    this.finder = bucketFinder(bounds);
    this.slotSize = bounds.length + 2;
    this.#numbers = new Float64Array(0);
    this.#nextOffset = 0;
    this.#free = [];
  }

  /** Takes a slot of zeros. */
  take(): BucketSlot {
    const freed = this.#free.pop();
    if (freed !== undefined) return freed;
    if (this.#nextOffset >= this.#numbers.length) {
      const slots = Math.min(maxSlots, Math.max(1, (this.#numbers.length / this.slotSize) * 2));
      this.#numbers = new Float64Array(slots * this.slotSize);
      this.#nextOffset = 0;
    }
    const offset = this.#nextOffset;
    this.#nextOffset += this.slotSize;
    return { numbers: this.#numbers, offset };
  }

  /** Clears and reuses a slot. Its series must no longer use it. */
  giveBack(numbers: Float64Array, offset: number): void {
    numbers.fill(0, offset, offset + this.slotSize);
    this.#free.push({ numbers, offset });
  }
}
