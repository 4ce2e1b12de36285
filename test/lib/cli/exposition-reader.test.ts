/** Reads the families, series and labels of any exposition. */
import test from 'ava';
import { type Exposition, readExposition } from '../../../lib/cli/exposition-reader.js';
import { defineCounter, defineHistogram } from '../../../lib/define.js';
import { openMetricsWithCreated } from '../../../lib/exposition/open-metrics.js';
import { scrapeToString } from '../../../lib/exposition/scrape.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry } from '../../../lib/testing.js';
import { thirdPartyExposition } from '../../helpers/third-party-exposition.js';

const read = (text: string): Promise<Exposition> => readExposition([text]);

const labelsOf = async (text: string): Promise<Record<string, string[]>> =>
  Object.fromEntries(
    [...((await read(text)).families[0]?.labels ?? [])].map(([name, values]) => [name, [...values]]),
  );

test('families, series, bytes and labels of any exposition are read', async (t) => {
  const { families, series, bytes, unreadable, firstUnreadable } = await read(
    `${thirdPartyExposition}what is this?\n`,
  );
  t.deepEqual(
    families.map(({ name, type, series: own }) => [name, type, own]),
    [
      ['requests_total', 'counter', 2],
      ['latency', 'histogram', 4],
      ['go_version_info', 'untyped', 1],
    ],
  );
  t.deepEqual([...(families[0]?.labels.get('user') ?? [])], ['a,b=\\"c\\"}', 'd']);
  t.deepEqual([...(families[1]?.labels.keys() ?? [])], [], 'le does not count as a label');
  t.is(series, 7);
  t.is(bytes, Buffer.byteLength(thirdPartyExposition) + 14);
  t.is(unreadable, 1);
  t.is(firstUnreadable, 'what is this?');
});

test('both formats of a registry have the same series, except for creation times', async (t) => {
  const registry = createTestRegistry();
  const labels = { kind: label() };
  registry.counter(defineCounter({ name: 'calls_total', help: 'Calls.', labels })).inc({ kind: '{x="y"}' });
  registry
    .histogram(defineHistogram({ name: 'call_seconds', help: 'Durations.', labels, buckets: [1, 2] }))
    .observe({ kind: 'a' }, 1);
  const shape = async (text: string) =>
    (await read(text)).families.map(({ name, type, series }) => [name.replace(/_total$/, ''), type, series]);
  const text = await shape(await scrapeToString(registry));
  t.deepEqual(text, [
    ['calls', 'counter', 1],
    ['call_seconds', 'histogram', 5],
  ]);
  const openMetrics = await scrapeToString(registry, { format: openMetricsWithCreated });
  t.deepEqual(
    await shape(openMetrics),
    text.map(([name, type, series]) => [name, type, Number(series) + 1]),
    'Prometheus stores the creation time as a series',
  );
  t.deepEqual(await shape(openMetrics.replaceAll(/^\w+_created.*\n/gm, '')), text);
});

test('a text in chunks is read like the whole text, wherever it is split', async (t) => {
  const whole = await read(thirdPartyExposition);
  t.deepEqual(await readExposition([...thirdPartyExposition]), whole);
  t.deepEqual(await readExposition(thirdPartyExposition.split(/(?<= )/)), whole);
});

test('labels of an exemplar are not labels of the metric', async (t) => {
  t.deepEqual(
    await labelsOf(
      'c_total{path="/"} 5 # {trace_id="x1"} 1\nc_total{path="/a"} 5 1.5 # {span_id="}"} 0.67 1.5e9\n',
    ),
    { path: ['/', '/a'] },
  );
  t.deepEqual(await labelsOf('c_total 5 # {trace_id="x1"} 1\n'), {});
});

test('label values may contain braces, quotes, text like an exemplar, and every character except a line end', async (t) => {
  for (const value of ['a} 1', '} 5 # {b=\\"c\\"} 1', '\\\\', '\\n', 'a\u2028b\u0085', '# {', '😀', '']) {
    const { families, unreadable } = await read(`a{b="${value}",c="d",} 1\n`);
    t.is(unreadable, 0, value);
    t.deepEqual(
      [...(families[0]?.labels ?? [])],
      [
        ['b', new Set([value])],
        ['c', new Set(['d'])],
      ],
    );
  }
});

