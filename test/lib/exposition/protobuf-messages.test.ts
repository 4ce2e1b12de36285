/** The fields of protobuf messages at the limits of their encoding, and what third-party metrics leave out. */
import test from 'ava';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../../lib/define.js';
import { protobufFormat } from '../../../lib/exposition/protobuf-format.js';
import { scrapeChunks } from '../../../lib/exposition/scrape.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, type TestRegistry } from '../../../lib/testing.js';
import { decodeProtobuf, nativeBucketsOf, type ProtobufFamily } from '../../helpers/decode-protobuf.js';

async function scraped(registry: TestRegistry): Promise<ProtobufFamily[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of scrapeChunks(registry, { format: protobufFormat })) chunks.push(chunk);
  return decodeProtobuf(Buffer.concat(chunks));
}

/** The metrics of a third-party family `odd`. */
async function thirdParty(type: string, values: readonly object[], help: unknown = 'Odd.') {
  const registry = createTestRegistry();
  registry.prometheus.registerMetric({
    name: 'odd',
    get: async () => ({ name: 'odd', help, type, values }),
  } as never);
  return (await scraped(registry))[0];
}

const part = (suffix: string, value: number) => ({ metricName: `odd${suffix}`, labels: {}, value });
const bucket = (le: unknown, value: number) => ({ metricName: 'odd_bucket', labels: { le }, value });

test('counters, summaries and histograms have the second when they started to count, and gauges have none', async (t) => {
  const registry = createTestRegistry();
  const seconds = [
    registry.counter(defineCounter({ name: 'jobs_total', help: 'J.' })).with({}),
    registry.summary(defineSummary({ name: 'size_bytes', help: 'S.', quantiles: [] })).with({}),
    registry.histogram(defineHistogram({ name: 'run_seconds', help: 'R.', buckets: [1] })).with({}),
  ].map(({ created }) => new Date(created * 1_000).toISOString().replace('.000Z', 'Z'));
  registry.gauge(defineGauge({ name: 'level', help: 'L.' })).set(1);
  const [jobs, size, run, level] = (await scraped(registry)).map(({ metric }) => metric?.[0]);
  t.deepEqual(
    [jobs?.counter, size?.summary, run?.histogram].map((each) => each?.createdTimestamp),
    seconds,
  );
  t.is(size?.summary?.quantile, undefined);
  t.deepEqual(level, { gauge: { value: 1 } });
});

test('label values of every length are decoded, also where their length needs one byte more', async (t) => {
  const registry = createTestRegistry();
  const gauge = registry.gauge(
    defineGauge({ name: 'level', help: 'L.', labels: { v: label() }, maxSeries: 100 }),
  );
  const lengths = [1, 2, ...Array.from({ length: 20 }, (_, index) => 112 + index), 16_383, 16_384, 20_000];
  for (const length of lengths) gauge.set({ v: 'x'.repeat(length) }, length);
  const metrics = (await scraped(registry))[0]?.metric ?? [];
  t.deepEqual(
    metrics.map((metric) => [metric.label?.[0]?.value.length, metric.gauge?.value]),
    lengths.map((length) => [length, length]),
  );
});

test('labels of the registry fill in for labels that are empty, and others come last', async (t) => {
  const registry = createTestRegistry();
  registry.prometheus.setDefaultLabels({ kind: 'default', zone: 'eu' });
  const gauge = registry.gauge(
    defineGauge({ name: 'level', help: 'L.', labels: { kind: label(), place: label() } }),
  );
  gauge.set({ kind: '', place: 'here' }, 1);
  gauge.set({ kind: 'own', place: '' }, 2);
  const [first, second] = (await scraped(registry))[0]?.metric ?? [];
  const zone = { name: 'zone', value: 'eu' };
  t.deepEqual(first?.label, [{ name: 'kind', value: 'default' }, { name: 'place', value: 'here' }, zone]);
  t.deepEqual(second?.label, [{ name: 'kind', value: 'own' }, zone]);
});

test('a family without help has no help, and one whose help is no text neither', async (t) => {
  for (const help of ['', null, 7]) {
    const read = await thirdParty('gauge', [part('', 1)], help);
    t.deepEqual(read, { name: 'odd', type: 'GAUGE', metric: [{ gauge: { value: 1 } }] });
  }
});

for (const [count, expected] of [
  [0, '0'],
  [-5, '0'],
  [2.4, '2'],
  [2.6, '3'],
  [2 ** 31, '2147483648'],
  [2 ** 60, '9007199254740991'],
] as const)
  test(`a count ${count} of a third-party summary is the integer ${expected}`, async (t) => {
    const read = await thirdParty('summary', [part('_count', count), part('_sum', -1.5)]);
    t.deepEqual(read?.metric?.[0]?.summary, { sampleCount: expected, sampleSum: -1.5 });
  });

test('a third-party summary without sum and count has 0 for both', async (t) => {
  const read = await thirdParty('summary', [{ labels: { quantile: '0.5' }, value: 3 }]);
  t.deepEqual(read?.metric?.[0]?.summary, {
    sampleCount: '0',
    sampleSum: 0,
    quantile: [{ quantile: 0.5, value: 3 }],
  });
});

test('a third-party histogram without sum and count has the count of the bucket +Inf, and an unknown sum', async (t) => {
  const read = await thirdParty('histogram', [bucket(1, 2), bucket('+Inf', 5)]);
  t.deepEqual(read?.metric?.[0]?.histogram, {
    sampleCount: '5',
    sampleSum: 'NaN',
    bucket: [{ cumulativeCount: '2', upperBound: 1 }],
  });
});

