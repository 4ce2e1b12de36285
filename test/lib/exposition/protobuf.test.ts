/** Scrapes in protobuf have the values of the registry: another implementation, with the schema of client_model, decodes them. */
import test from 'ava';
import fc from 'fast-check';
import Koa from 'koa';
import promClient from 'prom-client';
import { metricsCollectorErrors } from '../../../lib/catalogue/self.js';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../../lib/define.js';
import { ByteWriter } from '../../../lib/exposition/byte-writer.js';
import { negotiatedFormat } from '../../../lib/exposition/negotiate.js';
import { protobufFormat } from '../../../lib/exposition/protobuf-format.js';
import { type ScrapeOptions, scrapeChunks } from '../../../lib/exposition/scrape.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readValue, type TestRegistry } from '../../../lib/testing.js';
import { metricsRouter } from '../../../middleware/index.js';
import { anyCharacter } from '../../helpers/any-character.js';
import { decodeProtobuf, nativeBucketsOf, type ProtobufFamily } from '../../helpers/decode-protobuf.js';
import { freezeDate } from '../../helpers/freeze-date.js';
import { serve } from '../../helpers/koa-server.js';

async function scraped(registry: TestRegistry, options: ScrapeOptions = {}): Promise<ProtobufFamily[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of scrapeChunks(registry, { ...options, format: protobufFormat }))
    chunks.push(chunk);
  return decodeProtobuf(Buffer.concat(chunks));
}

async function family(registry: TestRegistry, name: string): Promise<ProtobufFamily | undefined> {
  return (await scraped(registry)).find((each) => each.name === name);
}

const labels = { kind: label(), place: label() };

test('counters and gauges have name, help, type, labels and value; counters also when they started', async (t) => {
  const registry = createTestRegistry();
  const counter = registry.counter(defineCounter({ name: 'jobs_total', help: 'Jobs.', labels }));
  counter.inc({ kind: 'a', place: 'b' }, 2.5);
  counter.inc({ kind: 'c', place: '' });
  registry.gauge(defineGauge({ name: 'level', help: 'Level.' })).set(-1e300);
  const created = new Date(counter.with({ kind: 'a', place: 'b' }).created * 1_000);
  const createdTimestamp = created.toISOString().replace('.000Z', 'Z');
  t.deepEqual(await scraped(registry), [
    {
      name: 'jobs_total',
      help: 'Jobs.',
      type: 'COUNTER',
      metric: [
        {
          label: [
            { name: 'kind', value: 'a' },
            { name: 'place', value: 'b' },
          ],
          counter: { value: 2.5, createdTimestamp },
        },
        { label: [{ name: 'kind', value: 'c' }], counter: { value: 1, createdTimestamp } },
      ],
    },
    { name: 'level', help: 'Level.', type: 'GAUGE', metric: [{ gauge: { value: -1e300 } }] },
  ]);
});

test('a classic histogram has its buckets, without +Inf, which is its count', async (t) => {
  const registry = createTestRegistry();
  const histogram = registry.histogram(
    defineHistogram({ name: 'run_seconds', help: 'Run.', buckets: [0.5, 2] }),
  );
  for (const value of [0.1, 1, 2, 3]) histogram.observe(value);
  const { histogram: read } = (await family(registry, 'run_seconds'))?.metric?.[0] ?? {};
  t.is(read?.sampleCount, '4');
  t.is(read?.sampleSum, 6.1);
  t.deepEqual(read?.bucket, [
    { cumulativeCount: '1', upperBound: 0.5 },
    { cumulativeCount: '3', upperBound: 2 },
  ]);
  t.is(read?.schema, undefined);
});

test('a summary has its count, sum and quantiles', async (t) => {
  const registry = createTestRegistry();
  const summary = registry.summary(defineSummary({ name: 'size_bytes', help: 'Size.', quantiles: [0.5, 1] }));
  t.deepEqual((await family(registry, 'size_bytes'))?.metric?.[0]?.summary?.quantile, [
    { quantile: 0.5, value: 'NaN' },
    { quantile: 1, value: 'NaN' },
  ]);
  for (const value of [1, 2, 3]) summary.observe(value);
  const { summary: read } = (await family(registry, 'size_bytes'))?.metric?.[0] ?? {};
  t.is(read?.sampleCount, '3');
  t.is(read?.sampleSum, 6);
  t.deepEqual(read?.quantile, [
    { quantile: 0.5, value: 2 },
    { quantile: 1, value: 3 },
  ]);
});

