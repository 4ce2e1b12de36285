/** Native histograms in what outlives or leaves a process: snapshots, messages of a cluster and its sums. */
import test from 'ava';
import fc from 'fast-check';
import { clusterMetrics } from '../../lib/cluster/cluster.js';
import { readFamilies, writtenFamily } from '../../lib/cluster/cluster-messages.js';
import { mergedFamily } from '../../lib/cluster/merged-family.js';
import { totalsOf, withoutReported } from '../../lib/cluster/reported-totals.js';
import { defineHistogram } from '../../lib/define.js';
import type { HistogramDefinition } from '../../lib/definition.js';
import { restoreFamily } from '../../lib/durability/restore.js';
import { decodeSnapshot, encodeSnapshot } from '../../lib/durability/snapshot.js';
import { protobufFormat } from '../../lib/exposition/protobuf-format.js';
import { type Family, familyOf } from '../../lib/family.js';
import { label } from '../../lib/label.js';
import { createTestRegistry, readHistogram, type TestRegistry } from '../../lib/testing.js';
import { fakeMember, familiesOf } from '../helpers/cluster-member.js';
import { decodeProtobuf, nativeBucketsOf } from '../helpers/decode-protobuf.js';

const wait = defineHistogram({
  name: 'wait_seconds',
  help: 'Wait.',
  labels: { queue: label() },
  native: { schema: 8, maxBuckets: 20 },
});

function observed(
  values: readonly number[],
  definition: HistogramDefinition<typeof wait.labels> = wait,
): TestRegistry {
  const registry = createTestRegistry();
  for (const value of values) registry.histogram(definition).observe({ queue: 'a' }, value);
  return registry;
}

function familyWith(values: readonly number[], definition = wait): Family {
  return familyOf(observed(values, definition).histogram(definition));
}

function restored(from: TestRegistry, to: TestRegistry, definition = wait): ReturnType<typeof restoreFamily> {
  const bytes = Buffer.concat([
    ...encodeSnapshot({ instruments: from.instruments(), unclaimed: [], now: 0 }),
  ]);
  const snapshot = decodeSnapshot(bytes);
  if ('damage' in snapshot) throw new Error(snapshot.damage);
  const [family] = snapshot.families;
  if (family === undefined) throw new Error('expected a family');
  return restoreFamily(to.histogram(definition) as never, family);
}

const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 100 });
/** Sums of doubles depend on the order. */
const integers = fc.array(fc.integer({ min: -1_000_000, max: 1_000_000 }), { minLength: 1, maxLength: 100 });

test('readings of a native histogram have its buckets', (t) => {
  const reading = readHistogram(observed([1, 1, 3]), wait, { queue: 'a' });
  t.is(reading?.count, 3);
  t.deepEqual(reading?.buckets, new Map([[Number.POSITIVE_INFINITY, 3]]));
  t.deepEqual(
    reading?.native?.positive,
    new Map([
      [0, 2],
      [406, 1],
    ]),
  );
});

test('a snapshot restores native buckets exactly, at the resolution that they had', (t) => {
  const property = fc.property(
    values,
    fc.string({ unit: 'grapheme', minLength: 1 }),
    (observations, queue) => {
      const [from, to] = [createTestRegistry(), createTestRegistry()];
      for (const value of observations) from.histogram(wait).observe({ queue }, value);
      t.deepEqual(restored(from, to), { restored: 1 });
      t.deepEqual(readHistogram(to, wait, { queue }), readHistogram(from, wait, { queue }));
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 100 }));
});

test('what was observed since the start is added to the restored buckets', (t) => {
  const property = fc.property(integers, integers, (before, since) => {
    const to = observed(since);
    restored(observed(before), to);
    const reading = readHistogram(to, wait, { queue: 'a' });
    const all = readHistogram(observed([...before, ...since]), wait, { queue: 'a' });
    t.is(reading?.count, all?.count);
    t.is(reading?.sum, all?.sum);
    t.true(reading !== undefined && totalOf(reading.native) === before.length + since.length);
  });
  t.notThrows(() => fc.assert(property, { numRuns: 100 }));
});

function totalOf(native: Family['series'][number]['native']): number {
  if (native === undefined) return Number.NaN;
  return [native.zeroCount, ...native.positive.values(), ...native.negative.values()].reduce(
    (a, b) => a + b,
    0,
  );
}

test('a histogram that is no longer native takes over its classic buckets; one that has become native starts at 0', (t) => {
  const classic = defineHistogram({
    name: 'wait_seconds',
    help: 'Wait.',
    labels: wait.labels,
    buckets: [1, 2],
  });
  const both = defineHistogram({
    name: 'wait_seconds',
    help: 'Wait.',
    labels: wait.labels,
    buckets: [1, 2],
    native: {},
  });
  const toClassic = createTestRegistry();
  t.deepEqual(restored(observed([1, 3], both), toClassic, classic as never), { restored: 1 });
  t.is(readHistogram(toClassic, classic, { queue: 'a' })?.count, 2);
  const toNative = createTestRegistry();
  t.deepEqual(restored(observed([1, 3], classic as never), toNative, both as never), {
    skipped:
      'expected histogram {queue} le 1, 2 native, received histogram {queue} le 1, 2 from the snapshot',
  });
});

