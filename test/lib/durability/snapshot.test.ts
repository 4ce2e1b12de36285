/** The text of a snapshot: what is written is read back to the last bit, and what is damaged is never believed. */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import fc from 'fast-check';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../../lib/define.js';
import { restoreFamily } from '../../../lib/durability/restore.js';
import {
  decodeSnapshot,
  durableShape,
  encodeSnapshot,
  readFamily,
  type Snapshot,
  type SnapshotFamily,
  samplesOf,
} from '../../../lib/durability/snapshot.js';
import { familyOf } from '../../../lib/family.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readHistogram, readText, readValue } from '../../../lib/testing.js';
import { anyCharacter } from '../../helpers/any-character.js';
import { fromRoot } from '../../helpers/package-root.js';

const jobs = defineCounter({
  name: 'jobs_total',
  help: 'Jobs "done".',
  labels: { queue: label(), kind: label() },
});
const wait = defineHistogram({
  name: 'wait_seconds',
  help: 'Waits.',
  labels: { queue: label() },
  buckets: [0.5, 2],
});
const size = defineSummary({
  name: 'size_bytes',
  help: 'Sizes.',
  labels: { queue: label() },
  quantiles: [0.5],
});
const approvals = defineGauge({
  name: 'approvals',
  help: 'Approvals.',
  labels: { type: label() },
  restore: true,
});
const depth = defineGauge({ name: 'depth', help: 'Depth.', labels: { queue: label() } });

function snapshotOf(registry: ReturnType<typeof createTestRegistry>, now = 1_764_036_015_250): Buffer {
  return Buffer.concat([...encodeSnapshot({ instruments: registry.instruments(), unclaimed: [], now })]);
}

function filled(queue = 'a') {
  const registry = createTestRegistry();
  registry.counter(jobs).inc({ queue, kind: 'x' }, 5);
  registry.counter(jobs).inc({ queue, kind: '' }, 0.1);
  for (const seconds of [0.1, 0.2, 1, 7]) registry.histogram(wait).observe({ queue }, seconds);
  registry.summary(size).observe({ queue }, 100);
  registry.gauge(approvals).set({ type: 'merge' }, -3);
  registry.gauge(depth).set({ queue }, 9);
  return registry;
}

/** A new registry with the same definitions, restored from a snapshot. */
function restored(bytes: Buffer) {
  const registry = createTestRegistry();
  const snapshot = decodeSnapshot(bytes);
  if ('damage' in snapshot) throw new Error(snapshot.damage);
  for (const definition of [jobs, wait, size, approvals, depth]) {
    const family = snapshot.families.find(({ metric }) => metric === definition.name);
    if (family !== undefined) restoreFamily(registry.instrument(definition), family);
  }
  return { registry, snapshot };
}

