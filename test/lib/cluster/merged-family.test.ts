/** Merging families of several processes: aggregators, label values, buckets, quantiles and conflicts. */
import test from 'ava';
import fc from 'fast-check';
import * as promClient from 'prom-client';
import { readFamilies, writtenFamily } from '../../../lib/cluster/cluster-messages.js';
import { type MergeOptions, mergedFamily } from '../../../lib/cluster/merged-family.js';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../../lib/define.js';
import type { Aggregator, MetricDefinition } from '../../../lib/definition.js';
import { type Family, familyOf, samplesOf } from '../../../lib/family.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry } from '../../../lib/testing.js';

type Registry = ReturnType<typeof createTestRegistry>;

/** The family of a definition in a new registry, after a recording. */
function family(definition: MetricDefinition, record: (registry: Registry) => void): Family {
  const registry = createTestRegistry();
  registry.instrument(definition);
  record(registry);
  return familyOf(registry.instrument(definition));
}

/** Samples as text: name, labels in their order, value. */
function merged(families: [Family, ...Family[]], options?: MergeOptions): string[] {
  return [...samplesOf(mergedFamily(families, options))].map(({ metricName, labels, value }) => {
    const shown = Object.entries(labels).map(([name, text]) => `${name}=${text}`);
    return `${metricName ?? families[0].name}{${shown.join(',')}} ${value}`;
  });
}

for (const [aggregator, expected] of [
  ['sum', 9],
  ['first', 3],
  ['min', 2],
  ['max', 4],
  ['average', 3],
] as const satisfies readonly (readonly [Aggregator, number])[]) {
  test(`gauges are merged by ${aggregator}`, (t) => {
    const depth = defineGauge({ name: 'depth', help: 'Depth.', aggregator });
    const families = [3, 2, 4].map((value) => family(depth, (registry) => registry.gauge(depth).set(value)));
    t.deepEqual(merged(families as [Family, ...Family[]]), [`depth{} ${expected}`]);
  });
}

test('an average includes only the processes that have the series', (t) => {
  const depth = defineGauge({
    name: 'depth',
    help: 'Depth.',
    labels: { queue: label() },
    aggregator: 'average',
  });
  const [a, b] = [
    family(depth, (registry) => registry.gauge(depth).set({ queue: 'a' }, 2)),
    family(depth, (registry) => {
      registry.gauge(depth).set({ queue: 'a' }, 4);
      registry.gauge(depth).set({ queue: 'b' }, 7);
    }),
  ];
  t.deepEqual(merged([a, b]), ['depth{queue=a} 3', 'depth{queue=b} 7']);
});

test('histograms are summed per bucket, with `le` as the last label', (t) => {
  const seconds = defineHistogram({
    name: 'x_seconds',
    help: 'X.',
    labels: { z: label(), a: label() },
    buckets: [1, 2],
  });
  const observed = (...values: number[]): Family =>
    family(seconds, (registry) => {
      for (const value of values) registry.histogram(seconds).observe({ z: '1', a: '2' }, value);
    });
  t.deepEqual(merged([observed(0.5, 1.5), observed(1.5, 9)]), [
    'x_seconds_bucket{z=1,a=2,le=1} 1',
    'x_seconds_bucket{z=1,a=2,le=2} 3',
    'x_seconds_bucket{z=1,a=2,le=+Inf} 4',
    'x_seconds_sum{z=1,a=2} 12.5',
    'x_seconds_count{z=1,a=2} 4',
  ]);
});

test('quantiles are exposed if only one process has them', (t) => {
  const size = defineSummary({
    name: 'size_bytes',
    help: 'Size.',
    labels: { kind: label() },
    quantiles: [0.5],
  });
  const one = family(size, (registry) => {
    registry.summary(size).observe({ kind: 'a' }, 10);
    registry.summary(size).observe({ kind: 'b' }, 1);
  });
  const other = family(size, (registry) => registry.summary(size).observe({ kind: 'a' }, 30));
  t.deepEqual(merged([one, other]), [
    'size_bytes_sum{kind=a} 40',
    'size_bytes_count{kind=a} 2',
    'size_bytes{kind=b,quantile=0.5} 1',
    'size_bytes_sum{kind=b} 1',
    'size_bytes_count{kind=b} 1',
  ]);
});

