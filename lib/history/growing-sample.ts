/** Makes samples that restart from 0 into ones that never decrease, so that a rate is a difference divided by a time. */
import { increasesOfWidened } from './native-reading.js';

/** What is known of the samples of a track before. */
export interface Growth {
  /** The last sample as it was read; NaN before the first. */
  readonly last: Float64Array;
  /** What restarts from 0 have added up to: the difference between the stored samples and the read ones. */
  readonly offset: Float64Array;
}

export interface GrowthRules {
  /** How many numbers of a sample, from its first, only grow. */
  readonly growing: number;
  /** Whether a lower number is no restart from 0, but the loss of a part, after which nothing new is known. */
  readonly isHeld: boolean;
  /** Whether observations may move to wider buckets. */
  readonly isNative: boolean;
}

/**
 * Adds to the sample at a place what was lost by restarts.
 * @returns whether the offset has changed
 */
export function grow(
  { last, offset }: Growth,
  numbers: Float64Array,
  at: number,
  { growing, isHeld, isNative }: GrowthRules,
): boolean {
  if (growing === 0 || Number.isNaN(numbers[at])) return false;
  const own = numbers.subarray(at, at + growing);
  // The sum may decrease, if negative values are observed.
  const from = growing === 1 ? 0 : 1;
  const isLower = own.some((number, index) => index >= from && number < (last[index] ?? Number.NaN));
  const isWidened = isLower && isNative && countIn(own) >= countIn(last.subarray(0, growing));
  const increases = isWidened ? increasesOfWidened(own, last) : undefined;
  for (let index = 0; index < growing; index++) {
    const number = own[index] ?? 0;
    const before = last[index] ?? 0;
    if (increases !== undefined) (offset[index] as number) += before + (increases[index] ?? 0) - number;
    else if (isLower) (offset[index] as number) += before - (isHeld ? number : 0);
    last[index] = number;
    own[index] = number + (offset[index] ?? 0);
  }
  return isLower;
}

/** The number of observations in a sample of a histogram. */
function countIn(numbers: Float64Array): number {
  let count = 0;
  for (let index = 1; index < numbers.length; index++) count += numbers[index] ?? 0;
  return count;
}
