/**
 * Where a histogram's series keep their numbers: slots in a few large typed arrays instead of an array a series, which
 * would cost four times the memory. A slot holds one count a bucket, one for +Inf, and the sum.
 */

import { type BucketFinder, bucketFinder } from './bucket-finder.js';

/** A place for one series: `numbers[offset]` is its first bucket. */
export interface BucketSlot {
  readonly numbers: Float64Array;
  readonly offset: number;
}

/** Slots in the largest array: past it growth no longer doubles, so little is ever left empty. */
const maxSlots = 256;

export class BucketStore {
  finder: BucketFinder;
  /** Numbers per slot: one per bound, +Inf, and the sum. */
  slotSize: number;

  #numbers: Float64Array = new Float64Array(0);
  #nextOffset = 0;
  #free: BucketSlot[] = [];

  constructor(bounds: readonly number[]) {
    this.finder = bucketFinder(bounds);
    this.slotSize = bounds.length + 2;
  }

  /** Takes other bounds. Every series must take a new slot afterwards. */
  rebucket(bounds: readonly number[]): void {
    this.finder = bucketFinder(bounds);
    this.slotSize = bounds.length + 2;
    this.#numbers = new Float64Array(0);
    this.#nextOffset = 0;
    this.#free = [];
  }

  /** A slot of zeroes. */
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

  /** Takes a slot back and clears it. Its series must not touch it any more. */
  giveBack(numbers: Float64Array, offset: number): void {
    numbers.fill(0, offset, offset + this.slotSize);
    this.#free.push({ numbers, offset });
  }
}
