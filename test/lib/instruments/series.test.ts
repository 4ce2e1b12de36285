import test from 'ava';
import fc from 'fast-check';
import { Counter as PromCounter, Registry } from 'prom-client';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import { defineCounter } from '../../../lib/define.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readSamples, readText, readValue } from '../../../lib/testing.js';
import { anyCharacter } from '../../helpers/any-character.js';
import { freezeDate } from '../../helpers/freeze-date.js';
import { type ParsedSample, parseText } from '../../helpers/parse-text.js';

const calls = defineCounter({ name: 'calls_total', help: 'Calls.', labels: { a: label(), b: label() } });

test('label sets with the same concatenated values are separate series', (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(calls);
  counter.inc({ a: '1,b:2', b: '' });
  counter.inc({ a: '1', b: '2' });
  t.is(counter.series.size, 2);
});

test('numbers and booleans are stored as strings, and an empty value is an absent label', (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(calls);
  counter.inc({ a: 200, b: true });
  counter.inc({ a: '200', b: 'true' });
  counter.inc({ a: 'x', b: '' });
  counter.labels({ a: 'x' }).inc();
  counter.labels({ a: 'x', b: undefined as never }).inc();
  t.is(readValue(registry, calls, { a: '200', b: 'true' }), 2);
  t.is(readValue(registry, calls, { a: 'x' }), 3);
  t.is(counter.series.size, 2);
});

test('the order in which labels are given does not matter', (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(calls);
  counter.inc({ a: '1', b: '2' });
  counter.inc({ b: '2', a: '1' });
  t.is(readValue(registry, calls, { a: '1', b: '2' }), 2);
});

test('existing series are found with reordered or missing labels, and unknown labels are errors', (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(calls);
  counter.inc({ a: '1', b: '2' });
  counter.labels({ b: '2' }).inc();
  for (let time = 0; time < 3; time++) {
    counter.inc({ b: '2', a: '1' });
    counter.labels({ b: '2' }).inc();
    counter.labels({ b: '2', a: undefined as never }).inc();
    t.throws(() => counter.inc({ b: '2', a: '1', c: '3' } as never), { code: 'ERR_METRICS_UNKNOWN_LABEL' });
    t.throws(() => counter.inc({ b: '2', c: '3' } as never), { code: 'ERR_METRICS_UNKNOWN_LABEL' });
  }
  t.is(readValue(registry, calls, { a: '1', b: '2' }), 4);
  t.is(readValue(registry, calls, { b: '2' }), 7);
  t.is(counter.series.size, 2);
});

test('mutating a label object after the call changes no series', async (t) => {
  const registry = createTestRegistry();
  const labels = { a: '1', b: '2' };
  const bound = registry.counter(calls).with(labels);
  labels.a = 'changed';
  bound.inc();
  t.deepEqual(await readSamples(registry, calls), [{ labels: { a: '1', b: '2' }, value: 1 }]);
});

test('a value outside a closed set is `other`', (t) => {
  const registry = createTestRegistry();
  const closed = defineCounter({
    name: 'ends_total',
    help: 'Ends.',
    labels: { outcome: label('success', 'failure') },
  });
  registry.counter(closed).inc({ outcome: 'sucess' as 'success' });
  registry.counter(closed).inc({ outcome: 'success' });
  t.is(readValue(registry, closed, { outcome: 'other' as 'success' }), 1);
  t.is(readValue(registry, closed, { outcome: 'success' }), 1);
});