test('a third-party histogram with fractions has all its counts as doubles', async (t) => {
  const read = await thirdParty('histogram', [
    bucket(1, 0.5),
    bucket('+Inf', 2),
    part('_sum', 1),
    part('_count', 2),
  ]);
  t.deepEqual(read?.metric?.[0]?.histogram, {
    sampleCountFloat: 2,
    sampleSum: 1,
    bucket: [{ cumulativeCountFloat: 0.5, upperBound: 1 }],
  });
});

test('a third-party counter and its exemplar keep the nanoseconds of the timestamp', async (t) => {
  for (const [timestamp, expected] of [
    [0, '1970-01-01T00:00:00Z'],
    [1.001, '1970-01-01T00:00:01.001Z'],
    [1_700_000_000.25, '2023-11-14T22:13:20.250Z'],
    [-1, undefined],
    [undefined, undefined],
  ] as const) {
    const exemplar = { labelSet: { id: 'x' }, value: 3, timestamp };
    const read = await thirdParty('counter', [{ labels: {}, value: 7, exemplar }]);
    t.deepEqual(read?.metric, [
      {
        counter: {
          value: 7,
          exemplar: {
            label: [{ name: 'id', value: 'x' }],
            value: 3,
            ...(expected !== undefined && { timestamp: expected }),
          },
        },
      },
    ]);
  }
});

test('a bucket whose exemplar has labels of any length is decoded', async (t) => {
  for (const length of [1, 60, 90, 100, 126]) {
    const exemplar = { labelSet: { ab: 'é'.repeat(length) }, value: 0.5, timestamp: 1 };
    const read = await thirdParty('histogram', [{ ...bucket(1, 1), exemplar }, bucket('+Inf', 300)]);
    const [first, ...others] = read?.metric?.[0]?.histogram?.bucket ?? [];
    t.like(first, { cumulativeCount: '1', upperBound: 1 });
    t.is(first?.exemplar?.label[0]?.value, 'é'.repeat(length));
    t.deepEqual(others, []);
  }
});

test('native buckets of both signs are decoded with gaps of any width', async (t) => {
  for (const gap of [1, 2, 3, 4, 200]) {
    const registry = createTestRegistry();
    const histogram = registry.histogram(
      defineHistogram({ name: 'wait_seconds', help: 'W.', native: { schema: 0, zeroThreshold: 0 } }),
    );
    for (const sign of [1, -1])
      for (const power of [-1, 0, gap, gap + 1]) histogram.observe(sign * 2 ** power, 1 + Math.abs(power));
    const read = (await scraped(registry))[0]?.metric?.[0]?.histogram;
    const { native } = histogram.with({});
    t.deepEqual(nativeBucketsOf(read?.positiveSpan, read?.positiveDelta), native?.positive);
    t.deepEqual(nativeBucketsOf(read?.negativeSpan, read?.negativeDelta), native?.negative);
    t.is(read?.positiveSpan?.length, gap > 3 ? 2 : 1, 'up to two empty buckets are written');
    t.is(read?.zeroThreshold ?? 0, 0);
  }
});

test('a native histogram that has buckets has no empty span', async (t) => {
  for (const [value, positive, negative] of [
    [1, 1, undefined],
    [-1, undefined, 1],
  ] as const) {
    const registry = createTestRegistry();
    const native = { schema: 0, zeroThreshold: 0 };
    registry.histogram(defineHistogram({ name: 'wait_seconds', help: 'W.', native })).observe(value);
    const read = (await scraped(registry))[0]?.metric?.[0]?.histogram;
    t.deepEqual([read?.positiveSpan?.length, read?.negativeSpan?.length], [positive, negative]);
  }
});

test('a native histogram has no classic bucket for an exemplar, whatever its value', async (t) => {
  const registry = createTestRegistry();
  const histogram = registry.histogram(defineHistogram({ name: 'wait_seconds', help: 'W.', native: {} }));
  const values = [0, -1, -1e300, 1e-300, 0.001, 0.5, 1, 2, 1_000, 1e300];
  for (const value of values) histogram.with({}).observe(value, 1, { id: 'x' });
  const read = (await scraped(registry))[0]?.metric?.[0]?.histogram;
  t.is(read?.bucket, undefined);
  t.true((read?.exemplars?.length ?? 0) > 1);
});

test('a third-party histogram whose sum has a fraction has integer counts, and the highest bucket is its count', async (t) => {
  const read = await thirdParty('histogram', [
    bucket(1, 1),
    bucket(2, 2),
    bucket('+Inf', 4),
    part('_sum', 0.5),
  ]);
  t.deepEqual(read?.metric?.[0]?.histogram, {
    sampleCount: '4',
    sampleSum: 0.5,
    bucket: [
      { cumulativeCount: '1', upperBound: 1 },
      { cumulativeCount: '2', upperBound: 2 },
    ],
  });
});

test('a native histogram with only a zero bucket, or only a width of it, has no span', async (t) => {
  for (const [zeroThreshold, observe] of [
    [0, true],
    [0.5, false],
  ] as const) {
    const registry = createTestRegistry();
    const histogram = registry.histogram(
      defineHistogram({ name: 'wait_seconds', help: 'W.', native: { zeroThreshold } }),
    );
    if (observe) histogram.observe(0);
    const read = (await scraped(registry))[0]?.metric?.[0]?.histogram;
    t.is(read?.positiveSpan, undefined);
    t.is(read?.negativeSpan, undefined);
  }
});
