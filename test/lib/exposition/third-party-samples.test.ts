/** Which samples of a third-party metric are written, in which order, and what OpenMetrics forbids of them. */
import test from 'ava';
import { metricsCollectorErrors } from '../../../lib/catalogue/self.js';
import { ByteWriter } from '../../../lib/exposition/byte-writer.js';
import { familyWriter } from '../../../lib/exposition/family-writer.js';
import { openMetricsFormat } from '../../../lib/exposition/open-metrics.js';
import { scrapeToString } from '../../../lib/exposition/scrape.js';
import { textFormat } from '../../../lib/exposition/text.js';
import { thirdPartyText } from '../../../lib/exposition/third-party-family.js';
import type { Sample } from '../../../lib/instruments/instrument.js';
import { createTestRegistry, readValue } from '../../../lib/testing.js';

const base = { name: 'odd', help: 'Odd.' };
const bucket = (le: unknown, value: number) => ({ metricName: 'odd_bucket', labels: { le }, value });

function thirdParty(registry: ReturnType<typeof createTestRegistry>, snapshot: object): void {
  registry.prometheus.registerMetric({ name: 'odd', get: async () => snapshot } as never);
}

function sampleLines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '' && !/^#|^metrics_/.test(line));
}

/** The sample lines of a third-party metric `odd` in both formats, and how many problems it has in OpenMetrics. */
async function written(type: string, values: readonly object[]) {
  const registry = createTestRegistry();
  thirdParty(registry, { ...base, type, values });
  const text = sampleLines(await scrapeToString(registry));
  const problems = () => readValue(registry, metricsCollectorErrors, { metric: 'odd' }) ?? 0;
  const before = problems();
  const openMetrics = sampleLines(await scrapeToString(registry, { format: openMetricsFormat }));
  return { text, openMetrics, problems: problems() - before };
}

const part = (suffix: string, value: number) => ({ metricName: `odd${suffix}`, labels: {}, value });
const bucketLines = ['odd_bucket{le="1.0"} 1', 'odd_bucket{le="+Inf"} 2'];
const totalLines = (sum: number, count: number) => [`odd_sum ${sum}`, `odd_count ${count}`];

for (const [what, values, hasTotals] of [
  ['', [bucket(1, 1), bucket('+Inf', 2), part('_sum', 3), part('_count', 2)], true],
  [' of 0', [bucket(1, 1), bucket('+Inf', 2), part('_sum', 0), part('_count', 2)], true],
  [' that is negative', [bucket(1, 1), bucket('+Inf', 2), part('_sum', -3), part('_count', 2)], false],
  [
    ' whose count is not that of the bucket +Inf',
    [bucket(1, 1), bucket('+Inf', 2), part('_sum', 3), part('_count', 3)],
    false,
  ],
  [' without a count', [bucket(1, 1), bucket('+Inf', 2), part('_sum', 3)], false],
] as const)
  test(`the sum of a third-party histogram${what} is ${hasTotals ? '' : 'not '}written in OpenMetrics`, async (t) => {
    const { text, openMetrics } = await written('histogram', values);
    t.is(text.length, values.length);
    const { value: sum } = values[2];
    t.deepEqual(openMetrics, [...bucketLines, ...(hasTotals ? totalLines(sum, 2) : [])]);
  });

test('the sum of a third-party histogram with a negative bound is not written in OpenMetrics, since it may decrease', async (t) => {
  const values = [bucket(-1, 0), bucket('+Inf', 2), part('_sum', 3), part('_count', 2)];
  const { text, openMetrics } = await written('histogram', values);
  t.deepEqual(text, ['odd_bucket{le="-1"} 0', 'odd_bucket{le="+Inf"} 2', ...totalLines(3, 2)]);
  t.deepEqual(openMetrics, ['odd_bucket{le="-1.0"} 0', 'odd_bucket{le="+Inf"} 2']);
});

test('a third-party histogram with a first bound of 0 has its sum in OpenMetrics', async (t) => {
  const values = [bucket(0, 0), bucket('+Inf', 2), part('_sum', 3), part('_count', 2)];
  const { openMetrics } = await written('histogram', values);
  t.deepEqual(openMetrics.slice(2), totalLines(3, 2));
});

test('buckets of a third-party histogram are written by their bounds, before sum and count', async (t) => {
  const values = [part('_count', 2), bucket('+Inf', 2), part('_sum', 3), bucket('10', 2), bucket('2', 1)];
  const lines = ['odd_bucket{le="2"} 1', 'odd_bucket{le="10"} 2', 'odd_bucket{le="+Inf"} 2'];
  t.deepEqual((await written('histogram', values)).text, [...lines, ...totalLines(3, 2)]);
});

