/** The native buckets of one series: when there are too many, and whether they are wider than the settings say. */
import test from 'ava';
import { NativeCounts } from '../../../lib/instruments/native-counts.js';
import { type NativeHistogramOptions, nativeSettings } from '../../../lib/native-histogram.js';

function newCounts(options: NativeHistogramOptions): NativeCounts {
  return new NativeCounts(nativeSettings('test', { schema: 0, zeroThreshold: 0, ...options }));
}

test('only an observation that is the first in its bucket can be one too many', (t) => {
  const counts = newCounts({ maxBuckets: 2, zeroThreshold: 0.001 });
  t.deepEqual(
    [1, 2, 4, 4, 0, 1e-9].map((value) => counts.observe(value, 1)),
    [false, false, true, false, false, false],
  );
});

test('as many buckets as the settings allow are not too many, however many slots they have', (t) => {
  for (const maxBuckets of [1, 10, 11, 12, 21, 22, 100]) {
    const counts = newCounts({ maxBuckets });
    // Not in the bucket with the index 0, which an empty slot has too.
    const results = Array.from({ length: maxBuckets + 1 }, (_, index) => counts.observe(2 ** (index + 1), 1));
    t.deepEqual(
      results.map((isTooMany, index) => (isTooMany ? index : -1)).filter((index) => index >= 0),
      [maxBuckets],
    );
  }
});

test('buckets are widened if their resolution is lower, or their zero bucket wider, than the settings say', (t) => {
  const counts = newCounts({ maxBuckets: 2 });
  t.false(counts.isWidened);
  for (const value of [1, 2]) counts.observe(value, 1);
  counts.limit();
  t.false(counts.isWidened, 'there are not too many');
  counts.observe(4, 1);
  counts.limit();
  t.is(counts.buckets().zeroThreshold, 0);
  t.true(counts.isWidened, 'the resolution is lower');

  const withZeroBucket = newCounts({ maxBuckets: 2, maxZeroThreshold: 1 });
  for (const value of [1, 2, 4]) withZeroBucket.observe(value, 1);
  withZeroBucket.limit();
  t.is(withZeroBucket.buckets().schema, 0);
  t.true(withZeroBucket.isWidened, 'the zero bucket is wider');
  withZeroBucket.clear();
  t.false(withZeroBucket.isWidened);
});
