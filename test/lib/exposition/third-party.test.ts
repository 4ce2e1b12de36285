/** Third-party metrics next to our own: invalid parts are left out and counted, in both formats. */
import test from 'ava';
import promClient from 'prom-client';
import { metricsCollectorErrors } from '../../../lib/catalogue/self.js';
import { defineCounter, defineGauge, defineHistogram } from '../../../lib/define.js';
import { openMetricsFormat } from '../../../lib/exposition/open-metrics.js';
import { scrapeToString } from '../../../lib/exposition/scrape.js';
import { textFormat } from '../../../lib/exposition/text.js';
import { createTestRegistry, readValue } from '../../../lib/testing.js';

type TestRegistry = ReturnType<typeof createTestRegistry>;

function thirdParty(registry: TestRegistry, snapshot: object, key = 'odd'): void {
  registry.prometheus.registerMetric({ name: key, get: async () => snapshot } as never);
}

function sampleLines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '' && !/^#|^metrics_|^good_total /.test(line));
}

const base = { name: 'odd', help: 'Odd.', type: 'gauge', aggregator: 'sum' };
const good = { labels: { kind: 'good' }, value: 1 };
const bucket = (le: unknown, value: number) => ({ metricName: 'odd_bucket', labels: { le }, value });
const bucketOf = (kind: string, le: unknown, value: number) => ({
  metricName: 'odd_bucket',
  labels: { kind, le },
  value,
});

for (const [what, values, expected, type = 'gauge'] of [
  ['an invalid label name', [{ labels: { 'a-b': 'x' }, value: 1 }, good], ['odd{kind="good"} 1']],
  ['the label name __name__', [{ labels: { __name__: 'x' }, value: 1 }, good], ['odd{kind="good"} 1']],
  [
    'a label value that is a symbol',
    [{ labels: { a: Symbol('x') }, value: 1 }, good],
    ['odd{kind="good"} 1'],
  ],
  ['a value that is text', [{ labels: {}, value: '1' }, good], ['odd{kind="good"} 1']],
  ['no value', [{ labels: {} }, good], ['odd{kind="good"} 1']],
  ['null in place of a sample', [null, good], ['odd{kind="good"} 1']],
  ['a series twice', [good, { labels: { kind: 'good' }, value: 2 }], ['odd{kind="good"} 1']],
  [
    "another metric's sample",
    [{ metricName: 'good_total', labels: {}, value: 9 }, good],
    ['odd{kind="good"} 1'],
  ],
  ['a bucket of NaN', [bucket('+Inf', 1), bucket(Number.NaN, 1)], ['odd_bucket{le="+Inf"} 1'], 'histogram'],
  [
    'no bucket +Inf in one of two series',
    [bucketOf('bad', 1, 1), bucketOf('good', 2, 1), bucketOf('good', '+Inf', 1)],
    ['odd_bucket{kind="good",le="2"} 1', 'odd_bucket{kind="good",le="+Inf"} 1'],
    'histogram',
  ],
  [
    'buckets that are not cumulative',
    [bucketOf('bad', 1, 2), bucketOf('bad', '+Inf', 1), bucketOf('good', '+Inf', 1)],
    ['odd_bucket{kind="good",le="+Inf"} 1'],
    'histogram',
  ],
] as const) {
  test(`${what} drops only its own lines, and is counted`, async (t) => {
    for (const format of [textFormat, openMetricsFormat]) {
      const registry = createTestRegistry();
      thirdParty(registry, { ...base, type, values });
      registry.counter(defineCounter({ name: 'good_total', help: 'Good.' })).inc();
      const text = await scrapeToString(registry, { format });
      t.deepEqual(sampleLines(text.replaceAll('le="2.0"', 'le="2"')), [...expected], format.label);
      t.regex(text, /^good_total 1$/m);
      t.is(readValue(registry, metricsCollectorErrors, { metric: 'odd' }), 1);
      t.is(registry.warnings.length, 1);
      t.regex(
        registry.warnings[0]?.message ?? '',
        /^Collecting metric `odd` failed: it has .*The failed part is left out/,
      );
    }
  });
}

for (const [what, metric] of [
  ['an invalid name', { name: 'odd', get: async () => ({ ...base, name: 'odd-name', values: [good] }) }],
  ['a get() that throws', { name: 'odd', get: () => Promise.reject(new Error('no luck')) }],
  ['no get()', { name: 'odd' }],
  ["our metric's name", { name: 'odd', get: async () => ({ ...base, name: 'good_total', values: [good] }) }],
] as const) {
  test(`a metric with ${what} is left out, and counted`, async (t) => {
    for (const format of [textFormat, openMetricsFormat]) {
      const registry = createTestRegistry();
      registry.prometheus.registerMetric(metric as never);
      registry.counter(defineCounter({ name: 'good_total', help: 'Good.' })).inc();
      const text = await scrapeToString(registry, { format });
      t.deepEqual(sampleLines(text), []);
      t.is(text.match(/^good_total/gm)?.length, 1);
      t.is(registry.warnings.length, 1);
      const counted = ['odd', 'good_total'].map((each) =>
        readValue(registry, metricsCollectorErrors, { metric: each }),
      );
      t.is(counted.filter((count) => count === 1).length, 1);
    }
  });
}

