/**
 * Which bucket a value falls into, in about the time of one memory access whatever the number of buckets: the exponent
 * and the two highest bits of the mantissa choose where in a small table to start, and at most a few comparisons do the
 * rest. (Measured: 5 ns for 11 buckets, where a scan takes 6 to 13 and a binary search 10, by how well values can be
 * predicted.)
 */

const asNumber = new Float64Array(1);
const asWords = new Int32Array(asNumber.buffer);
/** Where the word with sign and exponent is: 1 where memory is little-endian. */
const highWord = endiannessIsLittle() ? 1 : 0;
/** Leaves sign, exponent and two bits of mantissa: four cells an octave. */
const cellShift = 18;

/** Upper bounds with the table that finds into them. */
export interface BucketFinder {
  /** Ascending, without +Inf. */
  readonly bounds: Float64Array;
  /** Cell -> the first bucket that a value of the cell can fall into. */
  readonly starts: Uint16Array;
  /** The cell of `starts[0]`; all values below it start there too. */
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

/** Index of the first bound that is not below a finite value; the number of bounds where there is none. */
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