test('a third-party histogram with fractions in its buckets is written in the text format only', async (t) => {
  const values = [bucket(1, 1), bucket('+Inf', 1.5), part('_sum', 3), part('_count', 1.5)];
  const { text, openMetrics, problems } = await written('histogram', values);
  t.is(text.length, 4);
  t.deepEqual([openMetrics, problems], [[], 1]);
});

test('a third-party counter that is negative or NaN is written in the text format only', async (t) => {
  for (const value of [-1, Number.NaN]) {
    const { text, openMetrics, problems } = await written('counter', [part('', value)]);
    t.deepEqual([text, openMetrics], [[`odd ${value}`], [`odd ${value}`]], 'its type is unknown there');
    t.is(problems, 0);
    const registry = createTestRegistry();
    const values = [{ labels: {}, value }];
    thirdParty(registry, { ...base, name: 'odd_total', type: 'counter', values });
    t.deepEqual(sampleLines(await scrapeToString(registry)), [`odd_total ${value}`]);
    t.is(readValue(registry, metricsCollectorErrors, { metric: 'odd_total' }), undefined);
    t.deepEqual(sampleLines(await scrapeToString(registry, { format: openMetricsFormat })), []);
    t.is(readValue(registry, metricsCollectorErrors, { metric: 'odd_total' }), 1);
  }
});

const quantile = (of: unknown, value: number) => ({ labels: { quantile: of }, value });

test('quantiles of a third-party summary are written before its sum and count', async (t) => {
  const values = [part('_sum', 3), quantile(0.5, 1), part('_count', 2), quantile('1', 2)];
  const { text, openMetrics } = await written('summary', values);
  t.deepEqual(text, ['odd{quantile="0.5"} 1', 'odd{quantile="1"} 2', ...totalLines(3, 2)]);
  t.deepEqual(openMetrics, ['odd{quantile="0.5"} 1', 'odd{quantile="1.0"} 2', ...totalLines(3, 2)]);
});

test('negative quantiles and sums of a third-party summary are not written in OpenMetrics; NaN and 0 quantiles are', async (t) => {
  const values = [
    quantile(0.1, -1),
    quantile(0.5, 0),
    quantile(0.9, Number.NaN),
    part('_sum', -1),
    part('_count', 0),
  ];
  const { text, openMetrics, problems } = await written('summary', values);
  t.is(text.length, 5);
  t.deepEqual(openMetrics, ['odd{quantile="0.5"} 0', 'odd{quantile="0.9"} NaN', 'odd_count 0']);
  t.is(problems, 0);
});

for (const invalid of ['', undefined, 'x', Number.NaN])
  test(`a third-party bucket or quantile with the bound ${JSON.stringify(invalid)} is left out`, async (t) => {
    const histogram = await written('histogram', [bucket(invalid, 1), bucket('+Inf', 2)]);
    t.deepEqual([histogram.text, histogram.problems], [['odd_bucket{le="+Inf"} 2'], 1]);
    const summary = await written('summary', [quantile(invalid, 1), quantile(1, 2)]);
    t.deepEqual([summary.text, summary.problems], [['odd{quantile="1"} 2'], 1]);
  });

test('a third-party sample belongs to its type by its suffix', async (t) => {
  for (const [type, suffix, isWritten] of [
    ['gauge', '_sum', false],
    ['gauge', '_bucket', false],
    ['counter', '_created', false],
    ['summary', '_sum', true],
    ['summary', '_bucket', false],
    ['summary', '_other', false],
    ['histogram', '', false],
    ['histogram', '_other', false],
  ] as const) {
    const { text, problems } = await written(type, [part(suffix, 1)]);
    t.is(text.length, isWritten ? 1 : 0, `${type} ${suffix}`);
    t.is(problems, isWritten ? 0 : 1);
  }
});

test('a label of a third-party sample that is empty or absent is left out', async (t) => {
  const labels = { a: '', b: undefined, c: null, d: 0, e: false };
  t.deepEqual((await written('gauge', [{ labels, value: 1 }])).text, ['odd{d="0",e="false"} 1']);
  t.deepEqual((await written('gauge', [{ value: 1 }])).text, ['odd 1']);
});