test('a snapshot is OpenMetrics text with its type, the creation time of each series and a checksum', (t) => {
  const text = snapshotOf(filled()).toString();
  t.regex(text, /^# TYPE jobs counter\n# HELP jobs Jobs \\"done\\"\.\njobs_total\{queue="a",kind="x"\} 5\n/);
  t.regex(text, /^jobs_created\{queue="a",kind="x"\} \d{10}$/m);
  t.regex(text, /^wait_seconds_bucket\{queue="a",le="\+Inf"\} 4$/m);
  t.regex(
    text,
    /^metrics_snapshot_family_info\{metric="wait_seconds",shape="histogram \{queue\} le 0\.5, 2",seen="1764036015"\} 1$/m,
  );
  t.regex(text, /^metrics_snapshot_written_timestamp_seconds 1764036015\.25$/m);
  t.regex(text, /^metrics_snapshot_info\{format="1",sha256="[0-9a-f]{64}"\} 1\n# EOF\n$/m);
  t.notRegex(text, /^depth/m, 'gauges only if their definition says so');
});

test('counters, histograms, sum and count of summaries, and gauges with `restore` are restored', (t) => {
  const from = filled();
  const { registry, snapshot } = restored(snapshotOf(from));
  t.is(snapshot.written, 1_764_036_015.25);
  t.is(readValue(registry, jobs, { queue: 'a', kind: 'x' }), 5);
  t.is(readValue(registry, jobs, { queue: 'a', kind: '' }), 0.1);
  t.deepEqual(readHistogram(registry, wait, { queue: 'a' }), readHistogram(from, wait, { queue: 'a' }));
  const summary = registry.summary(size).with({ queue: 'a' });
  t.deepEqual([summary.sum, summary.count], [100, 1]);
  t.is(readValue(registry, approvals, { type: 'merge' }), -3);
  t.is(readValue(registry, depth, { queue: 'a' }), undefined);
});

test('restored values are added to what was recorded since the start, and a gauge that was set stays', (t) => {
  const bytes = snapshotOf(filled());
  const registry = createTestRegistry();
  registry.counter(jobs).inc({ queue: 'a', kind: 'x' }, 2);
  registry.histogram(wait).observe({ queue: 'a' }, 1);
  registry.gauge(approvals).set({ type: 'merge' }, 8);
  const { families } = decodeSnapshot(bytes) as Snapshot;
  for (const family of families) {
    const definition = [jobs, wait, size, approvals].find(({ name }) => name === family.metric);
    if (definition !== undefined)
      t.deepEqual(restoreFamily(registry.instrument(definition), family), {
        restored: family.metric === 'jobs_total' ? 2 : 1,
      });
  }
  t.is(readValue(registry, jobs, { queue: 'a', kind: 'x' }), 7);
  t.is(readHistogram(registry, wait, { queue: 'a' })?.count, 5);
  t.is(readValue(registry, approvals, { type: 'merge' }), 8);
});

test('a restored series keeps its creation time', (t) => {
  const from = filled();
  const series = from.counter(jobs).with({ queue: 'a', kind: 'x' });
  series.created = 1_600_000_000;
  const { registry } = restored(snapshotOf(from));
  t.is(registry.counter(jobs).with({ queue: 'a', kind: 'x' }).created, 1_600_000_000);
});

test('a metric with a different type, label or bucket is skipped and reported; other help or closed sets are restored', (t) => {
  const { families } = decodeSnapshot(snapshotOf(filled())) as Snapshot;
  const family = (name: string) => families.find(({ metric }) => metric === name) as SnapshotFamily;
  const outcome = (definition: Parameters<ReturnType<typeof createTestRegistry>['instrument']>[0]) =>
    restoreFamily(createTestRegistry().instrument(definition), family(definition.name));
  t.deepEqual(outcome(defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: { queue: label() } })), {
    skipped: 'expected counter {queue}, received counter {queue, kind} from the snapshot',
  });
  t.like(
    outcome(
      defineHistogram({ name: 'wait_seconds', help: 'W.', labels: { queue: label() }, buckets: [0.5, 3] }),
    ),
    {
      skipped: 'expected histogram {queue} le 0.5, 3, received histogram {queue} le 0.5, 2 from the snapshot',
    },
  );
  t.like(outcome(defineSummary({ name: 'wait_seconds', help: 'W.', labels: { queue: label() } })), {
    skipped: 'expected summary {queue}, received histogram {queue} le 0.5, 2 from the snapshot',
  });
  t.like(outcome(defineGauge({ name: 'approvals', help: 'A.', labels: { type: label() } })), {
    skipped: 'its definition no longer says `restore: true`',
  });
  const registry = createTestRegistry();
  const closed = defineCounter({
    name: 'jobs_total',
    help: 'Other words.',
    labels: { queue: label('b'), kind: label() },
  });
  t.deepEqual(restoreFamily(registry.instrument(closed), family('jobs_total')), { restored: 2 });
  t.is(
    readValue(registry, closed, { queue: 'other', kind: 'x' } as never),
    5,
    'folded as a recording would be',
  );
});

