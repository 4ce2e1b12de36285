/** OpenMetrics 1.0.0 of our and third-party metrics, and the negotiation of formats. */
import test from 'ava';
import fc from 'fast-check';
import promClient from 'prom-client';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../../lib/define.js';
import { acceptsGzip, negotiatedFormat } from '../../../lib/exposition/negotiate.js';
import {
  openMetricsContentType,
  openMetricsFormat,
  openMetricsWithCreated,
} from '../../../lib/exposition/open-metrics.js';
import { scrapeToString } from '../../../lib/exposition/scrape.js';
import { textFormat } from '../../../lib/exposition/text.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readText } from '../../../lib/testing.js';

const format = openMetricsFormat;

test('every type of instrument is written as OpenMetrics', async (t) => {
  const registry = createTestRegistry();
  const before = Math.floor(Date.now() / 1_000);
  registry
    .counter(defineCounter({ name: 'calls_total', help: 'Calls "made".', labels: { a: label() } }))
    .inc({ a: 'x\n"\\' }, 2);
  registry.gauge(defineGauge({ name: 'temperature_celsius', help: 'Warmth.\nOutside.' })).set(-1.5);
  registry
    .histogram(defineHistogram({ name: 'call_seconds', help: 'Durations.', buckets: [0.5, 1, 1000000] }))
    .observe(0.75);
  registry.summary(defineSummary({ name: 'size_bytes', help: 'Sizes.', quantiles: [0.5, 1] })).observe(10);
  const text = (await scrapeToString(registry, { format: openMetricsWithCreated })).replace(
    /(_created(?:\{.*\})?) (\d+)$/gm,
    (_, name, seconds) => {
      t.true(Number(seconds) >= before && Number(seconds) <= before + 60);
      return `${name} NOW`;
    },
  );
  t.is(
    text,
    `# TYPE calls counter
# HELP calls Calls \\"made\\".
calls_total{a="x\\n\\"\\\\"} 2
calls_created{a="x\\n\\"\\\\"} NOW
# TYPE temperature_celsius gauge
# UNIT temperature_celsius celsius
# HELP temperature_celsius Warmth.\\nOutside.
temperature_celsius -1.5
# TYPE call_seconds histogram
# UNIT call_seconds seconds
# HELP call_seconds Durations.
call_seconds_bucket{le="0.5"} 0
call_seconds_bucket{le="1.0"} 1
call_seconds_bucket{le="1000000.0"} 1
call_seconds_bucket{le="+Inf"} 1
call_seconds_sum 0.75
call_seconds_count 1
call_seconds_created NOW
# TYPE size_bytes summary
# UNIT size_bytes bytes
# HELP size_bytes Sizes.
size_bytes{quantile="0.5"} 10
size_bytes{quantile="1.0"} 10
size_bytes_sum 10
size_bytes_count 1
size_bytes_created NOW
# EOF
`,
  );
  t.notRegex(await scrapeToString(registry, { format }), /_created/, 'none unless asked for');
});

test('a bound is written with a point or an exponent', async (t) => {
  const registry = createTestRegistry();
  registry.histogram(
    defineHistogram({ name: 'size', help: 'S.', buckets: [-1e21, -2, -0.5, 0, 1e-7, 0.25, 3, 1e20, 1e21] }),
  );
  const text = await scrapeToString(registry, { format });
  t.deepEqual(
    [...text.matchAll(/le="(.*)"/g)].map(([, bound]) => bound),
    ['-1e+21', '-2.0', '-0.5', '0.0', '1e-7', '0.25', '3.0', '100000000000000000000.0', '1e+21', '+Inf'],
  );
});

