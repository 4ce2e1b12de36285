/** Strict parsers accept the exposition of every type, hostile label values and invalid third-party metrics. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text as textOf } from 'node:stream/consumers';
import test from 'ava';
import promClient from 'prom-client';
import { metricsCollectorErrors } from '../../../lib/catalogue/self.js';
import { readExposition } from '../../../lib/cli/exposition-reader.js';
import { endpointFindings } from '../../../lib/cli/lint.js';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../../lib/define.js';
import { openMetricsFormat, openMetricsWithCreated } from '../../../lib/exposition/open-metrics.js';
import { scrapeToString } from '../../../lib/exposition/scrape.js';
import { textFormat } from '../../../lib/exposition/text.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readValue, type TestRegistry } from '../../../lib/testing.js';
import { fromRoot } from '../../helpers/package-root.js';
import { testWith, testWithBoth } from '../../helpers/programs.js';
import { scrapeExpositions } from '../../helpers/scraped-expositions.js';
import { until } from '../../helpers/until.js';

const hostile = [
  'plain',
  'new\nline',
  'carriage\rreturn',
  'quo"te',
  'back\\slash',
  '\\n',
  'ü🙂漢',
  'a,b="c"} 1 # {',
  ' # EOF',
  '\u2028',
  '\u0085',
  '\t \0',
  'half \ud800',
];

const formats = {
  text: textFormat,
  openmetrics: openMetricsFormat,
  'openmetrics with _created': openMetricsWithCreated,
};

/** Third-party metrics that are invalid, wholly or in part. */
const odd: readonly { readonly name: string; readonly [key: string]: unknown }[] = [
  { name: 'odd-name', values: [{ labels: {}, value: 1 }] },
  {
    name: 'odd_label',
    values: [
      { labels: { 'a-b': 'x' }, value: 1 },
      { labels: { a: 'x' }, value: 1 },
    ],
  },
  {
    name: 'odd_value',
    values: [
      { labels: {}, value: 'x' },
      { labels: { a: 'x' }, value: Number.NaN },
    ],
  },
  { name: 'odd_type', type: 'stateset', values: [{ labels: {}, value: 1 }] },
  { name: 'odd_help', help: undefined, values: [{ labels: {}, value: 1 }] },
  {
    name: 'odd_twice',
    values: [
      { labels: { a: 'x' }, value: 1 },
      { labels: { a: 'x' }, value: 2 },
    ],
  },
  { name: 'odd_falling_total', type: 'counter', values: [{ labels: {}, value: -1 }] },
  {
    name: 'odd_exemplar_total',
    type: 'counter',
    values: [{ labels: {}, value: 1, exemplar: { labelSet: { 'a-b': 'x' }, value: 1 } }],
  },
  {
    name: 'odd_seconds',
    type: 'histogram',
    values: [
      { metricName: 'odd_seconds_bucket', labels: { le: Number.NaN }, value: 1 },
      { metricName: 'odd_seconds_bucket', labels: { le: 1 }, value: 1 },
      { metricName: 'odd_seconds_sum', labels: {}, value: 1 },
      { metricName: 'odd_seconds_count', labels: {}, value: 1 },
    ],
  },
  { name: 'good_total', key: 'odd_family', type: 'counter', values: [{ labels: {}, value: 9 }] },
  { name: 'good', values: [{ labels: {}, value: 7 }] },
];

function filled(): TestRegistry {
  const registry = createTestRegistry();
  const labels = { value: label() };
  const lint = { allow: ['counter-total', 'reserved-suffix'], why: 'odd names are tested' } as const;
  const help = 'Help with "quotes", \\ and a\nnewline.';
  registry.counter(defineCounter({ name: 'good_total', help })).inc();
  const instruments = {
    counter: registry.counter(defineCounter({ name: 'hostile_total', help, labels })),
    bare: registry.counter(defineCounter({ name: 'hostile_calls', help, labels, lint })),
    gauge: registry.gauge(defineGauge({ name: 'hostile_level', help, labels })),
    drift: registry.histogram(
      defineHistogram({ name: 'hostile_drift', help, labels, buckets: [-1, 0, 1e7] }),
    ),
    histogram: registry.histogram(
      defineHistogram({ name: 'hostile_seconds', help, labels, buckets: [0.001, 1, 1e7] }),
    ),
    summary: registry.summary(defineSummary({ name: 'hostile_bytes', help, labels, quantiles: [0, 0.5, 1] })),
  };
  for (const [index, value] of hostile.entries()) {
    instruments.counter.inc({ value }, index + 0.5);
    instruments.bare.inc({ value });
    instruments.gauge.set({ value }, -index * 1e21);
    instruments.drift.observe({ value }, -5);
    instruments.histogram.observe({ value }, index - 6);
    instruments.summary.observe({ value }, index - 6);
  }
  for (const name of ['issues_total', 'issues_created_total'])
    registry.counter(defineCounter({ name, help })).inc();
  const registers = [registry.prometheus];
  promClient.collectDefaultMetrics({ register: registry.prometheus });
  new promClient.Counter({ name: 'theirs', help, labelNames: ['value'], registers }).inc({ value: 'quo"te' });
  new promClient.Histogram({ name: 'theirs_seconds', help, labelNames: ['value'], registers }).observe(
    { value: 'ü' },
    -1,
  );
  new promClient.Summary({ name: 'theirs_bytes', help, labelNames: ['value'], registers }).observe(
    { value: '\n' },
    -1,
  );
  for (const { key, ...snapshot } of odd) {
    const whole = { help: 'Odd.', type: 'gauge', aggregator: 'sum', ...snapshot };
    registry.prometheus.registerMetric({ name: key ?? snapshot.name, get: async () => whole } as never);
  }
  registry.prometheus.registerMetric({
    name: 'odd_get',
    get: () => Promise.reject(new Error('no luck')),
  } as never);
  return registry;
}