test('an unknown label and an invalid value are errors and create no series', (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(calls);
  t.throws(() => counter.inc({ a: '1', b: '2', c: '3' } as never), {
    code: 'ERR_METRICS_UNKNOWN_LABEL',
    message: 'Unknown label `c` of metric `calls_total`: expected some of a, b, received ["a", "b", "c"].',
  });
  for (const value of [Symbol('s'), {}, () => 'x', []]) {
    t.throws(() => counter.inc({ a: '1', b: value as never }), {
      code: 'ERR_METRICS_INVALID_LABEL_VALUE',
      message: /label `b` of metric `calls_total`/,
    });
  }
  t.throws(() => counter.labels('1'), {
    code: 'ERR_METRICS_LABEL_COUNT',
    message: /expected 2 \(a, b\), received 1: \["1"\]/,
  });
  t.throws(() => counter.labels('1', '2', '3'), { code: 'ERR_METRICS_LABEL_COUNT' });
  counter.inc({ a: '1', b: '2' });
  t.throws(() => counter.inc({ a: '1', b: '2', c: '3' } as never), { code: 'ERR_METRICS_UNKNOWN_LABEL' });
  t.is(readValue(registry, calls, { a: '1', b: '2' }), 1);
  t.is(counter.series.size, 1);
});

test('a value outside a closed set is counted and reported by its label; `other` and open labels are not', (t) => {
  const registry = createTestRegistry();
  const ends = defineCounter({
    name: 'ends_total',
    help: 'Ends.',
    labels: { id: label(), outcome: label('success', 'failure') },
  });
  const counter = registry.counter(ends);
  for (const outcome of ['sucess', 'other', 'success']) counter.inc({ id: 'other', outcome } as never);
  const folded = { metric: 'ends_total', label: 'outcome' };
  t.is(readValue(registry, catalogue.metricsSeriesFolded, folded), 1);
  t.is(readValue(registry, catalogue.metricsSeriesFolded, { ...folded, label: 'id' }), undefined);
});

test('a removed series keeps its label values, and is removed once', (t) => {
  const registry = createTestRegistry();
  const { series } = registry.counter(calls);
  const [first, second] = ['1', '2'].map((a) => registry.counter(calls).with({ a, b: 'x' }));
  if (first === undefined || second === undefined) return t.fail();
  series.remove(first);
  series.remove(first);
  t.is(series.size, 1);
  t.deepEqual(series.valuesOf(first), ['1', 'x']);
  t.deepEqual(series.valuesOf(second), ['2', 'x']);
});

test.serial('a series that is made again was created then', (t) => {
  const advance = freezeDate(t, Date.UTC(2024, 0, 1));
  const counter = createTestRegistry().counter(calls);
  const bound = counter.with({ a: '1', b: '2' });
  advance(90_500);
  counter.reset();
  bound.inc();
  t.is(bound.created, Date.UTC(2024, 0, 1) / 1_000 + 90);
});

test('a reading gives no label values twice, even if a series is made again while it is read', (t) => {
  const counter = createTestRegistry().counter(calls);
  for (const a of ['1', '2', '3']) counter.inc({ a, b: 'x' });
  const read: string[] = [];
  for (const series of counter.series.read()) {
    read.push(counter.series.valuesOf(series).join(' '));
    counter.remove('1', 'x');
    counter.inc({ a: '1', b: 'x' });
  }
  t.deepEqual(read, ['1 x', '2 x', '3 x']);
  t.is([...counter.series.read()].length, 3, 'the next reading has it');
});

test('a removed series is not exposed, and a bound one restarts from 0', async (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(calls);
  const bound = counter.with({ a: '1', b: '2' });
  bound.inc(5);
  counter.remove({ a: '1', b: '2' });
  t.deepEqual(await readSamples(registry, calls), []);
  bound.inc();
  t.is(readValue(registry, calls, { a: '1', b: '2' }), 1);
  counter.remove('1', '2');
  counter.inc({ a: '1', b: '2' }, 10);
  bound.inc();
  t.is(
    readValue(registry, calls, { a: '1', b: '2' }),
    11,
    'two bound references to a removed series share the new one',
  );
  counter.remove('no', 'such');
  t.is(counter.series.size, 1);
});

test('reset removes every series, and bound series stay usable', async (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(calls);
  const bound = ['1', '2', '3'].map((a) => counter.with({ a, b: 'x' }));
  for (const series of bound) series.inc();
  counter.reset();
  t.deepEqual(await readSamples(registry, calls), []);
  for (const series of bound) series.inc(2);
  t.deepEqual(
    (await readSamples(registry, calls)).map(({ value }) => value),
    [2, 2, 2],
  );
});

