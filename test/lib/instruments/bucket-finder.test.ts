import test from 'ava';
import fc from 'fast-check';
import { bucketFinder, bucketOf } from '../../../lib/instruments/bucket-finder.js';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const smallNumbers = fc.integer({ min: -20, max: 20 }).map((n) => n / 4);
const bucketSets = fc
  .uniqueArray(fc.oneof(finite, smallNumbers), { minLength: 1, maxLength: 40, comparator: (a, b) => a === b })
  .map((buckets) => buckets.sort((a, b) => a - b));

test('a value falls into the first bucket whose bound is not below it', (t) => {
  const property = fc.property(
    bucketSets,
    fc.array(fc.oneof(finite, smallNumbers), { maxLength: 30 }),
    (buckets, values) => {
      const finder = bucketFinder(buckets);
      // The bounds themselves and their neighbours are where an off-by-one would show.
      const near = buckets.flatMap((bound) => [
        bound,
        bound * (1 - Number.EPSILON),
        bound * (1 + Number.EPSILON),
        -bound,
      ]);
      for (const value of [
        ...values,
        ...near.filter(Number.isFinite),
        0,
        -0,
        Number.MIN_VALUE,
        Number.MAX_VALUE,
        -Number.MAX_VALUE,
      ]) {
        const expected = buckets.filter((bound) => bound < value).length;
        if (bucketOf(finder, value) !== expected) return false;
      }
      return true;
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 1000 }));
});

test('the table is small for common buckets', (t) => {
  t.true(
    bucketFinder([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600]).starts
      .length < 100,
  );
});