test('a file of format 1, written by an earlier version, is restored exactly', async (t) => {
  const snapshot = decodeSnapshot(await readFile(fromRoot('test/fixtures/snapshots/format-1.om')));
  if ('damage' in snapshot) return t.fail(snapshot.damage);
  t.is(snapshot.written, 1_764_036_015.25);
  const visits = defineCounter({
    name: 'visits',
    help: 'Visits.',
    lint: { allow: ['counter-total'], why: 'A test.' },
  });
  const wideWait = defineHistogram({
    name: 'wait_seconds',
    help: 'Waits.',
    labels: { queue: label() },
    buckets: [-1, 0.5, 2],
  });
  const registry = createTestRegistry();
  const outcomes = snapshot.families.map((family) => {
    const definition = [jobs, visits, wideWait, size, approvals].find(({ name }) => name === family.metric);
    return definition === undefined ? undefined : restoreFamily(registry.instrument(definition), family);
  });
  t.deepEqual(outcomes, [
    { restored: 3 },
    { restored: 1 },
    { restored: 2 },
    { restored: 1 },
    { restored: 1 },
  ]);
  t.is(readValue(registry, jobs, { queue: 'a"\\\n,}', kind: 'x' }), 5);
  t.is(readValue(registry, jobs, { queue: 'a', kind: '' }), 0.1);
  t.is(readValue(registry, jobs, { queue: 'huge', kind: '' }), Number.POSITIVE_INFINITY);
  t.is(readValue(registry, visits), 7);
  const [waits, odd] = ['a', 'odd'].map((queue) => registry.histogram(wideWait).with({ queue }));
  t.deepEqual([waits?.cumulativeCounts(), waits?.sum], [[1, 3, 4, 5], 6.3]);
  t.deepEqual([odd?.cumulativeCounts(), odd?.sum], [[1e9, 1e9, 1e9, 2e9], 0]);
  const sizes = registry.summary(size).with({ queue: 'a' });
  t.deepEqual([sizes.sum, sizes.count], [-200, 2]);
  t.is(readValue(registry, approvals, { type: 'merge' }), -3);
  t.is(registry.counter(jobs).with({ queue: 'a', kind: '' }).created, 1_764_036_000);
  t.is(waits?.created, 1_764_036_000);
  t.is(sizes.created, 1_764_036_000);
});

test('a family is read from a snapshot as it is read from its instrument', (t) => {
  const from = filled('a"\\\n,}');
  const { families } = decodeSnapshot(snapshotOf(from)) as Snapshot;
  for (const definition of [jobs, wait, size, approvals]) {
    const instrument = from.instrument(definition);
    const family = families.find(({ metric }) => metric === definition.name) as SnapshotFamily;
    t.deepEqual(readFamily(instrument, family), familyOf(instrument), definition.name);
  }
});

test('a budget that has become smaller folds what is restored, and no total is lost', async (t) => {
  const from = createTestRegistry();
  for (let queue = 0; queue < 100; queue++) from.counter(jobs).inc({ queue, kind: 'x' }, queue);
  const { families } = decodeSnapshot(snapshotOf(from)) as Snapshot;
  const registry = createTestRegistry({ maxSeries: 10 });
  restoreFamily(registry.instrument(jobs), families[0] as SnapshotFamily);
  t.true(registry.counter(jobs).series.size <= 26);
  const sum = [...registry.counter(jobs).series].reduce((total, { value }) => total + value, 0);
  t.is(sum, 4_950);
});

test('families without a definition are written again unchanged', (t) => {
  const { families } = decodeSnapshot(snapshotOf(filled())) as Snapshot;
  const again = Buffer.concat([
    ...encodeSnapshot({ instruments: [], unclaimed: families, now: 1_764_036_999_000 }),
  ]);
  t.deepEqual((decodeSnapshot(again) as Snapshot).families, families);
});

const anyText = fc.oneof(
  fc.string({ unit: anyCharacter }),
  fc.string(),
  fc.constantFrom(
    '',
    '\\',
    '"',
    '\n',
    '\r\n',
    '\u2028# TYPE x counter',
    '# EOF\n',
    '} 1',
    'a="b",',
    '__proto__',
    'constructor',
    '\ud800',
    '0',
    '{}',
    ',',
  ),
);

