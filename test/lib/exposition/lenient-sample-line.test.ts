/** Reads what any program writes, also what Prometheus accepts but no document allows. */
import test from 'ava';
import { numberOf, readSample } from '../../../lib/exposition/lenient-sample-line.js';

const plain = { timestamp: undefined, hasQuotedName: false, exemplar: undefined };

test('a sample has a name, labels as written, a value and perhaps a timestamp', (t) => {
  t.deepEqual(readSample('a 1'), { ...plain, name: 'a', labels: [], value: '1' });
  t.deepEqual(readSample(String.raw`a{b="\"c\"",d=""} 1.50 1700000000`), {
    ...plain,
    name: 'a',
    labels: [
      ['b', String.raw`\"c\"`],
      ['d', ''],
    ],
    value: '1.50',
    timestamp: '1700000000',
  });
});

test('a sample may have an exemplar with labels, a value and perhaps a timestamp', (t) => {
  t.deepEqual(readSample('a_total{b="c"} 5 # {trace_id="x",span_id="y"} 0.5'), {
    ...plain,
    name: 'a_total',
    labels: [['b', 'c']],
    value: '5',
    exemplar: {
      labels: [
        ['trace_id', 'x'],
        ['span_id', 'y'],
      ],
      value: '0.5',
      timestamp: undefined,
    },
  });
  t.deepEqual(readSample('a_total 5 1 # {} +Inf 1.5e9 ')?.exemplar, {
    labels: [],
    value: '+Inf',
    timestamp: '1.5e9',
  });
});

test('the name of a metric may be quoted between the braces, first and once', (t) => {
  t.deepEqual(readSample('{"my.metric",b="c"} 1'), {
    ...plain,
    name: 'my.metric',
    labels: [['b', 'c']],
    value: '1',
    hasQuotedName: true,
  });
  for (const line of [
    'a{"my.metric"} 1',
    '{b="c","my.metric"} 1',
    '{"my.metric","other"} 1',
    '{b="c"} 1',
    '{} 1',
    '{b} 1',
    'a{b} 1',
  ])
    t.is(readSample(line), undefined, line);
});

test('a quoted label is noted, and an unquoted one is not', (t) => {
  t.true(readSample('a{"b.c"="d",e="f"} 1')?.hasQuotedName);
  t.true(readSample('a{e="f","b.c"="d"} 1')?.hasQuotedName);
  t.false(readSample('a{e="f"} 1')?.hasQuotedName);
});

test('an exemplar with a quoted name, without a value or with more behind it is refused', (t) => {
  for (const line of [
    'a 1 # {"b"} 1',
    'a 1 # {b="c"}',
    'a 1 # {b="c"} x',
    'a 1 # {b="c"} 1 2 3',
    'a 1 # {b="c" 1',
    'a 1 # b="c"} 1',
    'a 1# {b="c"} 1',
  ])
    t.is(readSample(line), undefined, line);
});

test('a line of up to a megabyte is read', (t) => {
  const value = 'x'.repeat(2 ** 20 - 'a{b=""} 1'.length);
  t.is(readSample(`a{b="${value}"} 1`)?.labels[0]?.[1], value);
  t.is(readSample(`a{b="${value}x"} 1`), undefined);
});

test('values are numbers as in Go: infinity in any case and with any sign', (t) => {
  for (const text of ['Inf', '+Inf', 'inf', '+INFINITY'])
    t.is(numberOf(text), Number.POSITIVE_INFINITY, text);
  for (const text of ['-Inf', '-infinity']) t.is(numberOf(text), Number.NEGATIVE_INFINITY, text);
  t.deepEqual(['-1.5', '+2', '1e3', '.5', 'NaN', 'x', 'xinf'].map(numberOf), [
    -1.5,
    2,
    1_000,
    0.5,
    Number.NaN,
    Number.NaN,
    Number.NaN,
  ]);
});

test('a line that does not start with a name or a brace is no sample', (t) => {
  for (const line of ['', ' ', '1a 1', '# HELP a A.', '} 1', '=', 'é 1'])
    t.is(readSample(line), undefined, line);
});