test('negative sums, quantiles and buckets are left out of OpenMetrics, which forbids them', async (t) => {
  const registry = createTestRegistry();
  registry.histogram(defineHistogram({ name: 'drift', help: 'D.', buckets: [1] })).observe(-5);
  registry.histogram(defineHistogram({ name: 'offset', help: 'O.', buckets: [-1, 1] })).observe(5);
  registry.summary(defineSummary({ name: 'delta', help: 'D.', quantiles: [0.5] })).observe(-5);
  const lines = async (chosen: typeof format) =>
    (await scrapeToString(registry, { format: chosen }))
      .split('\n')
      .filter((line) => /^(drift|offset|delta)/.test(line));
  t.deepEqual(await lines(format), [
    'drift_bucket{le="1.0"} 1',
    'drift_bucket{le="+Inf"} 1',
    'offset_bucket{le="-1.0"} 0',
    'offset_bucket{le="1.0"} 0',
    'offset_bucket{le="+Inf"} 1',
    'delta_count 1',
  ]);
  t.is((await lines(textFormat)).length, 12);
});

test('sums and quantiles of 0, and the sum of a histogram with a first bound of 0, are written in OpenMetrics', async (t) => {
  const registry = createTestRegistry();
  registry.histogram(defineHistogram({ name: 'wait', help: 'W.', buckets: [0] }));
  registry.summary(defineSummary({ name: 'delta', help: 'D.', quantiles: [0.5] })).observe(0);
  t.deepEqual((await scrapeToString(registry, { format })).match(/^[^#].*/gm), [
    'wait_bucket{le="0.0"} 0',
    'wait_bucket{le="+Inf"} 0',
    'wait_sum 0',
    'wait_count 0',
    'delta{quantile="0.5"} 0',
    'delta_sum 0',
    'delta_count 1',
  ]);
});

test("third-party prom-client metrics: counters' families, canonical bounds, exemplars", async (t) => {
  const registry = createTestRegistry();
  const registers = [registry.prometheus];
  new promClient.Counter({ name: 'theirs_total', help: 'Theirs.', registers }).inc(3);
  new promClient.Counter({ name: 'bare', help: 'Without the suffix.', registers }).inc(4);
  new promClient.Histogram({ name: 'their_seconds', help: 'Durations.', buckets: [1], registers }).observe(
    0.5,
  );
  new promClient.Gauge({ name: 'their_gauge', help: 'A gauge.', registers }).set(7);
  t.is(
    await scrapeToString(registry, { format }),
    `# TYPE theirs counter
# HELP theirs Theirs.
theirs_total 3
# TYPE bare unknown
# HELP bare Without the suffix.
bare 4
# TYPE their_seconds histogram
# UNIT their_seconds seconds
# HELP their_seconds Durations.
their_seconds_bucket{le="1.0"} 1
their_seconds_bucket{le="+Inf"} 1
their_seconds_sum 0.5
their_seconds_count 1
# TYPE their_gauge gauge
# HELP their_gauge A gauge.
their_gauge 7
# EOF
`,
  );
});

test('an exemplar of a third-party metric is written in OpenMetrics only, unless it is too long', async (t) => {
  const registry = createTestRegistry();
  const exemplar = (id: string) => ({ labelSet: { trace_id: id }, value: 0.5, timestamp: 1.5 });
  for (const [name, id] of [
    ['short_total', 'abc'],
    ['long_total', 'x'.repeat(200)],
  ] as const) {
    registry.prometheus.registerMetric({
      name,
      help: 'H.',
      type: 'counter',
      get: async () => ({
        name,
        help: 'H.',
        type: 'counter',
        aggregator: 'sum',
        values: [{ value: 1, labels: {}, exemplar: exemplar(id) }],
      }),
    } as never);
  }
  const text = await scrapeToString(registry, { format });
  t.regex(text, /^short_total 1 # \{trace_id="abc"\} 0.5 1.5$/m);
  t.regex(text, /^long_total 1$/m);
  t.notRegex(await readText(registry), /trace_id/);
});

test('alternating between formats 1,000 times changes no name of our or third-party metrics', async (t) => {
  const registry = createTestRegistry();
  registry.counter(defineCounter({ name: 'calls_total', help: 'Calls.' })).inc();
  const theirs = new promClient.Counter({
    name: 'theirs_total',
    help: 'Theirs.',
    registers: [registry.prometheus],
  });
  theirs.inc();
  const first = { text: await readText(registry), openMetrics: await scrapeToString(registry, { format }) };
  for (let time = 0; time < 1_000; time++) {
    await scrapeToString(registry, { format: time % 2 === 0 ? format : textFormat });
  }
  t.is(await readText(registry), first.text);
  t.is(await scrapeToString(registry, { format }), first.openMetrics);
  t.is((theirs as unknown as { name: string }).name, 'theirs_total');
  t.deepEqual(
    registry.prometheus.getMetricsAsArray().map(({ name }) => name),
    ['calls_total', 'theirs_total'],
  );
});

test('constant labels are added to series without them', async (t) => {
  const registry = createTestRegistry();
  const calls = registry.counter(
    defineCounter({ name: 'calls_total', help: 'Calls.', labels: { service: label() } }),
  );
  calls.inc({ service: 'own' });
  calls.inc({ service: '' });
  const text = await scrapeToString(registry, { constantLabels: { service: 'tamma', environment: 'test' } });
  t.regex(text, /^calls_total\{service="own",environment="test"\} 1$/m);
  t.regex(text, /^calls_total\{service="tamma",environment="test"\} 1$/m);
});

// ---- negotiation --------------------------------------------------------------------------------------------------

const prometheus2 =
  'application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
const prometheus3 =
  'application/openmetrics-text;escaping=allow-utf-8;version=1.0.0;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
for (const [accept, expected] of [
  [undefined, 'text'],
  ['', 'text'],
  ['*/*', 'text'],
  ['text/plain', 'text'],
  ['text/html,application/xhtml+xml,*/*;q=0.8', 'text'],
  ['application/json', 'text'],
  ['application/openmetrics-text', 'openmetrics'],
  ['application/openmetrics-text; version=1.0.0; charset=utf-8', 'openmetrics'],
  ['APPLICATION/OpenMetrics-Text;VERSION="1.0.0"', 'openmetrics'],
  ['application/openmetrics-text;version=2.0.0', 'text'],
  ['application/openmetrics-text;version=0.0.1', 'text'],
  ['application/openmetrics-text;q=0', 'text'],
  ['application/openmetrics-text;q=0.2,text/plain;q=0.3', 'text'],
  ['text/plain;q=0.3,application/openmetrics-text;q=0.31', 'openmetrics'],
  ['text/plain,application/openmetrics-text', 'text'],
  ['application/openmetrics-text,text/plain', 'openmetrics'],
  [prometheus2, 'openmetrics'],
  [prometheus3, 'openmetrics'],
  ['text/plain;version=0.0.4;q=0.5,*/*;q=0.1', 'text'],
  [`${'a/b,'.repeat(2_000)}application/openmetrics-text`, 'text'],
] as const) {
  test(`Accept: ${String(accept).slice(0, 90)} is ${expected}`, (t) => {
    t.is(negotiatedFormat(accept).label, expected);
  });
}

for (const [header, expected] of [
  [undefined, false],
  ['', false],
  ['gzip', true],
  ['GZIP;q=0.5', true],
  ['gzip;q=0', false],
  ['br, deflate', false],
  ['*', true],
  ['*;q=0', false],
  ['gzip;q=0, *', false],
  ['identity, x-gzip', true],
] as const) {
  test(`Accept-Encoding: ${header} ${expected ? 'accepts' : 'does not accept'} gzip`, (t) => {
    t.is(acceptsGzip(header), expected);
  });
}

test('OpenMetrics has _created samples only on request', (t) => {
  t.is(negotiatedFormat('application/openmetrics-text', true), openMetricsWithCreated);
  t.is(negotiatedFormat('application/openmetrics-text'), openMetricsFormat);
  t.is(negotiatedFormat('text/plain', true), textFormat);
});

test('any Accept header selects a format without throwing', (t) => {
  const odd = fc
    .array(fc.oneof(fc.string(), fc.constantFrom(';', ',', '=', '"', 'q=', '*/*', 'text/plain', 'gzip')))
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(odd, (header) => {
      t.true(['text', 'openmetrics'].includes(negotiatedFormat(header).label));
      t.is(typeof acceptsGzip(header), 'boolean');
    }),
  );
  t.is(openMetricsContentType, 'application/openmetrics-text; version=1.0.0; charset=utf-8');
});