test('messages have native buckets, also as JSON', (t) => {
  const property = fc.property(values, (observations) => {
    const family = familyWith(observations);
    const [read] = readFamilies(JSON.parse(JSON.stringify([writtenFamily(family)])));
    t.deepEqual(read?.series[0]?.native, family.series[0]?.native);
  });
  t.notThrows(() => fc.assert(property, { numRuns: 100 }));
});

test('native buckets in a message that are malformed are an error', (t) => {
  const written = writtenFamily(familyWith([1, 2]));
  const malformed = [
    [],
    [9, 0, 0, 0],
    [3, 0, 0, 1],
    [3, -1, 0, 0],
    [3, 0, 0, 1, 0.5, 1],
    [3, 0, 0, 1, 1, -1],
    [3, 0, 0, 1, 'x', 1],
  ];
  for (const native of malformed) {
    const [[labels, numbers] = []] = written.series;
    t.throws(() => readFamilies([{ ...written, series: [[labels, numbers, native]] }]), {
      message: 'native buckets are malformed',
    });
  }
});

test('the sum of several processes has the buckets of all observations, whatever their resolutions and order', (t) => {
  const coarse = defineHistogram({
    name: 'wait_seconds',
    help: 'Wait.',
    labels: wait.labels,
    native: { schema: 1 },
  });
  const property = fc.property(integers, integers, integers, (a, b, c) => {
    const families = [familyWith(a), familyWith(b, coarse), familyWith(c)] as const;
    const [first, second, third] = families;
    const sums = [
      [first, second, third],
      [third, first, second],
      [second, third, first],
    ] as const;
    const [expected, ...others] = sums.map(
      ([one, ...rest]) => mergedFamily([one, ...rest]).series[0]?.native,
    );
    t.is(totalOf(expected), a.length + b.length + c.length);
    for (const other of others) t.deepEqual(other, expected);
  });
  t.notThrows(() => fc.assert(property, { numRuns: 100 }));
});

test('a sum has native buckets only if all processes have some, and if it is a sum', (t) => {
  const classic = defineHistogram({ name: 'wait_seconds', help: 'Wait.', labels: wait.labels, buckets: [1] });
  const both = defineHistogram({
    name: 'wait_seconds',
    help: 'Wait.',
    labels: wait.labels,
    buckets: [1],
    native: {},
  });
  const native = familyWith([1], both as never);
  t.is(mergedFamily([native, familyWith([2], classic as never)]).series[0]?.native, undefined);
  t.is(mergedFamily([{ ...native, aggregator: 'average' }, native]).series[0]?.native, undefined);
  t.is(mergedFamily([{ ...native, aggregator: 'max' }, native]).series[0]?.native, undefined);
  t.is(totalOf(mergedFamily([native, native]).series[0]?.native), 2);
});

test('a member that joins again reports the increase of its buckets, also after they were widened', (t) => {
  const property = fc.property(integers, integers, (before, since) => {
    // A series that restarts with the same buckets looks as if nothing had been observed.
    fc.pre(before.length !== 1 || before[0] !== 1);
    const registry = observed(before);
    const report = () => [writtenFamily(familyOf(registry.histogram(wait)))];
    const reported = new Map(totalsOf(report()));
    for (const value of since) registry.histogram(wait).observe({ queue: 'a' }, value);
    const [increase] = readFamilies(withoutReported(report(), reported));
    t.is(totalOf(increase?.series[0]?.native), since.length);
    // The series restarts: all of it is new.
    registry.histogram(wait).reset();
    registry.histogram(wait).observe({ queue: 'a' }, 1);
    const [restart] = readFamilies(withoutReported(report(), reported));
    t.is(totalOf(restart?.series[0]?.native), 1);
  });
  t.notThrows(() => fc.assert(property, { numRuns: 100 }));
});

test.serial('a cluster exposes the sum of native histograms by protobuf', async (t) => {
  const registry = observed([1, 1, -5]);
  const cluster = clusterMetrics({ registry, deadlineSeconds: 60 });
  t.teardown(() => cluster.stop());
  const member = fakeMember(familiesOf(observed([1, 3, 0])));
  t.teardown(() => member.leave());
  const chunks: Buffer[] = [];
  for await (const chunk of cluster.chunks({ format: protobufFormat })) chunks.push(chunk);
  const family = decodeProtobuf(Buffer.concat(chunks)).find(({ name }) => name === 'wait_seconds');
  const { histogram } = family?.metric?.[0] ?? {};
  t.is(histogram?.sampleCount, '6');
  t.is(histogram?.sampleSum, 1);
  t.is(histogram?.zeroCount, '1');
  t.deepEqual(
    nativeBucketsOf(histogram?.positiveSpan, histogram?.positiveDelta),
    new Map([
      [0, 3],
      [406, 1],
    ]),
  );
  t.deepEqual(nativeBucketsOf(histogram?.negativeSpan, histogram?.negativeDelta), new Map([[595, 1]]));
});
