/** Generates bucket bounds, with the names and results of prom-client. */
import { metricsError, shown } from './errors.js';

/**
 * Bucket bounds at equal distances: `start`, `start + width` and so on.
 * @param count the number of bounds, without +Inf
 * @throws ERR_METRICS_INVALID_BUCKETS unless `width` is positive and `count` a positive integer
 * @example
 * linearBuckets(10, 5, 4); // [10, 15, 20, 25]
 * @see https://prometheus.io/docs/practices/histograms/
 */
export function linearBuckets(start: number, width: number, count: number): number[] {
  check('linearBuckets', 'start', start, Number.isFinite(start), 'a finite number');
  check('linearBuckets', 'width', width, Number.isFinite(width) && width > 0, 'a number above 0');
  checkCount('linearBuckets', count);
  return Array.from({ length: count }, (_, index) => start + index * width);
}

/**
 * Bucket bounds of which each is `factor` times the previous one.
 * @param count the number of bounds, without +Inf
 * @throws ERR_METRICS_INVALID_BUCKETS unless `start` is positive, `factor` above 1 and `count` a positive integer
 * @example
 * exponentialBuckets(0.5, 2, 4); // [0.5, 1, 2, 4]
 * @see https://prometheus.io/docs/practices/histograms/
 */
export function exponentialBuckets(start: number, factor: number, count: number): number[] {
  check('exponentialBuckets', 'start', start, Number.isFinite(start) && start > 0, 'a number above 0');
  check('exponentialBuckets', 'factor', factor, Number.isFinite(factor) && factor > 1, 'a number above 1');
  checkCount('exponentialBuckets', count);
  const bounds = [start];
  // Repeated multiplication, as in prom-client: a power would differ in the last digits, which are part of `le`.
  while (bounds.length < count) bounds.push((bounds.at(-1) ?? start) * factor);
  return bounds;
}

function checkCount(generator: string, count: number): void {
  check(generator, 'count', count, Number.isInteger(count) && count > 0, 'a positive integer');
}

function check(generator: string, name: string, value: unknown, isValid: boolean, expected: string): void {
  if (isValid) return;
  throw metricsError(
    'ERR_METRICS_INVALID_BUCKETS',
    `Invalid \`${name}\` of \`${generator}\`: expected ${expected}, received ${shown(value)}.`,
  );
}