test('series can be created and removed during an iteration', (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(calls);
  for (let a = 0; a < 10; a++) for (let b = 0; b < 10; b++) counter.inc({ a, b });
  let seen = 0;
  for (const series of counter.series) {
    seen++;
    counter.series.remove(series);
    if (seen === 5) counter.inc({ a: 'new', b: 'new' });
  }
  t.true(seen === 100 || seen === 101);
});

// ---- cardinality ------------------------------------------------------------------------------------------------

test('beyond its budget a metric folds the label with the most values, and totals stay exact', async (t) => {
  const registry = createTestRegistry({ maxSeries: 20 });
  const counter = registry.counter(calls);
  for (let a = 0; a < 1000; a++) counter.inc({ a, b: a % 2 });
  const samples = await readSamples(registry, calls);
  t.is(
    samples.reduce((sum, { value }) => sum + value, 0),
    1000,
  );
  t.is(samples.length, 22);
  t.is(readValue(registry, calls, { a: 'other', b: '0' }), 490);
  t.is(readValue(registry, calls, { a: 'other', b: '1' }), 490);
  t.is(registry.warnings.length, 1);
  t.regex(
    registry.warnings[0]?.message ?? '',
    /Metric `calls_total` is past its budget of 20: new values of label `a` .* `other`/,
  );
});

test('the label with the most values is folded, wherever it is declared', (t) => {
  const registry = createTestRegistry({ maxSeries: 20 });
  const counter = registry.counter(calls);
  for (let b = 0; b < 100; b++) counter.inc({ a: b % 2, b });
  t.is(readValue(registry, calls, { a: '0', b: 'other' }), 40);
  t.is(readValue(registry, calls, { a: '1', b: 'other' }), 40);
});

test('a closed set is folded last, since it cannot grow', (t) => {
  const registry = createTestRegistry({ maxSeries: 2 });
  const closed = defineCounter({
    name: 'ends_total',
    help: 'Ends.',
    labels: { outcome: label('success', 'failure'), id: label() },
  });
  const counter = registry.counter(closed);
  for (const outcome of ['success', 'failure'] as const) counter.inc({ outcome, id: 1 });
  counter.inc({ outcome: 'success', id: 2 });
  t.is(readValue(registry, closed, { outcome: 'success', id: 'other' }), 1);
});

test('which label is folded is decided anew when the budget was free in between', (t) => {
  const registry = createTestRegistry({ maxSeries: 20 });
  const counter = registry.counter(calls);
  for (let a = 0; a < 40; a++) counter.inc({ a, b: 'x' });
  counter.reset();
  for (let b = 0; b < 40; b++) counter.inc({ a: 'x', b });
  t.is(readValue(registry, calls, { a: 'x', b: 'other' }), 20);
});

for (const { maxSeries, more } of [
  { maxSeries: 20, more: 16 },
  { maxSeries: 200, more: 20 },
]) {
  test(`${more} folded series may exceed a budget of ${maxSeries}, so that one label does not fold the others`, (t) => {
    const registry = createTestRegistry({ maxSeries });
    const counter = registry.counter(calls);
    for (let a = 0; a < maxSeries; a++) counter.inc({ a, b: 'first' });
    for (let b = 0; b < more; b++) counter.inc({ a: 'new', b });
    t.is(readValue(registry, calls, { a: 'other', b: String(more - 1) }), 1);
    t.is(counter.series.size, maxSeries + more);
    counter.inc({ a: 'new', b: 'one too many' });
    counter.inc({ a: 'new', b: 'another' });
    t.is(readValue(registry, calls, { a: 'other', b: 'other' }), 2);
    t.is(counter.series.size, maxSeries + more + 1);
  });
}

