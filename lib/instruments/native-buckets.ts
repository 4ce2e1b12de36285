/**
 * The buckets of a native histogram as plain data, and what changes their width. Nothing is lost: every observation stays in a
 * bucket that contains its value.
 */
import { maxSchema, minSchema } from '../native-histogram.js';
import { nativeUpperBound } from './native-index.js';

/** The buckets of one series of a native histogram. */
export interface NativeBuckets {
  /** Resolution, -4 to 8: 2^schema buckets per power of two. */
  readonly schema: number;
  /** Values from `-zeroThreshold` to `zeroThreshold` are in the zero bucket. */
  readonly zeroThreshold: number;
  /** Observations in the zero bucket. */
  readonly zeroCount: number;
  /**
   * Observations of positive values by the index of the bucket, ascending, without empty buckets. Bucket `i` holds the values
   * above 2^((i-1)/2^schema), up to and including 2^(i/2^schema).
   */
  readonly positive: ReadonlyMap<number, number>;
  /** Observations of negative values, by the bucket of their absolute value. */
  readonly negative: ReadonlyMap<number, number>;
}

/** The number of buckets, the zero bucket excluded. */
function sizeOf({ positive, negative }: NativeBuckets): number {
  return positive.size + negative.size;
}

/** The same observations in at most `maxBuckets` buckets, if that is possible at the lowest resolution. */
export function limitedBuckets(
  buckets: NativeBuckets,
  { maxBuckets, maxZeroThreshold }: { readonly maxBuckets: number; readonly maxZeroThreshold: number },
): NativeBuckets {
  let limited = buckets;
  while (sizeOf(limited) > maxBuckets) {
    const threshold = nextThreshold(limited);
    if (threshold <= maxZeroThreshold) limited = withThreshold(limited, threshold);
    else if (limited.schema > minSchema) limited = withSchema(limited, limited.schema - 1);
    else break;
  }
  return limited;
}

/** The upper bound of the bucket that is closest to 0. */
function nextThreshold({ schema, positive, negative }: NativeBuckets): number {
  const indices = [...positive.keys(), ...negative.keys()];
  return nativeUpperBound(
    schema,
    indices.reduce((lowest, index) => Math.min(lowest, index)),
  );
}

/**
 * The sum of several histograms, whatever their order: at the lowest of the resolutions, and with the widest of the zero buckets.
 * If that ends within a bucket with observations, it is widened to the bound of this bucket.
 */
export function mergedBuckets(parts: readonly [NativeBuckets, ...NativeBuckets[]]): NativeBuckets {
  const schema = Math.min(...parts.map((part) => part.schema));
  const aligned = parts.map((part) => withSchema(part, schema));
  const widest = Math.max(...aligned.map(({ zeroThreshold }) => zeroThreshold));
  let threshold = widest;
  for (const { positive, negative, zeroThreshold } of aligned) {
    if (zeroThreshold === widest) continue;
    for (const index of [...positive.keys(), ...negative.keys()]) {
      const bound = nativeUpperBound(schema, index);
      if (bound > widest && nativeUpperBound(schema, index - 1) < widest) threshold = bound;
    }
  }
  const cut = aligned.map((part) => withThreshold(part, threshold));
  return {
    schema,
    zeroThreshold: threshold,
    zeroCount: cut.reduce((count, part) => count + part.zeroCount, 0),
    positive: summed(cut.flatMap(({ positive }) => [...positive])),
    negative: summed(cut.flatMap(({ negative }) => [...negative])),
  };
}

/**
 * The observations since an earlier reading of the same series, which may have had a finer resolution; `undefined` if it has
 * restarted in between.
 */
export function bucketsSince(now: NativeBuckets, earlier: NativeBuckets): NativeBuckets | undefined {
  if (earlier.schema < now.schema || earlier.zeroThreshold > now.zeroThreshold) return undefined;
  const before = withThreshold(withSchema(earlier, now.schema), now.zeroThreshold);
  const increases = (counts: ReadonlyMap<number, number>, old: ReadonlyMap<number, number>) =>
    summed([...counts, ...[...old].map(([index, count]) => [index, -count] as const)]);
  const since = {
    ...now,
    zeroCount: now.zeroCount - before.zeroCount,
    positive: increases(now.positive, before.positive),
    negative: increases(now.negative, before.negative),
  };
  const counts = [since.zeroCount, ...since.positive.values(), ...since.negative.values()];
  return counts.every((count) => count >= 0) ? since : undefined;
}

/** At a lower resolution, where each bucket holds 2, 4, 8 or more of the former ones. */
function withSchema(buckets: NativeBuckets, schema: number): NativeBuckets {
  if (schema === buckets.schema) return buckets;
  const shift = buckets.schema - schema;
  const coarser = (counts: ReadonlyMap<number, number>): ReadonlyMap<number, number> =>
    summed([...counts].map(([index, count]) => [(index + (1 << shift) - 1) >> shift, count]));
  return { ...buckets, schema, positive: coarser(buckets.positive), negative: coarser(buckets.negative) };
}

/** With a zero bucket that takes in the buckets up to the threshold, which is a bound. */
function withThreshold(buckets: NativeBuckets, threshold: number): NativeBuckets {
  if (threshold === buckets.zeroThreshold) return buckets;
  let { zeroCount } = buckets;
  const beyond = (counts: ReadonlyMap<number, number>): ReadonlyMap<number, number> => {
    const kept = [...counts].filter(([index]) => nativeUpperBound(buckets.schema, index) > threshold);
    const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
    zeroCount += all - kept.reduce((sum, [, count]) => sum + count, 0);
    return new Map(kept);
  };
  const [positive, negative] = [beyond(buckets.positive), beyond(buckets.negative)];
  return { schema: buckets.schema, zeroThreshold: threshold, zeroCount, positive, negative };
}

function summed(counts: readonly (readonly [index: number, count: number])[]): ReadonlyMap<number, number> {
  const sums = new Map<number, number>();
  for (const [index, count] of [...counts].sort(([a], [b]) => a - b))
    sums.set(index, (sums.get(index) ?? 0) + count);
  for (const [index, count] of sums) if (count === 0) sums.delete(index);
  return sums;
}

/** Buckets as a list of numbers, for messages and snapshots. */
export function flatBuckets({
  schema,
  zeroThreshold,
  zeroCount,
  positive,
  negative,
}: NativeBuckets): number[] {
  return [schema, zeroThreshold, zeroCount, positive.size, ...[...positive, ...negative].flat()];
}

/** The buckets of a list of numbers; `undefined` for a list that is not of {@link flatBuckets}. */
export function readFlatBuckets(numbers: readonly unknown[]): NativeBuckets | undefined {
  if (!numbers.every((number): number is number => Number.isFinite(number))) return undefined;
  const [schema = Number.NaN, zeroThreshold = -1, zeroCount = -1, size = -1, ...rest] = numbers;
  const pairs = Array.from({ length: rest.length / 2 }, (_, pair): [index: number, count: number] => [
    rest[2 * pair] ?? 0,
    rest[2 * pair + 1] ?? 0,
  ]);
  const isValid =
    Number.isInteger(schema) &&
    schema >= minSchema &&
    schema <= maxSchema &&
    [zeroThreshold, zeroCount, size].every((number) => number >= 0) &&
    rest.length % 2 === 0 &&
    size <= pairs.length &&
    pairs.every(([index, count]) => Number.isInteger(index) && count > 0);
  if (!isValid) return undefined;
  return {
    schema,
    zeroThreshold,
    zeroCount,
    positive: new Map(pairs.slice(0, size)),
    negative: new Map(pairs.slice(size)),
  };
}
