/** Families: the numbers of an own or third-party metric, by series. */
import test from 'ava';
import * as promClient from 'prom-client';
import { defineHistogram } from '../../lib/define.js';
import { familyBuilder, familyOf, samplesOf } from '../../lib/family.js';
import { label } from '../../lib/label.js';
import { createTestRegistry } from '../../lib/testing.js';

const wait = defineHistogram({
  name: 'wait_seconds',
  help: 'Waits.',
  labels: { queue: label(), zone: label() },
  buckets: [1],
});

test('a family has the numbers of each series, and when it started to count', (t) => {
  const registry = createTestRegistry();
  const series = registry.histogram(wait).with({ queue: 'a', zone: '' });
  series.observe(0.5);
  series.created = 1_764_036_000;
  t.deepEqual(
    familyOf(registry.histogram(wait), [
      ['zone', 'b'],
      ['app', 'tamma'],
    ]),
    {
      name: 'wait_seconds',
      help: 'Waits.',
      type: 'histogram',
      aggregator: 'sum',
      labels: ['queue', 'zone', 'app'],
      parts: [['_bucket', 1], ['_bucket', '+Inf'], ['_sum'], ['_count']],
      series: [{ values: ['a', 'b', 'tamma'], numbers: [1, 1, 0.5, 1], created: 1_764_036_000 }],
    },
  );
});

test('the samples of a family are those of its metric', async (t) => {
  const registry = createTestRegistry();
  registry.histogram(wait).observe({ queue: 'a', zone: '' }, 0.5);
  t.deepEqual([...samplesOf(familyOf(registry.histogram(wait)))], registry.histogram(wait).samples());

  const theirs = new promClient.Histogram({
    name: 'x',
    help: 'X.',
    labelNames: ['a'],
    buckets: [1],
    registers: [],
  });
  theirs.observe({ a: 'q' }, 2);
  const snapshot = await theirs.get();
  t.deepEqual(
    [...samplesOf(familyOf(snapshot as never))].map(({ metricName, value }) => [metricName, value]),
    snapshot.values.map(({ metricName, value }) => [metricName, value]),
  );
});

test('samples in any order, with their labels in any order, are put together by series', (t) => {
  const builder = familyBuilder({ name: 'x', help: 'X.', type: 'summary', aggregator: 'sum' }, ['a']);
  builder.add(new Map([['a', '1']]), ['_sum'], 10);
  builder.add(
    new Map([
      ['b', '2'],
      ['a', '1'],
    ]),
    ['_sum'],
    20,
  );
  builder.add(
    new Map([
      ['a', '1'],
      ['b', '2'],
    ]),
    ['_created'],
    7,
  );
  builder.add(new Map([['a', '1']]), ['_count'], 1);
  const { labels, parts, series } = builder.family();
  t.deepEqual(labels, ['a', 'b']);
  t.deepEqual(parts, [['_sum'], ['_count']]);
  t.deepEqual(series, [
    { values: ['1', ''], numbers: [10, 1], created: undefined },
    { values: ['1', '2'], numbers: [20, undefined], created: 7 },
  ]);
});