test('a label beyond its own limit is folded even if the metric has capacity', async (t) => {
  const registry = createTestRegistry();
  const limited = defineCounter({
    name: 'limited_total',
    help: 'Limited.',
    labels: { model: label({ limit: 3 }), kind: label() },
  });
  const counter = registry.counter(limited);
  for (let model = 0; model < 10; model++) counter.inc({ model, kind: `kind-${model % 4}` });
  counter.inc({ model: 0, kind: 'new' });
  const models = new Set((await readSamples(registry, limited)).map(({ labels }) => labels.model));
  t.deepEqual([...models], ['0', '1', '2', 'other']);
  t.is(readValue(registry, limited, { model: '0', kind: 'new' }), 1, 'a known value is never folded');
  t.regex(registry.warnings[0]?.message ?? '', /budget of 3: new values of label `model`/);
  t.is(readValue(registry, limited, { model: 'other', kind: 'kind-3' }), 2, 'folded values share a series');
});

test('absent values and `other` do not count against the limit of a label', (t) => {
  const registry = createTestRegistry();
  const limited = defineCounter({
    name: 'limited_total',
    help: 'Limited.',
    labels: { kind: label(), who: label({ limit: 2 }) },
  });
  const counter = registry.counter(limited);
  for (const who of ['', 'other', 'a', 'b', '', 'other']) counter.inc({ kind: 'x', who });
  for (const who of ['', 'a', 'b', 'other'])
    t.true((readValue(registry, limited, { kind: 'x', who }) ?? 0) > 0);
  t.is(registry.warnings.length, 0);
  counter.inc({ kind: 'x', who: 'c' });
  t.is(readValue(registry, limited, { kind: 'x', who: 'other' }), 3, 'other labels are kept');
  t.is(registry.warnings.length, 1);
});

test('a budget in the definition overrides that of the registry', (t) => {
  const registry = createTestRegistry({ maxSeries: 5 });
  const roomy = registry.counter(
    defineCounter({ name: 'roomy_total', help: 'Roomy.', labels: { a: label() }, maxSeries: 50 }),
  );
  for (let a = 0; a < 50; a++) roomy.inc({ a });
  t.is(roomy.series.size, 50);
  t.is(registry.warnings.length, 0);
});

test('any sequence of labels stays within the budget plus a tenth, and the sum is exact (property)', (t) => {
  const property = fc.property(
    fc.integer({ min: 1, max: 60 }),
    fc.array(fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 200 })), {
      maxLength: 500,
    }),
    (maxSeries, calledWith) => {
      const counter = createTestRegistry({ maxSeries }).counter(calls);
      for (const [a, b] of calledWith) counter.inc({ a, b });
      let sum = 0;
      for (const series of counter.series) sum += series.value;
      return (
        sum === calledWith.length &&
        counter.series.size <= maxSeries + Math.max(16, Math.ceil(maxSeries / 10)) + 1
      );
    },
  );
  t.notThrows(() => fc.assert(property));
});

// ---- compared with prom-client ------------------------------------------------------------------------------------------

const hostile = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.string({ unit: fc.constantFrom('"', '\\', '\n', ',', '{', '}', '=', ' ', 'n', 'a') }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    '\\n',
    '\\\n',
    '"',
    '\r',
    '\t',
    '\u2028',
    '\u0000',
    '🦊',
    '%s',
    '$&',
  ),
  fc.integer().map(String),
);

test('any label values are exposed as distinct series, as prom-client does', async (t) => {
  const property = fc.asyncProperty(
    fc.array(fc.tuple(hostile, hostile), { minLength: 1, maxLength: 20 }),
    async (pairs) => {
      const registry = createTestRegistry();
      for (const [index, [a, b]] of pairs.entries()) registry.counter(calls).inc({ a, b }, index + 1);
      const ours = parseText(await readText(registry));

      const totals = new Map<string, number>();
      for (const [index, pair] of pairs.entries())
        totals.set(JSON.stringify(pair), (totals.get(JSON.stringify(pair)) ?? 0) + index + 1);
      const theirs: ParsedSample[] = [];
      for (const [pair, total] of totals) {
        // A registry for each set: prom-client merges label sets whose concatenation is equal.
        const single = new Registry();
        const [a, b] = JSON.parse(pair) as [string, string];
        new PromCounter({
          name: 'calls_total',
          help: 'Calls.',
          labelNames: ['a', 'b'],
          registers: [single],
        }).inc({ a, b }, total);
        theirs.push(...parseText(await single.metrics()));
      }
      t.deepEqual(sorted(ours), sorted(theirs));
    },
  );
  await t.notThrowsAsync(fc.assert(property, { numRuns: 200 }));
});

