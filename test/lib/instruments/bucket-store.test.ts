/** The memory of histograms: slots of a few large arrays, which removed series give back. */
import test from 'ava';
import { BucketStore } from '../../../lib/instruments/bucket-store.js';

test('slots share arrays that double in size, up to 256 slots', (t) => {
  const store = new BucketStore([1, 2]);
  const arrays = new Set<Float64Array>();
  const places = new Set<string>();
  for (let slot = 0; slot < 1_000; slot++) {
    const { numbers, offset } = store.take();
    arrays.add(numbers);
    places.add(`${[...arrays].indexOf(numbers)} ${offset}`);
  }
  t.is(places.size, 1_000, 'no two series share a slot');
  t.deepEqual(
    [...arrays].map(({ length }) => length / store.slotSize),
    [1, 2, 4, 8, 16, 32, 64, 128, 256, 256, 256],
  );
});

test('the slot of a removed series is reused, and is empty then', (t) => {
  const store = new BucketStore([1, 2]);
  const [kept, freed] = [store.take(), store.take()];
  kept.numbers.fill(1, kept.offset, kept.offset + store.slotSize);
  freed.numbers.fill(2, freed.offset, freed.offset + store.slotSize);
  store.giveBack(freed.numbers, freed.offset);
  const { numbers, offset } = store.take();
  t.deepEqual([numbers, offset], [freed.numbers, freed.offset]);
  t.deepEqual([...numbers.subarray(offset, offset + store.slotSize)], [0, 0, 0, 0]);
  t.deepEqual([...kept.numbers.subarray(kept.offset, kept.offset + store.slotSize)], [1, 1, 1, 1]);
});

test('slots with the former buckets are not reused once the buckets are replaced', (t) => {
  const store = new BucketStore([1, 2]);
  const former = store.take();
  store.giveBack(former.numbers, former.offset);
  store.rebucket([1, 2, 3]);
  const { numbers, offset } = store.take();
  t.not(numbers, former.numbers);
  t.deepEqual([...numbers.subarray(offset, offset + store.slotSize)], [0, 0, 0, 0, 0]);
});