test('an unknown type is written as untyped, or as unknown in OpenMetrics', async (t) => {
  const registry = createTestRegistry();
  thirdParty(registry, { ...base, type: 'stateset', values: [good] });
  t.regex(await scrapeToString(registry), /^# TYPE odd untyped\nodd\{kind="good"\} 1$/m);
  t.regex(await scrapeToString(registry, { format: openMetricsFormat }), /^# TYPE odd unknown$/m);
});

test('an invalid default label is left out and counted', async (t) => {
  const registry = createTestRegistry();
  registry.prometheus.setDefaultLabels({ 'a-b': 'x', le: 'x', odd: Symbol('x'), zone: 'eu' });
  registry.counter(defineCounter({ name: 'good_total', help: 'Good.' })).inc();
  t.regex(await scrapeToString(registry), /^good_total\{zone="eu"\} 1$/m);
  t.is(readValue(registry, metricsCollectorErrors, { metric: 'default labels' }), 3);
});

test('an exemplar with an invalid label is left out; its sample stays', async (t) => {
  const registry = createTestRegistry();
  const exemplar = { labelSet: { 'a-b': 'x' }, value: 1 };
  const values = [{ ...good, exemplar }];
  thirdParty(registry, { ...base, name: 'odd_total', type: 'counter', values });
  t.regex(await scrapeToString(registry, { format: openMetricsFormat }), /^odd_total\{kind="good"\} 1$/m);
  t.is(readValue(registry, metricsCollectorErrors, { metric: 'odd_total' }), 1);
});

// ---- names --------------------------------------------------------------------------------------------------------

test('a counter without _total keeps its name and has the type unknown in OpenMetrics', async (t) => {
  const registry = createTestRegistry();
  const definition = {
    name: 'requests',
    help: 'R.',
    lint: { allow: ['counter-total'], why: 'an old name' },
  } as const;
  registry.counter(defineCounter(definition)).inc(2);
  new promClient.Counter({ name: 'bare', help: 'B.', registers: [registry.prometheus] }).inc(4);
  for (const format of [textFormat, openMetricsFormat]) {
    const text = await scrapeToString(registry, { format });
    t.deepEqual(sampleLines(text), ['requests 2', 'bare 4']);
    t.true(text.includes(`# TYPE requests ${format === textFormat ? 'counter' : 'unknown'}\n`));
  }
});

for (const name of ['jobs', 'jobs_created'])
  test(`a counter jobs_total next to a third-party gauge ${name} keeps its name, and has the type unknown in OpenMetrics`, async (t) => {
    const registry = createTestRegistry();
    registry.counter(defineCounter({ name: 'jobs_total', help: 'J.' })).inc(5);
    new promClient.Gauge({ name, help: 'J.', registers: [registry.prometheus] }).set(7);
    const text = await scrapeToString(registry, { format: openMetricsFormat });
    t.deepEqual(sampleLines(text), ['jobs_total 5', `${name} 7`]);
    t.true(text.includes('# TYPE jobs_total unknown\n'));
    t.is(readValue(registry, metricsCollectorErrors, { metric: name }), undefined);
  });

test('only one of issues_total and issues_created_total changes its family name', async (t) => {
  const registry = createTestRegistry();
  for (const name of ['issues_total', 'issues_created_total'])
    registry.counter(defineCounter({ name, help: 'I.' })).inc();
  const text = await scrapeToString(registry, { format: openMetricsFormat });
  t.deepEqual(text.match(/^# TYPE .*/gm), ['# TYPE issues counter', '# TYPE issues_created_total unknown']);
  t.deepEqual(sampleLines(text), ['issues_total 1', 'issues_created_total 1']);
});

test('a gauge with the name of a sample of a histogram is refused at definition', (t) => {
  const registry = createTestRegistry();
  registry.histogram(defineHistogram({ name: 'a_seconds', help: 'A.', buckets: [1] }));
  const lint = { allow: ['reserved-suffix'], why: 'tested' } as const;
  t.throws(() => registry.gauge(defineGauge({ name: 'a_seconds_created', help: 'A.', lint })), {
    code: 'ERR_METRICS_DEFINITION_CONFLICT',
  });
});

test('a third-party gauge with the name of a sample of our histogram is left out, and counted', async (t) => {
  const registry = createTestRegistry();
  registry.histogram(defineHistogram({ name: 'a_seconds', help: 'A.', buckets: [1] })).observe(1);
  new promClient.Gauge({ name: 'a_seconds_count', help: 'A.', registers: [registry.prometheus] }).set(7);
  t.notRegex(await scrapeToString(registry), /^a_seconds_count 7$/m);
  t.is(readValue(registry, metricsCollectorErrors, { metric: 'a_seconds_count' }), 1);
});
