/** What a scrape collects: which metrics it reads, how often, how long it waits for them, and their default labels. */
import test from 'ava';
import { metricsCollectorErrors } from '../../../lib/catalogue/self.js';
import { defineCounter, defineGauge } from '../../../lib/define.js';
import { ByteWriter } from '../../../lib/exposition/byte-writer.js';
import { familyWriter } from '../../../lib/exposition/family-writer.js';
import { protobufFormat } from '../../../lib/exposition/protobuf-format.js';
import {
  collectedMetrics,
  defaultLabels,
  isNamed,
  scrapeChunks,
  scrapeToString,
} from '../../../lib/exposition/scrape.js';
import { selfMetricsOf } from '../../../lib/exposition/self-metrics.js';
import { textFormat } from '../../../lib/exposition/text.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readValue, type TestRegistry } from '../../../lib/testing.js';

const snapshotOf = (name: string) => ({
  name,
  help: 'Theirs.',
  type: 'gauge',
  values: [{ labels: {}, value: 1 }],
});

function register(registry: TestRegistry, name: string, get: () => unknown): void {
  registry.prometheus.registerMetric({ name, get } as never);
}

/** A third-party metric that is ready when `settle` is called. */
function slow(registry: TestRegistry, name = 'slow') {
  const state = { reads: 0, settle: (_value: unknown) => {}, fail: (_error: Error) => {} };
  register(registry, name, () => {
    state.reads += 1;
    return new Promise((resolve, reject) => {
      state.settle = resolve;
      state.fail = reject;
    });
  });
  return state;
}

const failures = (registry: TestRegistry, metric: string) =>
  readValue(registry, metricsCollectorErrors, { metric });

for (const [name, asked, expected] of [
  ['jobs_total', 'jobs_total', true],
  ['jobs_total', 'jobs', true],
  ['jobs', 'jobs_total', true],
  ['jobs_seconds', 'jobs_seconds_bucket', true],
  ['jobs_seconds', 'jobs_seconds_sum', true],
  ['jobs_seconds', 'jobs_seconds_count', true],
  ['jobs_total', 'jobs_total_created', true],
  ['jobs_total', 'job', false],
  ['jobs_total', 'jobs_', false],
  ['jobs_total', 'jobs_total_other', false],
  ['jobs_seconds', 'jobs', false],
  ['jobs_total', '', false],
] as const)
  test(`asking for "${asked}" ${expected ? 'includes' : 'does not include'} the metric ${name}`, (t) => {
    t.is(isNamed({ name }, new Set(['other', asked])), expected);
  });

test('a metric that was not asked for is not read', async (t) => {
  const registry = createTestRegistry();
  let reads = 0;
  register(registry, 'other', () => {
    reads += 1;
    return snapshotOf('other');
  });
  register(registry, 'wanted', () => snapshotOf('wanted'));
  const found = await collectedMetrics(registry, { names: new Set(['wanted']) });
  t.deepEqual([found.map(({ name }) => name), reads], [['wanted'], 0]);
  t.is((await collectedMetrics(registry)).length, 2);
});

test('a metric that does not settle before the deadline is left out and counted; the others are exposed', async (t) => {
  const registry = createTestRegistry();
  const state = slow(registry);
  registry.counter(defineCounter({ name: 'good_total', help: 'Good.' })).inc();
  const text = await scrapeToString(registry, { deadlineSeconds: 0.001 });
  t.regex(text, /^good_total 1$/m);
  t.notRegex(text, /slow/);
  t.is(failures(registry, 'slow'), 1);
  t.regex(registry.warnings[0]?.message ?? '', /did not settle before the deadline/);
  state.settle(undefined);
});

for (const deadlineSeconds of [undefined, 60])
  test(`with ${deadlineSeconds === undefined ? 'no deadline' : 'a deadline of a minute'}, a scrape waits for a metric`, async (t) => {
    const registry = createTestRegistry();
    register(registry, 'slow', async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return snapshotOf('slow');
    });
    t.regex(await scrapeToString(registry, { deadlineSeconds }), /^slow 1$/m);
  });

test('a metric that hangs is read once by all scrapes, and again after it has settled', async (t) => {
  const registry = createTestRegistry();
  const state = slow(registry);
  for (let scrape = 0; scrape < 3; scrape++) await collectedMetrics(registry, { deadlineSeconds: 0.001 });
  t.is(state.reads, 1);
  const waiting = [collectedMetrics(registry), collectedMetrics(registry, { deadlineSeconds: 60 })];
  state.settle(snapshotOf('slow'));
  for (const found of await Promise.all(waiting)) t.deepEqual(found[0]?.family, snapshotOf('slow') as never);
  t.is(state.reads, 1);
  const again = collectedMetrics(registry);
  t.is(state.reads, 2);
  state.fail(new Error('no luck'));
  t.false((await again).some(({ name }) => name === 'slow'));
  t.is(failures(registry, 'slow'), 4);
});

test('a metric that fails after the deadline is read again, and its late error is ignored', async (t) => {
  const registry = createTestRegistry();
  const state = slow(registry);
  await collectedMetrics(registry, { deadlineSeconds: 0.001 });
  state.fail(new Error('too late'));
  await new Promise((resolve) => setImmediate(resolve));
  t.is(failures(registry, 'slow'), 1);
  const again = collectedMetrics(registry);
  t.is(state.reads, 2);
  state.settle(snapshotOf('slow'));
  t.true((await again).some(({ name }) => name === 'slow'));
});

test('an own metric with an asynchronous collect function is exposed with the values that it set', async (t) => {
  const registry = createTestRegistry();
  const gauge = registry.gauge(defineGauge({ name: 'depth', help: 'Depth.' }), {
    collect: async (own) => {
      await new Promise((resolve) => setImmediate(resolve));
      own.set(7);
    },
  });
  t.deepEqual(await collectedMetrics(registry), [{ name: 'depth', family: gauge }]);
  t.regex(await scrapeToString(registry), /^depth 7$/m);
});

