/** Chooses the label values that get a track of their own: the largest, shared out among the labels. */

/** The values of a label, and how large the series of each are together. */
export interface WeighedValues {
  readonly label: string;
  readonly values: readonly string[];
  readonly weights: Float64Array;
}

/** @param room the maximum number of values of all labels together; labels with few values leave theirs to the others */
export function largestValues(
  labels: readonly WeighedValues[],
  room: number,
): ReadonlyMap<string, ReadonlySet<string>> {
  let left = room;
  const chosen = new Map<string, Set<string>>();
  const byCount = [...labels].sort((a, b) => a.values.length - b.values.length);
  for (const [index, { label, values, weights }] of byCount.entries()) {
    const share = Math.min(values.length, Math.floor(left / (byCount.length - index)));
    left -= share;
    chosen.set(label, new Set(largest(weights, share).map((at) => values[at] ?? '')));
  }
  return chosen;
}

/** The indices of the largest numbers, the largest first, without sorting all. NaN counts as the smallest. */
function largest(numbers: Float64Array, count: number): number[] {
  const chosen: number[] = [];
  const numberAt = (index: number | undefined): number => {
    const number = index === undefined ? Number.NaN : (numbers[index] ?? Number.NaN);
    return Number.isNaN(number) ? Number.NEGATIVE_INFINITY : number;
  };
  for (let index = 0; index < numbers.length && count > 0; index++) {
    const number = numberAt(index);
    if (chosen.length >= count && number <= numberAt(chosen.at(-1))) continue;
    let at = chosen.length;
    while (at > 0 && number > numberAt(chosen[at - 1])) at--;
    chosen.splice(at, 0, index);
    if (chosen.length > count) chosen.pop();
  }
  return chosen;
}