test('similar label values stay separate, and the order of labels does not matter', (t) => {
  const registry = new promClient.Registry();
  const calls = new promClient.Counter({
    name: 'c',
    help: 'C.',
    labelNames: ['a', 'b'],
    registers: [registry],
  });
  calls.inc({ a: '1', b: '2' });
  const other = defineCounter({
    name: 'c',
    help: 'C.',
    labels: { b: label(), a: label() },
    lint: { allow: ['counter-total'], why: 'A test.' },
  });
  const ours = family(other, (own) => {
    own.counter(other).inc({ a: '1', b: '2' });
    own.counter(other).inc({ a: '1,b:2', b: '' });
    own.counter(other).inc({ a: '1","b","2', b: '' });
  });
  const theirs: Family = {
    ...ours,
    labels: ['a', 'b'],
    series: [{ values: ['1', '2'], numbers: [5] }],
  };
  t.deepEqual(merged([ours, theirs]), ['c{b=2,a=1} 6', 'c{a=1,b:2} 1', 'c{a=1","b","2} 1']);
});

test('sums equal those of a single process for any label values (property)', (t) => {
  const calls = defineCounter({ name: 'calls_total', help: 'C.', labels: { a: label(), b: label() } });
  const recordings = fc.array(
    fc.record({ worker: fc.nat(3), a: fc.string(), b: fc.string(), value: fc.nat(100) }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(recordings, (all) => {
      const record = (registry: Registry, of: typeof all): void => {
        for (const { a, b, value } of of) registry.counter(calls).inc({ a, b }, value);
      };
      const families = [0, 1, 2, 3].map((worker) =>
        // As they arrive from another process.
        readFamilies(
          JSON.parse(
            JSON.stringify([
              writtenFamily(
                family(calls, (registry) =>
                  record(
                    registry,
                    all.filter((each) => each.worker === worker),
                  ),
                ),
              ),
            ]),
          ),
        ),
      );
      const sum = merged(families.flat() as [Family, ...Family[]]).sort();
      t.deepEqual(sum, merged([family(calls, (registry) => record(registry, all))]).sort());
    }),
  );
});

test('the order of processes changes no number, and folding no total (property)', (t) => {
  const calls = defineCounter({ name: 'calls_total', help: 'C.', labels: { a: label(), b: label() } });
  const text = fc.constantFrom('', 'x', 'y', 'z', 'other');
  const recordings = fc.array(fc.tuple(fc.oneof(text, fc.string()), text, fc.nat(100)), { maxLength: 30 });
  fc.assert(
    fc.property(fc.array(recordings, { minLength: 1, maxLength: 5 }), (processes) => {
      const families = processes.map((recorded) =>
        family(calls, (registry) => {
          for (const [a, b, value] of recorded) registry.counter(calls).inc({ a, b }, value);
        }),
      );
      const [all, reversed] = [families, [...families].reverse()] as [Family, ...Family[]][];
      if (all === undefined || reversed === undefined) return t.fail();
      t.deepEqual(merged(all).sort(), merged(reversed).sort());
      const totalOf = ({ series }: Family): number =>
        series.reduce((sum, { numbers: [number = 0] }) => sum + number, 0);
      const folded = mergedFamily(all, { maxSeries: 3 });
      t.is(totalOf(folded), totalOf(mergedFamily(all)));
      t.true(folded.series.length <= 3 + 16 + 1);
    }),
  );
});

test('numbers that JSON does not know arrive', (t) => {
  const registry = new promClient.Registry();
  const odd = new promClient.Gauge({ name: 'odd', help: 'Odd.', labelNames: ['a'], registers: [registry] });
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300])
    odd.set({ a: String(value) }, value);
  return odd.get().then((snapshot) => {
    const written = JSON.parse(JSON.stringify([writtenFamily(familyOf(snapshot as never))]));
    t.deepEqual(merged(readFamilies(written) as [Family]), [
      'odd{a=NaN} NaN',
      'odd{a=Infinity} Infinity',
      'odd{a=-Infinity} -Infinity',
      'odd{a=1e+300} 1e+300',
    ]);
  });
});

test('a third-party histogram and one of ours are merged in either order', async (t) => {
  const registry = new promClient.Registry();
  const theirs = new promClient.Histogram({
    name: 'x_seconds',
    help: 'X.',
    labelNames: ['a'],
    buckets: [1, 2],
    registers: [registry],
  });
  theirs.observe({ a: 'q' }, 1.5);
  const seconds = defineHistogram({ name: 'x_seconds', help: 'X.', labels: { a: label() }, buckets: [1, 2] });
  const ours = family(seconds, (own) => own.histogram(seconds).observe({ a: 'q' }, 0.5));
  const thirdParty = familyOf((await theirs.get()) as never);
  const expected = [
    'x_seconds_bucket{a=q,le=1} 1',
    'x_seconds_bucket{a=q,le=2} 2',
    'x_seconds_bucket{a=q,le=+Inf} 2',
    'x_seconds_sum{a=q} 2',
    'x_seconds_count{a=q} 2',
  ];
  t.deepEqual(merged([ours, thirdParty]), expected);
  t.deepEqual(merged([thirdParty, ours]).sort(), [...expected].sort());
});