test('a native histogram has its resolution, its zero bucket, and spans of buckets with deltas of counts', async (t) => {
  const registry = createTestRegistry();
  const definition = defineHistogram({
    name: 'wait_seconds',
    help: 'Wait.',
    native: { schema: 1, zeroThreshold: 0.01 },
  });
  const histogram = registry.histogram(definition);
  for (const value of [0, 0.005, 1, 1, 1.2, 5, 1e6, -3, -3, -4.5]) histogram.observe(value);
  const { histogram: read } = (await family(registry, 'wait_seconds'))?.metric?.[0] ?? {};
  const native = histogram.with({}).native;
  t.is(read?.schema, 1);
  t.is(read?.zeroThreshold, 0.01);
  t.is(read?.zeroCount, '2');
  t.is(read?.sampleCount, '10');
  t.is(read?.sampleSum, 1_000_000 + 1 + 1 + 1.2 + 5 - 3 - 3 - 4.5 + 0.005);
  t.is(read?.bucket, undefined);
  // Gaps of up to two empty buckets do not end a span.
  t.deepEqual(read?.positiveSpan, [
    { offset: 0, length: 2 },
    { offset: 3, length: 1 },
    { offset: 34, length: 1 },
  ]);
  t.deepEqual(read?.positiveDelta, ['2', '-1', '0', '0']);
  t.deepEqual(nativeBucketsOf(read?.positiveSpan, read?.positiveDelta), native?.positive);
  t.deepEqual(nativeBucketsOf(read?.negativeSpan, read?.negativeDelta), native?.negative);
});

test('a native histogram without observations, whose zero bucket has no width, has an empty span', async (t) => {
  const registry = createTestRegistry();
  registry.histogram(defineHistogram({ name: 'wait_seconds', help: 'Wait.', native: { zeroThreshold: 0 } }));
  const { histogram } = (await family(registry, 'wait_seconds'))?.metric?.[0] ?? {};
  t.deepEqual(histogram?.positiveSpan, [{ offset: 0, length: 0 }]);
  t.is(histogram?.sampleCount, '0');
});

test('classic and native buckets of one histogram are in one message', async (t) => {
  const registry = createTestRegistry();
  const both = defineHistogram({ name: 'both_seconds', help: 'Both.', buckets: [1], native: {} });
  registry.histogram(both).observe(3, 70_000);
  const { histogram } = (await family(registry, 'both_seconds'))?.metric?.[0] ?? {};
  t.deepEqual(histogram?.bucket, [{ cumulativeCount: '0', upperBound: 1 }]);
  t.deepEqual(nativeBucketsOf(histogram?.positiveSpan, histogram?.positiveDelta), new Map([[13, 70_000]]));
});

test('counts beyond 2^53 are doubles', async (t) => {
  const registry = createTestRegistry();
  const both = defineHistogram({ name: 'both_seconds', help: 'Both.', buckets: [1], native: { schema: 0 } });
  registry.histogram(both).observe(3, 2 ** 70);
  registry.histogram(both).observe(-3, 2 ** 60);
  const { histogram } = (await family(registry, 'both_seconds'))?.metric?.[0] ?? {};
  t.is(histogram?.sampleCount, undefined);
  t.is(histogram?.sampleCountFloat, 2 ** 70 + 2 ** 60);
  t.is(histogram?.bucket?.[0]?.cumulativeCountFloat, 2 ** 60);
  t.deepEqual(histogram?.positiveCount, [2 ** 70]);
  t.deepEqual(histogram?.negativeCount, [2 ** 60]);
});

test('any buckets are decoded as they were observed', async (t) => {
  const values = fc.array(
    fc.tuple(
      fc.oneof(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.double({ min: -10, max: 10, noNaN: true }),
      ),
      fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 2 ** 48 })),
    ),
    { maxLength: 100 },
  );
  const property = fc.asyncProperty(values, fc.integer({ min: -4, max: 8 }), async (observations, schema) => {
    const registry = createTestRegistry();
    const histogram = registry.histogram(defineHistogram({ name: 'any', help: 'Any.', native: { schema } }));
    for (const [value, weight] of observations) histogram.with({}).observe(value, weight);
    const { histogram: read } = (await family(registry, 'any'))?.metric?.[0] ?? {};
    const native = histogram.with({}).native;
    t.is(Number(read?.sampleCount), histogram.with({}).count);
    t.is(Number(read?.sampleSum), histogram.with({}).sum);
    t.is(read?.schema, native?.schema);
    t.is(Number(read?.zeroCount), native?.zeroCount as number);
    t.deepEqual(nativeBucketsOf(read?.positiveSpan, read?.positiveDelta), new Map(native?.positive));
    t.deepEqual(nativeBucketsOf(read?.negativeSpan, read?.negativeDelta), new Map(native?.negative));
  });
  await t.notThrowsAsync(fc.assert(property, { numRuns: 100 }));
});

