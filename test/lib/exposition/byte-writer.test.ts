/** Text that is written as bytes equals the same text concatenated from strings. */
import test from 'ava';
import fc from 'fast-check';
import { ByteWriter, preparedText } from '../../../lib/exposition/byte-writer.js';
import { escapedLabelValue, numberText } from '../../../lib/exposition/format.js';
import { anyCharacter } from '../../helpers/any-character.js';

const anyText = fc.oneof(
  fc.string({ unit: anyCharacter }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', 'é', '😀') }),
);
const anyNumber = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -0, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, -1, 1e21, Number.POSITIVE_INFINITY),
);

/** A step of writing, and the text that it stands for. */
const step = fc.oneof(
  anyText.map((text) => ({ write: (out: ByteWriter) => out.text(text), text })),
  anyText.map((text) => ({
    write: (out: ByteWriter) => out.prepared(preparedText(text)),
    text,
  })),
  anyText.map((text) => ({
    write: (out: ByteWriter) => out.labelValue(text),
    text: escapedLabelValue(text),
  })),
  anyNumber.map((value) => ({ write: (out: ByteWriter) => out.number(value), text: numberText(value) })),
);

test('any sequence of writes gives the same bytes as strings do', (t) => {
  fc.assert(
    fc.property(fc.array(step), fc.integer({ min: 1, max: 64 }), (steps, capacity) => {
      const out = new ByteWriter(capacity);
      for (const { write } of steps) write(out);
      const expected = Buffer.from(steps.map(({ text }) => text).join(''));
      t.true(out.take().equals(expected));
      t.is(out.length, 0);
    }),
    { numRuns: 500 },
  );
});

test('written bytes can be repeated any number of times', (t) => {
  fc.assert(
    fc.property(anyText, anyText, fc.integer({ min: 0, max: 20 }), (before, text, times) => {
      const out = new ByteWriter(8);
      out.text(before);
      const start = out.length;
      out.text(text);
      const end = out.length;
      for (let time = 0; time < times; time++) out.again(start, end);
      t.is(out.take().toString(), Buffer.from(before + text.repeat(times + 1)).toString());
    }),
  );
});

test('a label value of escapes only fits, whatever the capacity', (t) => {
  for (const capacity of [1, 8, 64]) {
    const out = new ByteWriter(capacity);
    out.labelValue('"'.repeat(100));
    t.is(out.take().toString(), '\\"'.repeat(100));
  }
});

test('integers take as few groups of seven bits as they need', (t) => {
  for (const [value, bytes] of [
    [0, [0]],
    [1, [1]],
    [127, [127]],
    [128, [128, 1]],
    [16_383, [255, 127]],
    [16_384, [128, 128, 1]],
    [2 ** 31 - 1, [255, 255, 255, 255, 7]],
    [2 ** 31, [128, 128, 128, 128, 8]],
    [2 ** 53, [128, 128, 128, 128, 128, 128, 128, 16]],
  ] as const) {
    const out = new ByteWriter(1);
    out.varint(value);
    t.deepEqual([...out.take()], [...bytes], `${value}`);
  }
});

test('taken bytes are not overwritten', (t) => {
  const out = new ByteWriter(16);
  out.text('first');
  const first = out.take();
  out.text('second');
  t.is(first.toString(), 'first');
  t.is(out.take().toString(), 'second');
});

test('a writer can copy from another writer', (t) => {
  const [labels, out] = [new ByteWriter(1), new ByteWriter(1)];
  labels.text('a="x"');
  out.prepared(labels);
  labels.clear();
  labels.text('b');
  out.prepared(labels);
  t.is(out.take().toString(), 'a="x"b');
});

test('text is copied unchanged, whatever the memory after it contains', (t) => {
  // Signaling and quiet NaN as doubles, with the last text before them at each distance from the end of a word.
  const nans = [0xf0, 0xf7, 0xff].flatMap((low) => [0x7f, 0xff].map((high) => [low, high] as const));
  const texts = Array.from({ length: 24 }, (_, length) => '\u{10ffff}\x7f\x7fé'.repeat(4).slice(0, length));
  const changed: string[] = [];
  // Many times, so that V8 optimizes the copying.
  for (let time = 0; time < 40; time++) {
    for (const [low, high] of nans) {
      for (const text of texts) {
        const source = new ByteWriter(64);
        source.bytes(Buffer.from(Array.from({ length: 64 }, (_, at) => (at % 2 === time % 2 ? low : high))));
        source.clear();
        source.text(text);
        const out = new ByteWriter(8);
        out.byte(0x61);
        out.prepared(source);
        const end = out.length;
        out.again(1, end);
        if (!out.take().equals(Buffer.from(`a${text}${text}`)))
          changed.push(`${JSON.stringify(text)} before ${low}, ${high}`);
      }
    }
  }
  t.deepEqual(changed, []);
});

test('binary data is copied unchanged, also bytes that are NaN as a double', (t) => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(0, 0x7f, 0xf0, 0xf1, 0xf7, 0xff), { maxLength: 40 }), (codes) => {
      const source = new ByteWriter(1);
      source.bytes(Buffer.from(codes));
      const out = new ByteWriter(1);
      out.binary(source);
      out.byte(1);
      t.deepEqual([...out.take()], [...codes, 1]);
    }),
  );
});
