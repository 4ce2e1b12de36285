/** The strict parser of the lines of a snapshot: a line that this package would not write is refused as a whole. */
import test from 'ava';
import { readSampleLine } from '../../../lib/exposition/sample-line.js';

const read = (line: string) => {
  const sample = readSampleLine(line);
  return sample && [sample.name, Object.fromEntries(sample.labels), sample.value];
};

test('a line has a name, any number of labels and a value', (t) => {
  t.deepEqual(read('jobs_total 2'), ['jobs_total', {}, 2]);
  t.deepEqual(read('jobs_total{} 2'), ['jobs_total', {}, 2]);
  t.deepEqual(read('a:b{x="1"} 2'), ['a:b', { x: '1' }, 2]);
  t.deepEqual(read('jobs_total{b="1",a="",le="+Inf"} 2'), ['jobs_total', { b: '1', a: '', le: '+Inf' }, 2]);
});

test('the labels keep the order of the line', (t) => {
  t.deepEqual([...(readSampleLine('a{z="1",m="2",b="3"} 1')?.labels.keys() ?? [])], ['z', 'm', 'b']);
});

test('backslashes, quotes and newlines in label values are unescaped, and other characters stay', (t) => {
  t.deepEqual(read(String.raw`a{b="\\",c="\"",d="\n",e="\\n"} 1`), [
    'a',
    { b: '\\', c: '"', d: '\n', e: '\\n' },
    1,
  ]);
  t.deepEqual(read('a{b="} 1,c=é😀"} 1'), ['a', { b: '} 1,c=é😀' }, 1]);
});

for (const [text, value] of [
  ['0', 0],
  ['-0', -0],
  ['12', 12],
  ['-1.25', -1.25],
  ['1e+21', 1e21],
  ['1.5e-7', 1.5e-7],
  ['1e5', 1e5],
  ['+Inf', Number.POSITIVE_INFINITY],
  ['-Inf', Number.NEGATIVE_INFINITY],
  ['NaN', Number.NaN],
] as const)
  test(`the value ${text} is read`, (t) => t.is(readSampleLine(`a ${text}`)?.value, value));

for (const line of [
  '',
  ' a 1',
  '1a 1',
  '{a="b"} 1',
  'a',
  'a ',
  'a1',
  'a\t1',
  'a  1',
  'a 1 ',
  'a 1 1700000000',
  'a 1 # {trace_id="x"} 1',
  'a{b="c"}',
  'a{b="c"}1',
  'a{b="c"',
  'a{b="c" 1',
  'a{b="c",} 1',
  'a{,b="c"} 1',
  'a{b="c"d="e"} 1',
  'a{b="c";d="e"} 1',
  'a{b="c", d="e"} 1',
  'a{b="c",b="d"} 1',
  'a{b=c} 1',
  'a{not a label here} 1',
  'a{b="c} 1',
  'a{1b="c"} 1',
  'a{b:c="d"} 1',
  String.raw`a{b="\t"} 1`,
  'a{b="\n"} 1',
  'a .5',
  'a 1.',
  'a 1e',
  'a +1',
  'a 0x1',
  'a 1_000',
  'a Infinity',
  'a nan',
  'a x1',
])
  test(`the line ${JSON.stringify(line)} is refused`, (t) => t.is(readSampleLine(line), undefined));
