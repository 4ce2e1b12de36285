/** The shape of a metric in the history: what a sample of it is made of. */
import type { FeedMetricType, MetricHistory } from './feed.js';

export interface MetricShape {
  readonly name: string;
  readonly type: FeedMetricType;
  readonly help: string;
  readonly labels: readonly string[];
  /** How series of a gauge are combined. */
  readonly combine: MetricHistory['combine'];
  /** Histograms: upper bounds, ascending, with +Inf. */
  readonly bounds: readonly number[];
  /** Whether it is read from native buckets, so that observations may move to wider ones. Default: false. */
  readonly isNative?: boolean;
  readonly quantiles: readonly number[];
}

/**
 * The numbers of one sample: of a histogram its sum and the observations of each bucket, lower buckets excluded; of a summary its
 * sum, its count and its quantiles; one number otherwise.
 */
export function widthOf({ type, bounds, quantiles }: MetricShape): number {
  if (type === 'histogram') return 1 + bounds.length;
  return type === 'summary' ? 2 + quantiles.length : 1;
}

/** How many numbers of a sample, from its first, only grow. */
export function growingWidth(shape: MetricShape): number {
  if (shape.type === 'summary') return 2;
  return shape.type === 'counter' || shape.type === 'histogram' ? widthOf(shape) : 0;
}

/** Whether two readings of a metric can have one history. Labels may be added. */
export function isSameShape(a: MetricShape, b: MetricShape): boolean {
  return (
    a === b ||
    (a.type === b.type &&
      String(a.bounds) === String(b.bounds) &&
      String(a.quantiles) === String(b.quantiles))
  );
}

/** The size of a sample, to choose the largest series: its value, or its number of observations. */
export function sizeOf({ type }: MetricShape, numbers: Float64Array, at: number, width: number): number {
  if (type === 'summary') return numbers[at + 1] ?? 0;
  if (type !== 'histogram') return Math.abs(numbers[at] ?? 0);
  let count = 0;
  for (let index = 1; index < width; index++) count += numbers[at + index] ?? 0;
  return count;
}
