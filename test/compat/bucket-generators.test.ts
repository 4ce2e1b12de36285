import { differs, refused, refusedWith, same } from './contract.js';

same('linear buckets', ({ linearBuckets }) => linearBuckets(-10, 5, 4), [-10, -5, 0, 5]);
same(
  'linear buckets with fractions are exact',
  ({ linearBuckets }) => linearBuckets(0.1, 0.1, 3),
  [0.1, 0.2, 0.30000000000000004],
);
same('exponential buckets', ({ exponentialBuckets }) => exponentialBuckets(1, 2, 4), [1, 2, 4, 8]);
same(
  'exponential buckets with fractions are exact',
  ({ exponentialBuckets }) => exponentialBuckets(0.1, 1.1, 3),
  [0.1, 0.11000000000000001, 0.12100000000000002],
);
same('no linear buckets are refused', ({ linearBuckets }) => linearBuckets(0, 1, 0), refused);
same('no exponential buckets are refused', ({ exponentialBuckets }) => exponentialBuckets(1, 2, 0), refused);
same(
  'an exponential start of 0 is refused',
  ({ exponentialBuckets }) => exponentialBuckets(0, 2, 3),
  refused,
);
same('a factor of 1 is refused', ({ exponentialBuckets }) => exponentialBuckets(1, 1, 3), refused);

differs('Buckets with a width of 0', ({ linearBuckets }) => linearBuckets(1, 0, 3), {
  theirs: [1, 1, 1],
  ours: refusedWith('ERR_METRICS_INVALID_BUCKETS'),
});