test('any label value, name and help text is decoded as it was', async (t) => {
  const text = fc.oneof(
    fc.string({ unit: anyCharacter, maxLength: 300 }),
    fc.string({ unit: 'grapheme', minLength: 120, maxLength: 140 }),
  );
  const help = text.filter((each) => each.trim() !== '');
  const property = fc.asyncProperty(text, text, help, async (kind, place, helpText) => {
    const registry = createTestRegistry();
    registry.gauge(defineGauge({ name: 'level', help: helpText, labels })).set({ kind, place }, 1);
    // Half a surrogate pair is no character: as in the text formats, it is replaced.
    const wellFormed = (value: string): string => Buffer.from(value).toString();
    const read = await family(registry, 'level');
    t.is(read?.help, wellFormed(helpText));
    t.deepEqual(
      read?.metric?.[0]?.label ?? [],
      [
        { name: 'kind', value: wellFormed(kind) },
        { name: 'place', value: wellFormed(place) },
      ].filter(({ value }) => value !== ''),
    );
  });
  await t.notThrowsAsync(fc.assert(property, { numRuns: 100 }));
});

test('counters, classic buckets and native histograms have their exemplars', async (t) => {
  const registry = createTestRegistry();
  const trace = 'a'.repeat(32);
  const counter = registry.counter(defineCounter({ name: 'jobs_total', help: 'Jobs.' }));
  counter.with({}).inc(2, { trace_id: trace, span_id: 'b' });
  const classic = registry.histogram(defineHistogram({ name: 'run_seconds', help: 'Run.', buckets: [1, 2] }));
  classic.with({}).observe(1.5, 1, { trace_id: trace });
  classic.with({}).observe(9, 1, { trace_id: 'last' });
  const native = registry.histogram(defineHistogram({ name: 'wait_seconds', help: 'Wait.', native: {} }));
  native.with({}).observe(0.001, 1, { trace_id: 'short' });
  native.with({}).observe(60, 1, { trace_id: 'long' });
  const read = await scraped(registry);
  const metricOf = (name: string) => read.find((each) => each.name === name)?.metric?.[0];
  t.like(metricOf('jobs_total')?.counter?.exemplar, {
    label: [
      { name: 'trace_id', value: trace },
      { name: 'span_id', value: 'b' },
    ],
    value: 2,
  });
  const [low, middle, last] = metricOf('run_seconds')?.histogram?.bucket ?? [];
  t.is(low?.exemplar, undefined);
  t.like(middle, { cumulativeCount: '1', upperBound: 2 });
  t.like(middle?.exemplar, { label: [{ name: 'trace_id', value: trace }], value: 1.5 });
  t.like(last, { cumulativeCount: '2', upperBound: 'Infinity' });
  t.is(last?.exemplar?.value, 9);
  t.deepEqual(
    metricOf('wait_seconds')
      ?.histogram?.exemplars?.map(({ label, value }) => [label[0]?.value, value])
      .sort(),
    [
      ['long', 60],
      ['short', 0.001],
    ],
  );
  for (const { exemplars = [] } of [metricOf('wait_seconds')?.histogram ?? {}])
    for (const { timestamp = '' } of exemplars) t.true(Math.abs(Date.parse(timestamp) - Date.now()) < 60_000);
});

test.serial(
  'the exemplars of a native histogram come in the order of their times, as Prometheus stores them',
  async (t) => {
    const advance = freezeDate(t);
    const registry = createTestRegistry();
    const native = registry.histogram(defineHistogram({ name: 'wait_seconds', help: 'Wait.', native: {} }));
    for (const value of [30, 0.3, 5, 1]) {
      native.with({}).observe(value, 1, { id: `${value}` });
      advance(10);
    }
    const { histogram } = (await family(registry, 'wait_seconds'))?.metric?.[0] ?? {};
    t.deepEqual(
      histogram?.exemplars?.map(({ value }) => value),
      [30, 0.3, 5, 1],
    );
  },
);

