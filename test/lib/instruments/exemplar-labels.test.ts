/** The labels of exemplars: what is left out, what is refused, and how long they may be. */
import test from 'ava';
import { checkedExemplar } from '../../../lib/instruments/exemplar-labels.js';

test('absent and empty labels are left out, and others become text', (t) => {
  t.deepEqual(checkedExemplar({ a: undefined, b: null, c: '', d: 0, e: false, f: 5n }), {
    d: '0',
    e: 'false',
    f: '5',
  });
  t.deepEqual(checkedExemplar(undefined, { id: 'x' }), { id: 'x' });
});

test('labels that are given replace the others', (t) => {
  t.deepEqual(checkedExemplar({ id: 'given' }, { id: 'x', run: '7' }), { id: 'given', run: '7' });
});

for (const [labels, expected] of [
  [null, 'an object of labels, received null'],
  ['text', 'an object of labels, received "text"'],
  [{ 'a-b': 'x' }, 'valid label names, received "a-b"'],
  [{ id: {} }, 'text for `id`, received an object'],
] as const)
  test(`the error of invalid labels says: expected ${expected}`, (t) => {
    t.throws(() => checkedExemplar(labels as never), {
      code: 'ERR_METRICS_INVALID_VALUE',
      message: `Invalid labels of an exemplar: expected ${expected}.`,
    });
  });

test('the error of labels that are too long has their length in code points, or in UTF-16 units if they are far too long', (t) => {
  for (const [labels, received] of [
    [{ id: '🙂'.repeat(127) }, 129],
    [{ id: '🙂'.repeat(10_000) }, 20_002],
    [{ first: 'x'.repeat(100), second: '🙂'.repeat(10_000) }, 20_111],
    [{ ['n'.repeat(600)]: '🙂' }, 602],
  ] as const)
    t.throws(() => checkedExemplar(labels), {
      code: 'ERR_METRICS_INVALID_VALUE',
      message: new RegExp(`expected 128 code points .* at most, received ${received} \\(`),
    });
});
