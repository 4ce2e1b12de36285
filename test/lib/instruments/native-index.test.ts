import test from 'ava';
import fc from 'fast-check';
import { nativeIndex, nativeUpperBound, prepareNativeIndex } from '../../../lib/instruments/native-index.js';
import { maxSchema, minSchema } from '../../../lib/native-histogram.js';

// The expected values come from integers of any length: a double is mantissa * 2^exponent, and a bound is a root of a power of two.

prepareNativeIndex();

const schemas = Array.from({ length: maxSchema - minSchema + 1 }, (_, index) => minSchema + index);
const asNumber = new DataView(new ArrayBuffer(8));

/** The mantissa, with its leading bit, and the exponent of a positive double. */
function exactly(value: number): { mantissa: bigint; exponent: number } {
  asNumber.setFloat64(0, value);
  const bits = asNumber.getBigUint64(0);
  const field = Number(bits >> 52n);
  const fraction = bits & ((1n << 52n) - 1n);
  return field === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: field - 1075 };
}

function next(value: number, steps: 1n | -1n): number {
  asNumber.setFloat64(0, value);
  asNumber.setBigUint64(0, asNumber.getBigUint64(0) + steps);
  return asNumber.getFloat64(0);
}

/** Compares mantissa * 2^exponent with the real number 2^(index / 2^schema): negative if it is less. */
function compareWithBound(mantissa: bigint, exponent: number, schema: number, index: number): number {
  const roots = schema > 0 ? 2 ** schema : 1;
  const power = schema > 0 ? index : index * 2 ** -schema;
  // Both sides to the power of `roots`, and divided by 2 to the power of the lower exponent.
  const left = mantissa ** BigInt(roots);
  const shift = power - exponent * roots;
  const difference = shift >= 0 ? left - (1n << BigInt(shift)) : (left << BigInt(-shift)) - 1n;
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

/** Whether a double is the one that is nearest to a real bound: half a unit of its last place less is below, half more is above. */
function isNearest(value: number, schema: number, index: number): boolean {
  const { mantissa, exponent } = exactly(value);
  return (
    compareWithBound(2n * mantissa - 1n, exponent - 1, schema, index) < 0 &&
    compareWithBound(2n * mantissa + 1n, exponent - 1, schema, index) > 0
  );
}

function indexAt(schema: number, value: number): number {
  return nativeIndex(value, maxSchema - schema);
}

test('each bound between 1 and 2 is the double that is nearest to the exact root of two, in every schema', (t) => {
  for (const schema of schemas) {
    const count = 2 ** Math.max(0, schema);
    for (let index = 0; index < count; index++)
      t.true(isNearest(nativeUpperBound(schema, index), schema, index), `${index} of schema ${schema}`);
  }
});

/**
 * Whether a value is at most a bound, which is the double that is nearest to the exact one, and may be just above it. They are
 * compared 64 powers of two closer to 1, since subnormal doubles have fewer bits.
 */
function isAtMost(value: number, schema: number, index: number): boolean {
  const { mantissa, exponent } = exactly(value);
  if (compareWithBound(mantissa, exponent, schema, index) <= 0) return true;
  const away = value < 1 ? 64 : -64;
  return schema > 0 && value * 2 ** away === nativeUpperBound(schema, index + away * 2 ** schema);
}

test('each bound of each schema is in its own bucket, and the next larger double in the next one', (t) => {
  const wrong: string[] = [];
  for (const schema of schemas) {
    const perOctave = 2 ** schema;
    const [lowest, highest] = [Math.ceil(-1022 * perOctave), Math.ceil(1024 * perOctave)];
    for (let index = lowest; index <= highest; index++) {
      const bound = nativeUpperBound(schema, index);
      const octave = Math.floor(index / perOctave);
      // Exact, as the test above shows, since it is a bound between 1 and 2 times a power of two.
      const isExact =
        index === highest
          ? bound === Number.MAX_VALUE
          : bound === nativeUpperBound(schema, index - octave * perOctave) * 2 ** octave;
      const isSeparate = index === highest || indexAt(schema, next(bound, 1n)) === index + 1;
      if (
        !isExact ||
        !isSeparate ||
        indexAt(schema, bound) !== index ||
        indexAt(schema, next(bound, -1n)) !== index
      )
        wrong.push(`bound ${index} of schema ${schema}`);
    }
  }
  t.deepEqual(wrong, []);
});

test('the doubles at each subnormal bound are in the bucket that exact arithmetic gives', (t) => {
  const wrong: string[] = [];
  for (const schema of schemas) {
    for (let index = Math.ceil(-1074 * 2 ** schema); index < -1022 * 2 ** schema; index++) {
      const bound = nativeUpperBound(schema, index);
      // A bound is rounded to few bits here, so that it may be in either bucket.
      for (const value of bound === 0 ? [] : [bound, next(bound, 1n)]) {
        const found = indexAt(schema, value);
        if (!isAtMost(value, schema, found) || isAtMost(value, schema, found - 1))
          wrong.push(`${value} in bucket ${found} of schema ${schema}`);
      }
    }
  }
  t.deepEqual(wrong, []);
});

test('any positive double is in the bucket that exact arithmetic gives, subnormal numbers included', (t) => {
  const positive = fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map(Math.abs)
    .filter((value) => value > 0);
  const subnormal = fc.bigInt({ min: 1n, max: (1n << 52n) - 1n }).map((bits) => {
    asNumber.setBigUint64(0, bits);
    return asNumber.getFloat64(0);
  });
  const property = fc.property(
    fc.oneof(positive, subnormal),
    fc.constantFrom(...schemas),
    (value, schema) => {
      const index = indexAt(schema, value);
      return isAtMost(value, schema, index) && !isAtMost(value, schema, index - 1);
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 2_000 }));
});

test('a subnormal bound is the nearest double, which is 0 below half of the smallest one', (t) => {
  t.is(nativeUpperBound(0, -1050), 2 ** -1050);
  t.is(nativeUpperBound(1, -2 * 1050 + 1), Math.round(Math.SQRT2 * 2 ** 24) * Number.MIN_VALUE);
  t.is(nativeUpperBound(8, 256 * -1074 - 1), Number.MIN_VALUE);
  t.is(nativeUpperBound(8, 256 * -1075 + 1), Number.MIN_VALUE);
  t.is(nativeUpperBound(8, 256 * -1075 - 1), 0);
});

test('the smallest and the largest doubles are in the first and the last bucket of each schema', (t) => {
  for (const schema of schemas) {
    t.is(indexAt(schema, Number.MIN_VALUE), Math.ceil(-1074 * 2 ** schema));
    t.is(indexAt(schema, Number.MAX_VALUE), Math.ceil(1024 * 2 ** schema));
    t.is(nativeUpperBound(schema, Math.ceil(1024 * 2 ** schema)), Number.MAX_VALUE);
    t.is(nativeUpperBound(schema, Math.ceil(1024 * 2 ** schema) + 1), Number.POSITIVE_INFINITY);
    t.is(indexAt(schema, 1), 0);
  }
});
