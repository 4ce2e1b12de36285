/** Native histograms in the history: their buckets are joined to fixed ones, so that all samples of a metric have the same bounds. */
import type { NativeBuckets } from '../instruments/native-buckets.js';

/** Buckets per power of two in which native histograms are kept, as a schema. */
const keptSchema = 2;

/** 2^-30 to 2^30: a nanosecond to 34 years, a byte to a gigabyte. What is outside is in the first and the last bucket. */
const keptOctaves = 30;
const keptOffset = keptOctaves * 2 ** keptSchema;

/** The upper bounds of the buckets of {@link copyNative}, +Inf last. */
export const nativeBounds: readonly number[] = [
  ...Array.from({ length: 2 * keptOffset + 1 }, (_, index) => 2 ** ((index - keptOffset) / 2 ** keptSchema)),
  Number.POSITIVE_INFINITY,
];

/**
 * Writes the sum, and the native buckets joined to those of {@link nativeBounds}. Buckets that are wider count in the one of their
 * upper bound.
 */
export function copyNative(sum: number, native: NativeBuckets | undefined, point: Float64Array): void {
  point.fill(0);
  point[0] = sum;
  if (native === undefined) return;
  let below = native.zeroCount;
  for (const count of native.negative.values()) below += count;
  point[1] = below;
  const perBucket = 2 ** (keptSchema - native.schema);
  for (const [index, count] of native.positive) {
    const place = Math.ceil(index * perBucket) + keptOffset;
    (point[1 + Math.min(nativeBounds.length - 1, Math.max(0, place))] as number) += count;
  }
}

/**
 * The increase of each number since the last sample of a native histogram whose observations have moved to wider buckets: what has
 * left a bucket is no decrease there, and no increase where it went. Schemas widen upwards, the zero bucket downwards.
 */
export function increasesOfWidened(numbers: Float64Array, last: Float64Array): Float64Array {
  const increases = numbers.map((number, index) => number - (last[index] ?? 0));
  let moved = 0;
  const settle = (index: number): void => {
    const increase = (increases[index] ?? 0) - moved;
    moved = Math.max(0, -increase);
    increases[index] = Math.max(0, increase);
  };
  for (let index = 1; index < increases.length; index++) settle(index);
  for (let index = increases.length - 1; index > 0 && moved > 0; index--) settle(index);
  return increases;
}
