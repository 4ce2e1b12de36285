/** Which of the configured bucket sets a histogram has, by the unit in its name. */
import { catalogue } from './catalogue/catalogue.js';
import { defaultMetricsConfig } from './config.js';
import type { BucketSets } from './config-settings.js';
import type { NativeHistogramOptions } from './native-histogram.js';

/** The set of a histogram's unit: seconds, bytes or a rate per second; durations where the name has none of them. */
export function bucketSetOf(name: string): keyof BucketSets {
  if (name.endsWith('_bytes')) return 'size';
  return name.endsWith('_per_second') ? 'throughput' : 'duration';
}

/**
 * The buckets that the configuration gives the catalogue's histograms, by name. A set that is the default leaves each
 * histogram the buckets of its definition; any other replaces those of every histogram in seconds, or in bytes.
 */
export function catalogueBuckets(buckets: BucketSets): Map<string, readonly number[]> {
  const isChanged = (set: keyof BucketSets): boolean =>
    String(buckets[set]) !== String(defaultMetricsConfig.buckets[set]);
  const names = Object.values(catalogue)
    .filter(({ type, name }) => type === 'histogram' && /_(seconds|bytes)$/.test(name))
    .map(({ name }) => name)
    .filter((name) => isChanged(bucketSetOf(name)));
  return new Map(names.map((name) => [name, buckets[bucketSetOf(name)]]));
}

/** The durations of the catalogue, to make native histograms of them, with the default resolution. */
export function catalogueNativeHistograms(): Map<string, NativeHistogramOptions> {
  const durations = Object.values(catalogue).filter(
    ({ type, name }) => type === 'histogram' && name.endsWith('_seconds'),
  );
  return new Map(durations.map(({ name }) => [name, {}]));
}
