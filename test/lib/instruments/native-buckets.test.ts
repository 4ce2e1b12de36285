/** Native buckets as plain data: sums, differences and lists of numbers. */
import test from 'ava';
import {
  bucketsSince,
  flatBuckets,
  limitedBuckets,
  mergedBuckets,
  type NativeBuckets,
  readFlatBuckets,
} from '../../../lib/instruments/native-buckets.js';

/** At schema 0, bucket `i` holds the values above 2^(i-1), up to 2^i. */
function buckets(changes: Partial<NativeBuckets> = {}): NativeBuckets {
  return { schema: 0, zeroThreshold: 0, zeroCount: 0, positive: new Map(), negative: new Map(), ...changes };
}

test('in a sum, a zero bucket that ends within a bucket of another part is widened to its bound', (t) => {
  const wide = buckets({ zeroThreshold: 3, zeroCount: 1 });
  for (const side of ['positive', 'negative'] as const) {
    const part = buckets({
      [side]: new Map([
        [0, 1],
        [2, 10],
        [4, 100],
      ]),
    });
    for (const parts of [
      [wide, part],
      [part, wide],
    ] as const)
      t.deepEqual(
        mergedBuckets(parts),
        buckets({ zeroThreshold: 4, zeroCount: 12, [side]: new Map([[4, 100]]) }),
      );
  }
});

test('the zero bucket is widened up to the widest that is allowed, inclusive', (t) => {
  const positive = new Map([
    [2, 10],
    [4, 100],
  ]);
  t.deepEqual(
    limitedBuckets(buckets({ positive }), { maxBuckets: 1, maxZeroThreshold: 4 }),
    buckets({ zeroThreshold: 4, zeroCount: 10, positive: new Map([[4, 100]]) }),
  );
});

test('in a sum, a zero bucket that ends with a bucket stays as it is', (t) => {
  const wide = buckets({ zeroThreshold: 4, zeroCount: 1 });
  const part = buckets({
    positive: new Map([
      [2, 10],
      [3, 100],
    ]),
  });
  t.deepEqual(
    mergedBuckets([wide, part]),
    buckets({ zeroThreshold: 4, zeroCount: 11, positive: new Map([[3, 100]]) }),
  );
});

test('in a sum, the part with the widest zero bucket keeps the bucket in which it ends', (t) => {
  const wide = buckets({ zeroThreshold: 3, zeroCount: 1, positive: new Map([[2, 10]]) });
  t.deepEqual(mergedBuckets([wide, buckets({ zeroCount: 5 })]), { ...wide, zeroCount: 6 });
});

test('the observations since an earlier reading are the differences of all buckets', (t) => {
  const earlier = buckets({
    zeroCount: 2,
    positive: new Map([
      [1, 1],
      [2, 5],
    ]),
    negative: new Map([[1, 1]]),
  });
  const now = buckets({
    zeroCount: 5,
    positive: new Map([
      [1, 4],
      [2, 5],
    ]),
    negative: new Map([[1, 1]]),
  });
  t.deepEqual(bucketsSince(now, earlier), buckets({ zeroCount: 3, positive: new Map([[1, 3]]) }));
  t.is(bucketsSince(earlier, now), undefined, 'it has restarted');
});

test('a series whose buckets are finer than before has restarted', (t) => {
  t.is(bucketsSince(buckets({ schema: 1 }), buckets({ schema: 0 })), undefined);
  t.is(bucketsSince(buckets(), buckets({ zeroThreshold: 1 })), undefined);
  t.truthy(bucketsSince(buckets({ zeroThreshold: 1 }), buckets({ schema: 1 })));
});

test('a list of numbers is read as it was written, and others are refused', (t) => {
  for (const schema of [-4, 0, 8]) {
    const written = buckets({
      schema,
      zeroCount: 1,
      positive: new Map([[3, 1]]),
      negative: new Map([[-2, 2]]),
    });
    t.deepEqual(readFlatBuckets(flatBuckets(written)), written);
  }
  for (const list of [
    [],
    [0],
    [0, 0],
    [0, 0, 0],
    [0.5, 0, 0, 0],
    [-5, 0, 0, 0],
    [9, 0, 0, 0],
    [0, -1, 0, 0],
    [0, 0, -1, 0],
    [0, 0, 0, -1],
    [0, 0, 0, 1],
    [0, 0, 0, 0, 1],
    [0, 0, 0, 1, 3],
    [0, 0, 0, 1, 3, 0],
    [0, 0, 0, 1, 3.5, 1],
    [0, 0, 0, 0, 3, Number.NaN],
    [0, 0, '0', 0],
    [Number.NaN, 0, 0, 0],
  ])
    t.is(readFlatBuckets(list), undefined, String(list));
});
