/** Which samples of a full history to keep: all of the newest half, and fewer the older they are. */

/**
 * Chooses rows to keep so that at least `free` rows become free, if possible. The first row and the newest half stay. In the older
 * half the distance of rows grows with their age, so that a history of any length fits, with the finest steps at its end.
 * @param times ascending
 * @param isFixed whether the row at a time carries meaning beside its values, and is dropped only if nothing else is left
 * @returns indices of the rows to keep, ascending
 */
export function keptRows(
  times: Float64Array,
  length: number,
  free: number,
  isFixed: (time: number) => boolean,
): number[] {
  const half = Math.floor(length / 2);
  const newest = Array.from({ length: length - half }, (_, index) => half + index);
  for (let factor = 2 / length; factor < 1e9; factor *= 1.5) {
    const older = spread(times, half, factor, (time) => factor < 1e6 && isFixed(time));
    if (half - older.length >= free) return [...older, ...newest];
  }
  return half > 1 ? [0, ...newest] : newest.slice(1 - half);
}

/** The rows before `end` whose distance from the previous one would exceed this share of their age if they were dropped. */
function spread(
  times: Float64Array,
  end: number,
  factor: number,
  isFixed: (time: number) => boolean,
): number[] {
  const now = times[times.length - 1] ?? 0;
  const kept: number[] = [];
  let previous = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < end; row++) {
    const time = times[row] ?? 0;
    const distance = (times[row + 1] ?? now) - previous;
    if (!isFixed(time) && distance <= factor * (now - time)) continue;
    kept.push(row);
    previous = time;
  }
  return kept;
}
