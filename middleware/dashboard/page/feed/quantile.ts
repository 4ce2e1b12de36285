import type { Level } from '../../../../lib/history/feed.js';

/**
 * A quantile of observations in buckets, as `histogram_quantile` of Prometheus: linear within a bucket, and the last finite bound
 * for the bucket of `+Inf`, whose bound is `null`.
 * @returns undefined without observations
 */
export function quantileOf(
  bounds: readonly Level[],
  lower: number,
  countOf: (bucket: number) => number,
  quantile: number,
): number | undefined {
  const counts = bounds.map((_, bucket) => Math.max(0, countOf(bucket)));
  const count = counts.reduce((sum, each) => sum + each, 0);
  // Interpolated counts of a moment are fractions; far less than one observation means no observations.
  if (count < 1e-9) return undefined;
  const rank = quantile * count;
  let below = 0;
  for (const [bucket, upper] of bounds.entries()) {
    const here = counts[bucket] ?? 0;
    const start = bucket === 0 ? lower : (bounds[bucket - 1] ?? lower);
    // Without a finite bound, as a native histogram has them in a text, the values may be any.
    if (upper === null && bucket === 0 && lower === 0) return undefined;
    if (here > 0 && below + here >= rank - 1e-9)
      return upper === null ? start : start + ((upper - start) * Math.max(0, rank - below)) / here;
    below += here;
  }
  return undefined;
}