test('a third-party counter and histogram have their exemplars, and an invalid one is left out', async (t) => {
  const registry = createTestRegistry();
  const exemplar = { labelSet: { trace_id: 'x' }, value: 3, timestamp: 1_700_000_000.25 };
  const sampleOf = (metricName: string | undefined, labels: object, value: number, own: object) => ({
    ...(metricName && { metricName }),
    labels,
    value,
    exemplar: own,
  });
  const add = (name: string, type: string, values: readonly object[]): void =>
    registry.prometheus.registerMetric({
      name,
      get: async () => ({ name, help: 'Other.', type, values }),
    } as never);
  add('calls_total', 'counter', [
    sampleOf(undefined, { kind: 'a' }, 1, exemplar),
    sampleOf(undefined, { kind: 'b' }, 1, { ...exemplar, labelSet: { 'a-b': 'x' } }),
  ]);
  add('run_seconds', 'histogram', [
    sampleOf('run_seconds_bucket', { le: 1 }, 1, exemplar),
    sampleOf('run_seconds_bucket', { le: '+Inf' }, 2, { ...exemplar, timestamp: undefined }),
  ]);
  const [calls, run] = await scraped(registry);
  const read = { label: [{ name: 'trace_id', value: 'x' }], value: 3, timestamp: '2023-11-14T22:13:20.250Z' };
  t.deepEqual(calls?.metric?.[0]?.counter?.exemplar, read);
  t.is(calls?.metric?.[1]?.counter?.exemplar, undefined);
  t.deepEqual(run?.metric?.[0]?.histogram?.bucket, [
    { cumulativeCount: '1', upperBound: 1, exemplar: read },
    { cumulativeCount: '2', upperBound: 'Infinity', exemplar: { label: read.label, value: 3 } },
  ]);
});

test('integers of up to 53 bits are written in groups of seven bits', (t) => {
  const property = fc.property(fc.maxSafeNat(), (value) => {
    const out = new ByteWriter(4);
    out.varint(value);
    const bytes = [...out.take()];
    const read = bytes.reduce((sum, byte, index) => sum + BigInt(byte & 127) * 128n ** BigInt(index), 0n);
    t.is(read, BigInt(value));
    t.true(bytes.every((byte, index) => byte > 127 === index < bytes.length - 1));
  });
  t.notThrows(() => fc.assert(property));
});

test('metrics of prom-client are included, of every type', async (t) => {
  const registry = createTestRegistry();
  const registers = [registry.prometheus];
  registry.prometheus.setDefaultLabels({ region: 'eu' });
  new promClient.Counter({ name: 'other_total', help: 'Other.', labelNames: ['kind'], registers }).inc(
    { kind: 'a' },
    3,
  );
  new promClient.Gauge({ name: 'other_level', help: 'Other.', registers }).set(-2);
  const histogram = new promClient.Histogram({
    name: 'other_seconds',
    help: 'Other.',
    buckets: [1, 2],
    registers,
  });
  for (const value of [0.5, 1.5, 9]) histogram.observe(value);
  new promClient.Summary({ name: 'other_bytes', help: 'Other.', percentiles: [0.5], registers }).observe(8);
  registry.prometheus.registerMetric({
    name: 'odd',
    get: async () => ({ name: 'odd', help: 'Odd.', type: 'info', values: [{ labels: {}, value: 7 }] }),
  } as never);
  const label = [{ name: 'region', value: 'eu' }];
  const read = await scraped(registry);
  t.deepEqual(read.slice(0, 5), [
    {
      name: 'other_total',
      help: 'Other.',
      type: 'COUNTER',
      metric: [{ label: [{ name: 'kind', value: 'a' }, ...label], counter: { value: 3 } }],
    },
    { name: 'other_level', help: 'Other.', type: 'GAUGE', metric: [{ label, gauge: { value: -2 } }] },
    {
      name: 'other_seconds',
      help: 'Other.',
      type: 'HISTOGRAM',
      metric: [
        {
          label,
          histogram: {
            sampleCount: '3',
            sampleSum: 11,
            bucket: [
              { cumulativeCount: '1', upperBound: 1 },
              { cumulativeCount: '2', upperBound: 2 },
            ],
          },
        },
      ],
    },
    {
      name: 'other_bytes',
      help: 'Other.',
      type: 'SUMMARY',
      metric: [
        { label, summary: { sampleCount: '1', sampleSum: 8, quantile: [{ quantile: 0.5, value: 8 }] } },
      ],
    },
    { name: 'odd', help: 'Odd.', type: 'UNTYPED', metric: [{ label, untyped: { value: 7 } }] },
  ]);
});

