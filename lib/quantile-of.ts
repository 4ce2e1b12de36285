/** Quantiles of histograms from their samples. */
import type { AggregatedSample } from './aggregation-rules.js';
import { mergedBuckets, type NativeBuckets } from './instruments/native-buckets.js';
import { nativeUpperBound } from './instruments/native-index.js';

/** Observations above `lower`, up to and including `upper`. */
interface Bucket {
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
  /** Whether bounds of neighbours have a ratio instead of a difference. */
  readonly isExponential?: boolean;
}

/**
 * A quantile of the observations of histograms, as `histogram_quantile` of Prometheus: of the native buckets if all series have
 * them, else of the classic ones. It is within the bucket of the true quantile.
 * @param samples of one group, as a rule gets them
 * @param quantile 0 to 1
 * @returns `undefined` without observations, without buckets, or for another quantile
 * @example
 * aggregate: (samples) => quantileOf(samples, 0.95),
 * @see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
 */
export function quantileOf(samples: readonly AggregatedSample[], quantile: number): number | undefined {
  if (!(quantile >= 0 && quantile <= 1)) return undefined;
  const counted = samples.filter(({ name, value }) => name.endsWith('_count') && value > 0);
  const [first, ...others] = counted.flatMap(({ native }) => (native === undefined ? [] : [native]));
  const isNative = first !== undefined && others.length === counted.length - 1;
  const buckets = isNative ? nativeBuckets(mergedBuckets([first, ...others])) : classicBuckets(samples);
  return interpolated(buckets, quantile);
}

function interpolated(buckets: readonly Bucket[], quantile: number): number | undefined {
  const used = buckets.filter(({ count }) => count > 0);
  const total = used.reduce((sum, { count }) => sum + count, 0);
  let below = 0;
  for (const { lower, upper, count, isExponential } of used) {
    if (below + count < quantile * total && upper !== used.at(-1)?.upper) {
      below += count;
      continue;
    }
    const share = Math.min(1, Math.max(0, (quantile * total - below) / count));
    if (upper === Number.POSITIVE_INFINITY) return Number.isFinite(lower) ? lower : undefined;
    if (lower === Number.NEGATIVE_INFINITY) return upper;
    return isExponential === true ? lower * (upper / lower) ** share : lower + (upper - lower) * share;
  }
  return undefined;
}

/** The buckets of several series together, ascending. */
function classicBuckets(samples: readonly AggregatedSample[]): Bucket[] {
  const cumulative = new Map<number, number>();
  for (const { name, labels, value } of samples) {
    const bound = name.endsWith('_bucket') ? boundOf(labels.le) : Number.NaN;
    if (!Number.isNaN(bound)) cumulative.set(bound, (cumulative.get(bound) ?? 0) + value);
  }
  const sorted = [...cumulative].sort(([a], [b]) => a - b);
  return sorted.map(([upper, count], index) => {
    // The lower bound of the first bucket is 0 if its upper one is positive, and unknown otherwise.
    const [lower, below] = sorted[index - 1] ?? [firstLower(upper), 0];
    return { lower, upper, count: Math.max(0, count - below) };
  });
}

function firstLower(upper: number): number {
  return upper > 0 && upper < Number.POSITIVE_INFINITY ? 0 : Number.NEGATIVE_INFINITY;
}

function boundOf(bound: string | number | undefined): number {
  if (bound === undefined || bound === '') return Number.NaN;
  return bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound);
}

/** Ascending. */
function nativeBuckets({ schema, zeroThreshold, zeroCount, positive, negative }: NativeBuckets): Bucket[] {
  const bucket = (index: number, count: number, sign: 1 | -1): Bucket => {
    const [near, far] = [nativeUpperBound(schema, index - 1) * sign, nativeUpperBound(schema, index) * sign];
    return { lower: Math.min(near, far), upper: Math.max(near, far), count, isExponential: true };
  };
  const zero: Bucket = {
    lower: negative.size === 0 ? 0 : -zeroThreshold,
    upper: positive.size === 0 && negative.size > 0 ? 0 : zeroThreshold,
    count: zeroCount,
  };
  return [
    ...[...negative].reverse().map(([index, count]) => bucket(index, count, -1)),
    zero,
    ...[...positive].map(([index, count]) => bucket(index, count, 1)),
  ];
}
