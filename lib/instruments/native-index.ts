/**
 * The buckets of native histograms: bucket `i` of schema `s` holds the values above 2^((i-1)/2^s), up to and including
 * 2^(i/2^s), as Prometheus' specification of native histograms has it. As in Prometheus, a bound is the nearest double.
 *
 * The buckets of a schema are those of schema 8, joined in groups of a power of two. So there is one table, of the bounds
 * of schema 8 within one power of two, and the index of another schema is a shift.
 */

import { maxSchema } from '../native-histogram.js';

const bucketsPerOctave = 2 ** maxSchema;

const asNumber = new Float64Array(1);
const asWords = new Uint32Array(asNumber.buffer);
asNumber[0] = 1;
/** Index of the word with sign and exponent: 1 on little-endian machines. */
const highWord = asWords[0] === 0 ? 1 : 0;
const lowWord = 1 - highWord;

/** Mantissa bits that select a cell of the table: cells are narrower than buckets, so a cell holds one bound at most. */
const cellBits = maxSchema + 1;
const cellShift = 20 - cellBits;

/** The bounds of schema 8 from 1 to 2. */
interface BoundTable {
  readonly bounds: Float64Array;
  /** The bounds' mantissas, in two words, since comparing words is faster than making a number of a mantissa. */
  readonly high: Uint32Array;
  readonly low: Uint32Array;
  /** The first possible bucket of the values of each cell. */
  readonly starts: Uint16Array;
}

/** Made by the first native histogram, so that the others cost nothing. */
let made: BoundTable | undefined;

/** Makes the table that {@link nativeIndex} needs. */
export function prepareNativeIndex(): void {
  made ??= boundTable();
}

/** The bucket of a positive finite number in schema `8 - shift`. */
export function nativeIndex(value: number, shift: number): number {
  const table = made as BoundTable;
  asNumber[0] = value;
  let high = asWords[highWord] as number;
  let exponent = (high >>> 20) - 1023;
  if (exponent === -1023) {
    // A subnormal number has no implicit leading bit: scaled, it is a normal one with the same mantissa.
    asNumber[0] = value * 2 ** 54;
    high = asWords[highWord] as number;
    exponent = (high >>> 20) - 1077;
  }
  const low = asWords[lowWord] as number;
  const mantissa = high & 0xfffff;
  let bucket = table.starts[mantissa >> cellShift] as number;
  const bound = table.high[bucket] as number;
  if (mantissa > bound || (mantissa === bound && low > (table.low[bucket] as number))) bucket++;
  return (exponent * bucketsPerOctave + bucket + (1 << shift) - 1) >> shift;
}

/** A place from 0 to 7: values that differ by less than 256 times share none, unless they differ by less than twice. */
export function magnitudeOf(value: number): number {
  asNumber[0] = value;
  return ((asWords[highWord] as number) >>> 20) & 7;
}

/** The inclusive upper bound of a bucket. Of the bucket of the largest numbers, it is the largest finite number. */
export function nativeUpperBound(schema: number, index: number): number {
  prepareNativeIndex();
  const fine = index * 2 ** (maxSchema - schema);
  const exponent = Math.floor(fine / bucketsPerOctave);
  const bound = (made as BoundTable).bounds[fine - exponent * bucketsPerOctave] as number;
  if (exponent > 1023) return bound === 1 && exponent === 1024 ? Number.MAX_VALUE : Number.POSITIVE_INFINITY;
  // In two steps, since 2 ** exponent may be 0 where the bound is a subnormal number.
  return exponent < -1000 ? bound * 2 ** (exponent + 1000) * 2 ** -1000 : bound * 2 ** exponent;
}

/** The bounds are calculated with 160 bits, since `2 ** x` may be off by one in the last of 53 bits. */
function boundTable(): BoundTable {
  const precision = 160n;
  let step = 2n << precision;
  for (let root = 0; root < maxSchema; root++) step = squareRoot(step << precision);
  const bounds = new Float64Array(bucketsPerOctave + 1);
  let bound = 1n << precision;
  for (let index = 0; index < bucketsPerOctave; index++) {
    const rounding = 1n << (precision - 53n);
    bounds[index] = Number((bound + rounding) >> (precision - 52n)) * 2 ** -52;
    bound = (bound * step) >> precision;
  }
  bounds[bucketsPerOctave] = 2;
  const high = new Uint32Array(bounds.length);
  const low = new Uint32Array(bounds.length);
  for (const [index, value] of bounds.entries()) {
    asNumber[0] = value;
    // Above every mantissa for the last bound, which is 2.
    high[index] = value === 2 ? 1 << 20 : (asWords[highWord] as number) & 0xfffff;
    low[index] = asWords[lowWord] as number;
  }
  const starts = new Uint16Array(2 ** cellBits);
  for (const cell of starts.keys()) {
    const smallest = 1 + cell / starts.length;
    starts[cell] = bounds.findIndex((each) => each >= smallest);
  }
  return { bounds, high, low, starts };
}

/** The square root of an integer, rounded down, by Newton's method. */
function squareRoot(square: bigint): bigint {
  let root = 1n << (BigInt(square.toString(2).length) / 2n + 1n);
  for (;;) {
    const next = (root + square / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