function sorted(samples: readonly ParsedSample[]): string[] {
  return samples.map((sample) => JSON.stringify(sample)).sort();
}

test('removed label values no longer count against the limit', (t) => {
  const registry = createTestRegistry();
  const limited = defineCounter({
    name: 'limited_total',
    help: 'Limited.',
    labels: { who: label({ limit: 2 }) },
  });
  const counter = registry.counter(limited);
  const bound = counter.with({ who: 'a' });
  counter.inc({ who: 'b' });
  counter.removeWhere({ who: 'a' });
  counter.inc({ who: 'c' });
  t.is(readValue(registry, limited, { who: 'c' }), 1);
  t.is(registry.warnings.length, 0);
  bound.inc();
  t.is(readValue(registry, limited, { who: 'other' }), 1, 'a value that returns finds its slot taken');
  t.is(readValue(registry, limited, { who: 'a' }), undefined);
});

test('the unlabelled series falls back to `other` only while the budget is full', (t) => {
  const registry = createTestRegistry({ maxSeries: 1 });
  const one = defineCounter({ name: 'one_total', help: 'One.', labels: { user: label() } });
  const counter = registry.counter(one);
  const folded = () =>
    readValue(registry, catalogue.metricsSeriesFolded, { metric: 'one_total', label: 'user' });
  counter.inc({ user: 'a' });
  counter.inc({ user: 'b' });
  counter.inc({ user: 'b' });
  t.is(folded(), 2);
  counter.reset();
  counter.inc();
  t.is(readValue(registry, one, {}), 1);
});

test('an absent label stays absent beyond the budget', (t) => {
  const registry = createTestRegistry({ maxSeries: 20 });
  const counter = registry.counter(calls);
  for (let a = 0; a < 20; a++) counter.inc({ a, b: 'x' });
  counter.inc({ a: '', b: 'y' } as never);
  t.is(readValue(registry, calls, { b: 'other' } as never), 1);
  t.is(readValue(registry, calls, { a: 'other', b: 'y' }), undefined);
});

test('series counts and foldings are reported with any budget', async (t) => {
  const registry = createTestRegistry({ maxSeries: 3 });
  const definitions = Array.from({ length: 10 }, (_, index) =>
    defineCounter({ name: `m${index}_total`, help: 'One of ten.', labels: { a: label() } }),
  );
  for (const definition of definitions) for (let a = 0; a < 9; a++) registry.counter(definition).inc({ a });
  const folded = await readSamples(registry, catalogue.metricsSeriesFolded);
  t.is(folded.length, 10);
  t.true(folded.every(({ value, labels }) => value === 6 && labels.metric !== 'other'));
});

test('a value outside a closed set leaves the values before it as they are', (t) => {
  const registry = createTestRegistry();
  const definition = defineCounter({
    name: 'calls_total',
    help: 'Calls.',
    labels: { queue: label(), region: label('eu', 'us'), zone: label('a', 'b') },
  });
  registry.counter(definition).inc({ queue: '7', region: 'eu', zone: 'c' } as never);
  t.is(readValue(registry, definition, { queue: '7', region: 'eu', zone: 'other' } as never), 1);
});

test('of several values only those outside their closed set are reported', (t) => {
  const registry = createTestRegistry();
  const definition = defineCounter({
    name: 'calls_total',
    help: 'Calls.',
    labels: { open: label(), known: label('a'), other: label('a'), unknown: label('a') },
  });
  registry.counter(definition).inc({ open: 'other', known: 'a', other: 'other', unknown: 'b' } as never);
  const folded = ['open', 'known', 'other', 'unknown'].map((name) =>
    readValue(registry, catalogue.metricsSeriesFolded, { metric: 'calls_total', label: name }),
  );
  t.deepEqual(folded, [undefined, undefined, undefined, 1]);
});