test('any label values and numbers are restored exactly (property)', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyText, anyText, fc.double({ min: 0, noNaN: true, noDefaultInfinity: true })), {
          maxLength: 20,
        }),
        fc.array(
          fc.tuple(
            fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e290, max: 1e290 }),
            fc.integer({ min: 1, max: 1e9 }),
          ),
          { maxLength: 20 },
        ),
        (counts, observations) => {
          const from = createTestRegistry();
          for (const [queue, kind, value] of counts) from.counter(jobs).inc({ queue, kind }, value);
          for (const [value, weight] of observations)
            from.histogram(wait).observe({ queue: 'q' }, value, weight);
          const { registry } = restored(snapshotOf(from));
          const numbers = (of: typeof from) =>
            [...of.counter(jobs).series].map((series) => [
              of.counter(jobs).series.valuesOf(series),
              series.value,
            ]);
          return (
            JSON.stringify(numbers(registry)) === JSON.stringify(numbers(from)) &&
            JSON.stringify(readHistogram(registry, wait, { queue: 'q' })) ===
              JSON.stringify(readHistogram(from, wait, { queue: 'q' }))
          );
        },
      ),
      { numRuns: 500 },
    ),
  );
});

test('a snapshot that is truncated at any byte is detected as damaged', (t) => {
  const bytes = snapshotOf(filled());
  for (let length = 0; length < bytes.length; length++)
    t.true('damage' in decodeSnapshot(bytes.subarray(0, length)), `${length} of ${bytes.length} bytes`);
});

test('a snapshot with one changed bit is detected as damaged', (t) => {
  const bytes = snapshotOf(filled());
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
      if (!('damage' in decodeSnapshot(damaged))) t.fail(`bit ${bit} of byte ${at}`);
    }
  }
  t.true(bytes.length * 8 > 10_000, `${bytes.length * 8} cases`);
});

test('inserted, removed, duplicated, moved and random bytes are detected as damage', (t) => {
  const bytes = snapshotOf(filled());
  let cases = 0;
  const isDamage = (changed: Buffer): boolean => {
    cases += 1;
    return changed.equals(bytes) || 'damage' in decodeSnapshot(changed);
  };
  const place = fc.nat({ max: bytes.length });
  fc.assert(
    fc.property(place, place, fc.uint8Array({ maxLength: 300 }), (one, other, put) => {
      const [from, to] = [Math.min(one, other), Math.max(one, other)];
      const [before, middle, after] = [bytes.subarray(0, from), bytes.subarray(from, to), bytes.subarray(to)];
      return (
        isDamage(Buffer.concat([before, put, after])) &&
        isDamage(Buffer.concat([before, put, middle, after])) &&
        isDamage(Buffer.concat([before, middle, middle, after])) &&
        isDamage(Buffer.concat([middle, before, after])) &&
        isDamage(Buffer.from(put)) &&
        isDamage(Buffer.concat([bytes, put])) &&
        isDamage(Buffer.concat([bytes, bytes.subarray(from)]))
      );
    }),
    { numRuns: 1_500 },
  );
  t.true(cases > 10_000, `${cases} cases`);
});

test('infinite values are restored; a sum that is NaN restarts', async (t) => {
  const from = createTestRegistry();
  for (const value of [1.7e308, 1.7e308]) from.counter(jobs).inc({ queue: 'huge', kind: '' }, value);
  from.histogram(wait).observe({ queue: 'odd' }, 1.7e308, 1e9);
  from.histogram(wait).observe({ queue: 'odd' }, -1.7e308, 1e9);
  const { registry } = restored(snapshotOf(from));
  t.is(readValue(registry, jobs, { queue: 'huge', kind: '' }), Number.POSITIVE_INFINITY);
  const odd = readHistogram(registry, wait, { queue: 'odd' });
  t.deepEqual([odd?.count, odd?.sum], [2e9, 0]);
  t.regex(await readText(registry), /^jobs_total\{queue="huge"\} \+Inf$/m);
});

test('the shape in a snapshot is the type, the labels and the buckets of an instrument', (t) => {
  const registry = createTestRegistry();
  t.is(durableShape(registry.counter(jobs)), 'counter {queue, kind}');
  t.is(durableShape(registry.histogram(wait)), 'histogram {queue} le 0.5, 2');
});

test('samples are read as written', (t) => {
  const { families } = decodeSnapshot(snapshotOf(filled('a"\\\n,}'))) as Snapshot;
  const [first] = [...samplesOf(families[0] as SnapshotFamily)];
  t.is(first?.name, 'jobs_total');
  t.deepEqual(
    [...(first?.labels ?? [])],
    [
      ['queue', 'a"\\\n,}'],
      ['kind', 'x'],
    ],
  );
  t.is(first?.value, 5);
});