test('series that a collect function makes are counted in the same scrape', async (t) => {
  const registry = createTestRegistry();
  selfMetricsOf(registry);
  registry.gauge(defineGauge({ name: 'depth', help: 'Depth.', labels: { queue: label() } }), {
    collect: async (gauge) => {
      await new Promise((resolve) => setImmediate(resolve));
      for (const queue of ['a', 'b', 'c']) gauge.set({ queue }, 1);
    },
  });
  t.regex(await scrapeToString(registry), /^metrics_series\{metric="depth"\} 3$/m);
});

test('a third-party metric whose name cannot be read is counted as unknown', async (t) => {
  const registry = createTestRegistry();
  const get = () => {
    throw new Error('no luck');
  };
  const throwing = {
    get name(): string {
      throw new Error('no name');
    },
    get,
  };
  const scraped = {
    prometheus: { getMetricsAsArray: () => [{ name: 7, get }, throwing, { get }] } as never,
    collectFailed: registry.collectFailed.bind(registry),
  };
  t.is(await scrapeToString(scraped), '');
  t.is(failures(registry, 'unknown'), 3);
});

test('default labels are text, and those that are empty are left out without being counted', (t) => {
  const registry = createTestRegistry();
  const of = (labels: unknown) =>
    defaultLabels({
      prometheus: { _defaultLabels: labels } as never,
      collectFailed: registry.collectFailed.bind(registry),
    });
  t.deepEqual(of({ a: 'x', b: 0, c: false, d: '', e: null, f: undefined }), [
    ['a', 'x'],
    ['b', '0'],
    ['c', 'false'],
  ]);
  for (const none of [undefined, null, 'text', {}]) t.deepEqual(of(none), []);
  t.is(failures(registry, 'default labels'), undefined);
  t.deepEqual(of({ 'a-b': 'x', a: {}, zone: 'eu' }), [['zone', 'eu']]);
  t.is(failures(registry, 'default labels'), 2);
});

test('default labels of the registry replace constant labels of the scrape', async (t) => {
  const registry = createTestRegistry();
  registry.prometheus.setDefaultLabels({ zone: 'eu' });
  registry.gauge(defineGauge({ name: 'level', help: 'Level.' })).set(1);
  t.regex(
    await scrapeToString(registry, { constantLabels: { zone: 'us', host: 'h' } }),
    /^level\{zone="eu",host="h"\} 1$/m,
  );
});

test('small families share a chunk, and a scrape of nothing is one empty chunk', async (t) => {
  const registry = createTestRegistry();
  const chunks = async () => {
    const all: string[] = [];
    for await (const chunk of scrapeChunks(registry)) all.push(chunk.toString());
    return all;
  };
  t.deepEqual(await chunks(), ['']);
  for (const name of ['one', 'two']) registry.gauge(defineGauge({ name, help: 'Level.' })).set(1);
  register(registry, 'three', () => snapshotOf('three'));
  const [only = '', ...others] = await chunks();
  t.deepEqual(only.match(/^# TYPE \w+/gm), ['# TYPE one', '# TYPE two', '# TYPE three']);
  t.deepEqual(others, []);
});

for (const own of [true, false])
  test(`many ${own ? 'own' : 'third-party'} families of half a chunk are written in chunks of at most two of them`, async (t) => {
    const registry = createTestRegistry();
    for (let family = 0; family < 6; family++) {
      const [name, help] = [`level_${family}`, 'x'.repeat(16_000)];
      if (own) registry.gauge(defineGauge({ name, help })).set(1);
      else register(registry, name, () => ({ ...snapshotOf(name), help }));
    }
    const sizes: number[] = [];
    for await (const chunk of scrapeChunks(registry)) sizes.push(chunk.length);
    t.true(Math.max(...sizes) < 64_000);
    t.true(sizes.length >= 2);
    t.true(sizes.slice(0, -1).every((size) => size >= 32_768));
  });

test('many families without series are written in several chunks', async (t) => {
  const registry = createTestRegistry();
  for (let family = 0; family < 6; family++)
    registry.gauge(
      defineGauge({ name: `level_${family}`, help: 'x'.repeat(16_000), labels: { kind: label() } }),
    );
  const sizes: number[] = [];
  for await (const chunk of scrapeChunks(registry)) sizes.push(chunk.length);
  t.true(sizes.length >= 3 && Math.max(...sizes) < 64_000);
});

for (const format of [textFormat, protobufFormat])
  test(`a small family is written without a pause as ${format.label}`, async (t) => {
    const registry = createTestRegistry();
    const gauge = registry.gauge(defineGauge({ name: 'level', help: 'L.', labels: { kind: label() } }));
    for (const kind of ['a', 'b', 'c']) gauge.set({ kind }, 1);
    const out = new ByteWriter(1_024);
    const writer = await familyWriter(format);
    t.is([...writer.instrument(out, gauge, new Map(), 'gauge')].length, 0);
    t.true(out.length > 0);
  });

for (const [type, written] of [
  ['counter', 'counter'],
  ['gauge', 'gauge'],
  ['summary', 'summary'],
  ['histogram', 'histogram'],
  ['info', 'untyped'],
  [undefined, 'untyped'],
] as const)
  test(`a third-party metric of the type ${type} is written as ${written}`, async (t) => {
    const registry = createTestRegistry();
    register(registry, 'theirs', () => ({ ...snapshotOf('theirs'), type, values: [] }));
    t.is(await scrapeToString(registry), `# HELP theirs Theirs.\n# TYPE theirs ${written}\n`);
  });