test('for a different type or buckets the first definition is used, and the conflict is reported', (t) => {
  const reported: string[] = [];
  const onConflict = ({ message }: Error): unknown => reported.push(message);
  const counter = defineCounter({ name: 'x_total', help: 'X.' });
  const gauge = { ...family(counter, () => {}), type: 'gauge' as const };
  t.deepEqual(
    merged([family(counter, (registry) => registry.counter(counter).inc(2)), gauge], { onConflict }),
    ['x_total{} 2'],
  );
  const [one, two] = [[1], [1, 2]].map((buckets) =>
    defineHistogram({ name: 'y_seconds', help: 'Y.', buckets }),
  );
  if (one === undefined || two === undefined) return t.fail();
  t.is(merged([family(one, () => {}), family(two, () => {})], { onConflict }).length, 4);
  t.deepEqual(reported, [
    'a process has it as a gauge, and another as a counter; the first wins',
    'a process has buckets [1, 2, Infinity], and another [1, Infinity]; the first wins',
  ]);
});

test('constant labels are added to series without them, and equal series are merged', (t) => {
  const calls = defineCounter({ name: 'calls_total', help: 'C.', labels: { app: label(), a: label() } });
  const one = family(calls, (registry) => registry.counter(calls).inc({ app: '', a: 'x' }));
  const other = family(calls, (registry) => registry.counter(calls).inc({ app: 'tamma', a: 'x' }, 2));
  const constant = new Map([
    ['app', 'tamma'],
    ['zone', 'b'],
  ]);
  t.deepEqual(merged([one, other], { constant }), ['calls_total{app=tamma,a=x,zone=b} 3']);
});

test('beyond a budget label values become `other`, and totals are exact', (t) => {
  const calls = defineCounter({ name: 'calls_total', help: 'C.', labels: { a: label() } });
  let kept: Family | undefined;
  for (let worker = 0; worker < 50; worker++) {
    const one = family(calls, (registry) => registry.counter(calls).inc({ a: String(worker) }, worker));
    kept = mergedFamily(kept === undefined ? [one] : [kept, one], { maxSeries: 10 });
  }
  const numbers = kept?.series.map(({ values: [value], numbers: [number] }) => [value, number]) ?? [];
  t.is(numbers.length, 11);
  t.deepEqual(numbers.at(-1), [
    'other',
    Array.from({ length: 40 }, (_, index) => index + 10).reduce((a, b) => a + b),
  ]);
});

test('past a budget only the label with the most values is folded', (t) => {
  const calls = defineCounter({
    name: 'calls_total',
    help: 'C.',
    labels: { client: label(), method: label() },
  });
  const many = family(calls, (registry) => {
    for (let client = 0; client < 200; client++)
      registry.counter(calls).inc({ client: String(client), method: client % 2 === 0 ? 'GET' : 'POST' });
  });
  const { series } = mergedFamily([many], { maxSeries: 20 });
  t.deepEqual(
    series.slice(20).map(({ values, numbers }) => [...values, ...numbers]),
    [
      ['other', 'GET', 90],
      ['other', 'POST', 90],
    ],
  );
});

test('an aggregator that no process can know is a sum', (t) => {
  const depth = defineGauge({ name: 'depth', help: 'Depth.' });
  const families = [1, 2].map((value) => ({
    ...family(depth, (registry) => registry.gauge(depth).set(value)),
    aggregator: 'constructor' as Aggregator,
  }));
  t.deepEqual(merged(families as [Family, ...Family[]]), ['depth{} 3']);
});

test('a third-party histogram without series exposes no buckets and causes no conflict', (t) => {
  const some = defineHistogram({
    name: 'gc_seconds',
    help: 'Pauses.',
    labels: { kind: label() },
    buckets: [1, 2],
  });
  const full = family(some, (registry) => registry.histogram(some).observe({ kind: 'major' }, 1.5));
  const empty: Family = { ...full, parts: [], series: [] };
  const conflicts: Error[] = [];
  const onConflict = (error: Error): void => {
    conflicts.push(error);
  };
  const expected = merged([full]);
  for (const families of [
    [empty, full],
    [full, empty],
    [empty, empty],
  ] as [Family, ...Family[]][])
    t.deepEqual(merged(families, { onConflict }), families.includes(full) ? expected : []);
  t.deepEqual(conflicts, []);
});