test('names in quotes are read as Prometheus 3 writes them', async (t) => {
  const { families, unreadable } = await read(
    '# HELP "my.metric" Mine.\n# TYPE "my.metric" counter\n{"my.metric",a="b","c.d"="e"} 1\n{"my.metric"} 1\n',
  );
  t.is(unreadable, 0);
  t.is(families.length, 1);
  t.like(families[0], { name: 'my.metric', type: 'counter', help: 'Mine.', series: 2 });
  t.deepEqual([...(families[0]?.labels.keys() ?? [])], ['a', 'c.d']);
});

test('a text with Windows line ends is read', async (t) => {
  const { families, unreadable, bytes } = await read(thirdPartyExposition.replaceAll('\n', '\r\n'));
  const unix = await read(thirdPartyExposition);
  t.is(unreadable, 0);
  t.deepEqual(
    families.map(({ bytes: _, ...rest }) => rest),
    unix.families.map(({ bytes: _, ...rest }) => rest),
  );
  t.is(bytes, unix.bytes + thirdPartyExposition.split('\n').length - 1);
});

test('numbers, timestamps and spaces are read as Prometheus does', async (t) => {
  for (const line of [
    'a NaN',
    'a +Inf 1700000000000',
    'a -Inf -1',
    'a{} 1e-9',
    'a{b="c"}.5',
    ' a \t .5E+3\t1.5 ',
    'a { b = "c" , } 1.',
  ])
    t.like(await read(`${line}\n`), { series: 1, unreadable: 0 }, line);
  for (const line of [
    'a',
    'a{b="c"}',
    'a one',
    'a 0x1p-2',
    'a 1_000',
    'a{b="c} 1',
    'a{b=c} 1',
    'a{b} 1',
    'a{"b"} 1',
    '{a="b"} 1',
    'a 1 2 3',
    'a 1 # {b="c"}',
    'a{,} 1',
    '{"a": 1}',
    `${'a'.repeat(2_000_000)} 1`,
  ])
    t.like(await read(`${line}\n`), { series: 0, unreadable: 1 }, line.slice(0, 80));
});

test('the types of OpenMetrics keep their samples together', async (t) => {
  const { families } = await read(`# TYPE build info
build_info{version="1"} 1
# TYPE state stateset
state{state="on"} 1
state{state="off"} 0
# TYPE waiting gaugehistogram
waiting_bucket{le="1"} 1
waiting_bucket{le="+Inf"} 2
waiting_gcount 2
waiting_gsum 3
# TYPE calls counter
# UNIT calls calls
calls_total 1
calls_created 1.7e9
# EOF
`);
  t.deepEqual(
    families.map(({ name, type, series, labelSets }) => [name, type, series, labelSets]),
    [
      ['build', 'info', 1, 1],
      ['state', 'stateset', 2, 2],
      ['waiting', 'gaugehistogram', 4, 1],
      ['calls', 'counter', 2, 1],
    ],
  );
});

test('a name that only looks like a sample of another metric is a separate metric', async (t) => {
  const { families } = await read('# TYPE jobs gauge\njobs 1\njobs_count 2\njobs_total 3\n');
  t.deepEqual(
    families.map(({ name }) => name),
    ['jobs', 'jobs_count', 'jobs_total'],
  );
});

test('label sets are counted without buckets and quantiles, in any order of labels', async (t) => {
  const { families } = await read(`# TYPE h histogram
h_bucket{a="1",b="2",le="1"} 1
h_bucket{b="2",a="1",le="+Inf"} 1
h_sum{a="1",b="2"} 1
h_count{a="1",b="2"} 1
h_bucket{a="1",b="3",le="+Inf"} 1
# TYPE s summary
s{quantile="0.5"} NaN
s{quantile="0.9"} NaN
s_sum 0
s_count 0
`);
  t.deepEqual(
    families.map(({ series, labelSets }) => [series, labelSets]),
    [
      [5, 2],
      [4, 1],
    ],
  );
});