function sampleLines(exposition: string): string[] {
  return exposition.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

async function piped(program: string, args: readonly string[], input: string) {
  const child = spawn(program, args, {
    env: { ...process.env, PYTHONPATH: '/usr/lib/python3/dist-packages' },
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([textOf(child.stdout), textOf(child.stderr), closed]);
  return { code, stdout, stderr };
}

for (const [name, format] of Object.entries(formats)) {
  testWith(
    ['python3-prometheus-client'],
    `Python's parser reads every sample (${name})`,
    async (t, programs) => {
      const exposition = await scrapeToString(filled(), { format });
      const script = fromRoot('test/helpers/strict-parser.py');
      const { code, stdout, stderr } = await piped(
        programs['python3-prometheus-client'],
        [script, format.label],
        exposition,
      );
      t.is(code, 0, stderr);
      const samples = JSON.parse(stdout) as [name: string, labels: Record<string, string>, value: string][];
      t.is(samples.length, sampleLines(exposition).length);
      const read = samples.filter(([sample]) => sample === 'hostile_total').map(([, labels]) => labels.value);
      t.deepEqual(
        read,
        hostile.map((value) => value.replace('\ud800', '\ufffd')),
      );
    },
  );
}

testWithBoth(
  ['promtool'],
  'promtool accepts the text, and the lint has the same findings',
  async (t, { promtool }) => {
    const exposition = await scrapeToString(filled());
    const { code, stdout, stderr } = await piped(promtool, ['check', 'metrics'], exposition);
    t.not(code, 1, `${stdout}${stderr}`);
    t.notRegex(stderr, /error while linting/);
    const found = new Set(
      endpointFindings(await readExposition([exposition]), { maxSeries: 1_000 }).map(({ metric }) => metric),
    );
    const theirs = stderr
      .split('\n')
      .flatMap((line) => (/^\w+ /.test(line) ? [line.split(' ')[0] ?? ''] : []));
    t.true(theirs.includes('hostile_calls'));
    t.deepEqual(
      theirs.filter((metric) => !found.has(metric)),
      [],
    );
  },
);

testWithBoth(
  ['prometheus'],
  'Prometheus stores every sample of each format',
  async (t, { prometheus: program }) => {
    const registry = filled();
    const expositions = await Promise.all(
      Object.values(formats).map(async (format) => ({
        contentType: format.contentType,
        text: await scrapeToString(registry, { format }),
      })),
    );
    const prometheus = await scrapeExpositions(t, program, expositions);
    for (const [job, { contentType, text }] of expositions.entries()) {
      const stored = await until(`samples of ${contentType}`, async () => {
        const [scraped] = await prometheus.query(`scrape_samples_post_metric_relabeling{job="${job}"}`);
        return scraped?.value;
      });
      t.is(stored, sampleLines(text).length, contentType);
      t.is((await prometheus.query(`up{job="${job}"}`))[0]?.value, 1);
      t.is(
        (await prometheus.query(`count({job="${job}",__name__="hostile_total"})`))[0]?.value,
        hostile.length,
      );
    }
  },
);

testWith(
  ['prometheus'],
  'Prometheus 3 with its feature for _created uses it as the start of a series, and stores no series for it',
  async (t, { prometheus: program }) => {
    const registry = filled();
    const text = await scrapeToString(registry, { format: openMetricsWithCreated });
    const prometheus = await scrapeExpositions(
      t,
      program,
      [{ contentType: openMetricsWithCreated.contentType, text }],
      ['--enable-feature=created-timestamp-zero-ingestion'],
    );
    await until('the first scrape', async () => (await prometheus.query('up{job="0"} == 1'))[0]?.value);
    t.deepEqual(await prometheus.query('{__name__=~"hostile.*_created"}'), []);
    // It is 1 at its first scrape, and was 0 at its start.
    t.is((await prometheus.query('min_over_time(issues_total[1h])'))[0]?.value, 0);
  },
  'newer',
);

test('each invalid metric loses only its own lines, and is counted', async (t) => {
  const registry = filled();
  const exposition = await scrapeToString(registry, { format: openMetricsFormat });
  t.deepEqual(
    sampleLines(exposition).filter((line) => /^(?:odd|good)/.test(line)),
    [
      'good_total 1',
      'odd_label{a="x"} 1',
      'odd_value{a="x"} NaN',
      'odd_type 1',
      'odd_help 1',
      'odd_twice{a="x"} 1',
      'odd_exemplar_total 1',
      'good 7',
    ],
  );
  const counted = [...odd.map(({ name }) => name), 'odd_get'].filter(
    (metric) => readValue(registry, metricsCollectorErrors, { metric }) === 1,
  );
  t.deepEqual(counted, [
    'odd-name',
    'odd_label',
    'odd_value',
    'odd_twice',
    'odd_falling_total',
    'odd_exemplar_total',
    'odd_seconds',
    'good_total',
    'odd_get',
  ]);
});