test('which label is folded stays the same until the budget is free again', (t) => {
  const registry = createTestRegistry({ maxSeries: 4 });
  const counter = registry.counter(calls);
  for (let a = 0; a < 4; a++) counter.inc({ a, b: 'first' });
  for (let b = 0; b < 3; b++) counter.inc({ a: 'new', b });
  t.is(counter.series.size, 7);
  // `b` has more values from now on.
  for (let a = 0; a < 3; a++) {
    counter.remove({ a, b: 'first' });
    counter.inc({ a: `after ${a}`, b: `after ${a}` });
    t.is(readValue(registry, calls, { a: 'other', b: `after ${a}` }), 1);
    counter.remove({ a: 'other', b: `after ${a}` });
  }
  t.is(counter.series.size, 4);
});

test('a removed series leaves those beside it, and no empty branches', (t) => {
  const definition = defineCounter({
    name: 'calls_total',
    help: 'Calls.',
    labels: { a: label(), b: label(), c: label() },
  });
  const registry = createTestRegistry();
  const counter = registry.counter(definition);
  counter.inc({ a: '1', b: '1', c: '1' });
  counter.inc({ a: '1', b: '2', c: '1' });
  const kept = counter.with({ a: '2', b: '1', c: '1' });
  counter.remove('1', '1', '1');
  t.is(readValue(registry, definition, { a: '1', b: '2', c: '1' }), 1);
  counter.remove('1', '2', '1');
  const root = kept.branch?.parent?.parent;
  t.deepEqual([...(root?.many?.keys() ?? [])], ['2']);
});

test('a series that is added while series are read does not end the reading', (t) => {
  const counter = createTestRegistry().counter(calls);
  counter.inc({ a: '1', b: '1' });
  const read: string[][] = [];
  for (const series of counter.series.read()) {
    read.push(counter.series.valuesOf(series));
    if (read.length === 1) counter.inc({ a: '2', b: '1' });
  }
  t.deepEqual(read, [
    ['1', '1'],
    ['2', '1'],
  ]);
});

test('a series that is removed and another that is added are two changes', (t) => {
  const { series } = createTestRegistry().counter(calls);
  const before = series.readings.changes;
  series.remove(series.at(['1', '1']));
  t.is(series.readings.changes, before + 2);
});

test('null is the value of an absent label, and no label object', (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(calls);
  counter.inc({ a: '1', b: null } as never);
  t.is(readValue(registry, calls, { a: '1' }), 1);
  const code = 'ERR_METRICS_LABEL_COUNT';
  t.throws(() => counter.labels(null as never), {
    code,
    message: /expected 2 \(a, b\), received 1: \[null\]/,
  });
  t.throws(() => counter.remove(null as never), { code });
});

test('the errors of labels say so if a metric has none', (t) => {
  const counter = createTestRegistry().counter(defineCounter({ name: 'starts_total', help: 'Starts.' }));
  t.throws(() => counter.inc({ a: '1' } as never), { message: /expected no labels, received \["a"\]/ });
  t.throws(() => counter.labels('1'), { message: /`starts_total`: expected 0, received 1/ });
  t.deepEqual(
    [...counter.series].map((series) => counter.series.valuesOf(series)),
    [[]],
  );
});

test('beyond the budget, a value that is `other` already is not counted as folded', (t) => {
  const registry = createTestRegistry({ maxSeries: 2 });
  const counter = registry.counter(calls);
  for (const a of ['1', '2']) counter.inc({ a, b: 'x' });
  counter.inc({ a: 'other', b: 'y' });
  t.is(readValue(registry, calls, { a: 'other', b: 'y' }), 1);
  t.is(readValue(registry, catalogue.metricsSeriesFolded, { metric: 'calls_total', label: 'a' }), undefined);
});