test('a third-party metric that cannot be read leaves nothing in the scrape, and is counted', async (t) => {
  const registry = createTestRegistry();
  const values = {
    *[Symbol.iterator]() {
      yield { labels: {}, value: 1 };
      throw new Error('no more');
    },
  };
  registry.prometheus.registerMetric({
    name: 'broken',
    get: async () => ({ name: 'broken', help: 'Broken.', type: 'gauge', values }),
  } as never);
  registry.gauge(defineGauge({ name: 'level', help: 'Level.' })).set(1);
  t.deepEqual(
    (await scraped(registry)).map(({ name }) => name),
    ['level'],
  );
  t.is(readValue(registry, metricsCollectorErrors, { metric: 'broken' }), 1);
});

test('a large family is one message, in chunks between which the event loop turns', async (t) => {
  const registry = createTestRegistry({ maxSeries: 10_000 });
  const counter = registry.counter(defineCounter({ name: 'many_total', help: 'Many.', labels }));
  for (let series = 0; series < 5_000; series++)
    counter.inc({ kind: `kind ${series}`, place: 'here' }, series);
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const chunks: Buffer[] = [];
  for await (const chunk of scrapeChunks(registry, { format: protobufFormat })) chunks.push(chunk);
  isDone = true;
  t.true(turns > 5);
  t.true(chunks.length > 5);
  t.true(chunks.every(({ length }) => length > 0 && length < 100_000));
  const [many] = decodeProtobuf(Buffer.concat(chunks));
  t.is(many?.metric?.length, 5_000);
  t.is(many?.metric?.[4_999]?.counter?.value, 4_999);
});

const proto = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily';
const prometheus2 = `${proto};encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`;
const prometheus3 = `${proto};encoding=delimited;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1`;
for (const [accept, expected] of [
  [prometheus2, 'protobuf'],
  [prometheus3, 'protobuf'],
  [`${proto};encoding=delimited`, 'protobuf'],
  [`${proto};encoding=delimited;escaping=underscores`, 'protobuf'],
  [
    `Application/vnd.google.protobuf; Encoding=delimited; proto="io.prometheus.client.MetricFamily"`,
    'protobuf',
  ],
  [`${proto};encoding=delimited;q=0.2,text/plain;q=0.3`, 'text'],
  [`${proto};encoding=delimited;q=0`, 'text'],
  [`${proto};encoding=text`, 'text'],
  [`${proto};encoding=compact-text`, 'text'],
  ['application/vnd.google.protobuf', 'text'],
  ['application/vnd.google.protobuf;proto=other.Message;encoding=delimited', 'text'],
  // Of VictoriaMetrics, which does not read it.
  ['text/plain;version=0.0.4;q=0.5,*/*;q=0.1', 'text'],
] as const) {
  test(`Accept: ${accept.slice(0, 120)} is ${expected}`, (t) => {
    t.is(negotiatedFormat(accept).label, expected);
  });
}

test('the endpoint answers in protobuf with its content type, compressed if accepted', async (t) => {
  const registry = createTestRegistry();
  registry.histogram(defineHistogram({ name: 'wait_seconds', help: 'Wait.', native: {} })).observe(1);
  const server = await serve(new Koa().use(metricsRouter({ registry }).routes()));
  t.teardown(() => server.close());
  for (const encoding of ['gzip', 'identity']) {
    const response = await fetch(`${server.url}/metrics`, {
      headers: { accept: prometheus3, 'accept-encoding': encoding },
    });
    t.is(
      response.headers.get('content-type'),
      'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
    );
    t.is(response.headers.get('content-encoding'), encoding === 'gzip' ? 'gzip' : null);
    const names = decodeProtobuf(Buffer.from(await response.arrayBuffer())).map(({ name }) => name);
    t.true(names.includes('wait_seconds'));
  }
});