test('samples that are grouped already are written series by series, without reading the next series', (t) => {
  const of = (kind: string, suffix: string, value: number, le?: string) => ({
    metricName: `odd${suffix}`,
    labels: { kind, ...(le && { le }) },
    value,
  });
  let read = 0;
  function* samples() {
    for (const kind of ['a', 'b', 'c'])
      for (const sample of [
        of(kind, '_count', 2),
        of(kind, '_bucket', 2, '+Inf'),
        of(kind, '_bucket', 1, '1'),
      ]) {
        read += 1;
        yield sample;
      }
  }
  const problems: string[] = [];
  const options = { type: 'histogram', format: textFormat, constant: new Map(), isMerged: true } as const;
  const pieces = thirdPartyText(base, samples(), { ...options, onProblem: (each) => problems.push(each) });
  t.is(pieces.next().value, '# HELP odd Odd.\n# TYPE odd histogram\n');
  for (const [index, kind] of ['a', 'b', 'c'].entries()) {
    const lines = [1, 2, 3].map(() => pieces.next().value);
    t.deepEqual(lines, [
      `odd_bucket{kind="${kind}",le="1"} 1\n`,
      `odd_bucket{kind="${kind}",le="+Inf"} 2\n`,
      `odd_count{kind="${kind}"} 2\n`,
    ]);
    t.is(read, Math.min(9, (index + 1) * 3 + 1));
  }
  t.true(pieces.next().done);
  t.deepEqual(problems, []);
});

test('samples that are said to be unique are not kept to compare them', (t) => {
  const options = { type: 'gauge', format: textFormat, constant: new Map(), isMerged: true } as const;
  const same = { labels: {}, value: 1 };
  t.deepEqual([...thirdPartyText(base, [same, same], { ...options, onProblem: () => t.fail() })].slice(1), [
    'odd 1\n',
    'odd 1\n',
  ]);
});

test('a help text that is no text is left empty', async (t) => {
  const registry = createTestRegistry();
  thirdParty(registry, { name: 'odd', type: 'gauge', values: [part('', 1)] });
  t.regex(await scrapeToString(registry), /^# HELP odd \n# TYPE odd gauge\nodd 1\n/);
});

test('constant labels are added to third-party samples that do not have them', async (t) => {
  const registry = createTestRegistry();
  thirdParty(registry, {
    ...base,
    type: 'gauge',
    values: [
      { labels: { zone: 'own' }, value: 1 },
      { labels: { zone: '' }, value: 2 },
      { labels: { kind: 'a' }, value: 3 },
    ],
  });
  t.deepEqual(sampleLines(await scrapeToString(registry, { constantLabels: { zone: 'eu' } })), [
    'odd{zone="own"} 1',
    'odd{zone="eu"} 2',
    'odd{kind="a",zone="eu"} 3',
  ]);
});

for (const [what, sample, shown] of [
  ['no labels', { metricName: 'odd_bucket', value: 1 }, 'undefined'],
  ['an invalid bound', bucket('x', 1), '"x"'],
] as const)
  test(`the warning about a bucket with ${what} names the label and what it has`, async (t) => {
    const registry = createTestRegistry();
    thirdParty(registry, { ...base, type: 'histogram', values: [sample, bucket('+Inf', 2)] });
    t.deepEqual(sampleLines(await scrapeToString(registry)), ['odd_bucket{le="+Inf"} 2']);
    t.true(
      registry.warnings[0]?.message.includes(`an invalid \`le\` (${shown})`),
      registry.warnings[0]?.message,
    );
  });

test('a sample with the bare name of a third-party histogram is left out, and counted', async (t) => {
  const { text, problems } = await written('histogram', [part('', 1), bucket('+Inf', 2)]);
  t.deepEqual([text, problems], [['odd_bucket{le="+Inf"} 2'], 1]);
});

test('a series of a third-party histogram without buckets is left out; the others stay', async (t) => {
  const lone = { metricName: 'odd_sum', labels: { kind: 'lone' }, value: 1 };
  const { text, problems } = await written('histogram', [lone, bucket('+Inf', 2)]);
  t.deepEqual([text, problems], [['odd_bucket{le="+Inf"} 2'], 1]);
});

test('a small third-party family is written without a pause', async (t) => {
  const writer = await familyWriter(textFormat);
  for (const [type, samples] of [
    ['gauge', [part('', 1)]],
    ['histogram', [bucket(1, 1), bucket('+Inf', 2), part('_sum', 3), part('_count', 2)]],
  ] as const) {
    const out = new ByteWriter(1_024);
    const options = { type, constant: new Map(), onProblem: () => t.fail() };
    t.is([...writer.thirdParty(out, base, samples as Iterable<Sample>, options)].length, 0, type);
    t.is(sampleLines(out.take().toString()).length, samples.length);
  }
});
