/** The samples of one metric in the browser: rows of numbers, at most `maxRows` of them, older ones thinned. */
import type { Distribution, Level, MetricHistory, SampleEvent } from '../../../../lib/history/feed.js';

type Shape = Omit<MetricHistory, 'times' | 'values'>;

export interface MetricSamples {
  readonly shape: Shape;
  /** Numbers per track: 1, or those of a distribution. */
  readonly width: number;
  /** Unix seconds, ascending. Only the first `length` are used. */
  times: Float64Array;
  /** Row after row; in a row track after track. NaN: unknown. */
  numbers: Float64Array;
  length: number;
  /** For each track, the first row that has a value; -1 if there is none. */
  readonly firstRows: number[];
}

/** Rows that are kept. Twice as many as a chart draws. */
const maxRows = 1_200;

function widthOf(history: Shape): number {
  if (history.type === 'histogram') return 1 + (history.bounds?.length ?? 0);
  return history.type === 'summary' ? 2 + (history.quantiles?.length ?? 0) : 1;
}

export function samplesOf(history: MetricHistory): MetricSamples {
  const { times, values, ...shape } = history;
  const width = widthOf(shape);
  const capacity = Math.min(maxRows, times.length + 64);
  const samples: MetricSamples = {
    shape,
    width,
    times: new Float64Array(capacity),
    numbers: new Float64Array(capacity * shape.tracks.length * width),
    length: 0,
    firstRows: shape.tracks.map(() => -1),
  };
  const start = Math.max(0, times.length - maxRows);
  for (let row = start; row < times.length; row++)
    appendRow(samples, (times[row] ?? 0) / 1_000, (track) => values[track]?.[row] ?? null);
  return samples;
}

/**
 * Appends the values of an event, and drops rows that ended before `keepFrom`, in unix seconds.
 * @returns false if the event has another revision, so that the history has to be requested again
 */
export function appendSample(
  samples: MetricSamples,
  milliseconds: number,
  { revision, values }: SampleEvent['metrics'][string],
  keepFrom: number,
): boolean {
  const { shape, length, times } = samples;
  if (revision !== shape.revision || values.length !== shape.tracks.length) return false;
  const seconds = milliseconds / 1_000;
  if (length > 0 && seconds <= (times[length - 1] ?? 0)) return true;
  if (length === times.length) makeSpace(samples, keepFrom);
  appendRow(samples, seconds, (track) => values[track] ?? null);
  return true;
}

function appendRow(
  samples: MetricSamples,
  seconds: number,
  valueIn: (track: number) => Level | Distribution,
): void {
  const { width, firstRows, length } = samples;
  const rowSize = firstRows.length * width;
  samples.times[length] = seconds;
  for (let track = 0; track < firstRows.length; track++) {
    const value = valueIn(track);
    const at = length * rowSize + track * width;
    for (let index = 0; index < width; index++) {
      const number = value === null ? null : typeof value === 'number' ? value : (value[index] ?? null);
      samples.numbers[at + index] = number ?? Number.NaN;
    }
    if (firstRows[track] === -1 && value !== null) firstRows[track] = length;
  }
  samples.length = length + 1;
}

function makeSpace(samples: MetricSamples, keepFrom: number): void {
  const { times, length, width, firstRows } = samples;
  const rowSize = firstRows.length * width;
  // One row before the window stays, as the start of the first rate.
  const old = Math.max(0, times.subarray(0, length).findIndex((time) => time >= keepFrom) - 1);
  if (old < 16 && length < maxRows) {
    const capacity = Math.min(maxRows, length * 2);
    samples.times = grown(times, capacity);
    samples.numbers = grown(samples.numbers, capacity * rowSize);
    return;
  }
  const half = Math.floor(length / 2);
  const isKept = old >= 16 ? (row: number) => row >= old : (row: number) => row >= half || row % 2 === 0;
  let kept = 0;
  for (let row = 0; row < length; row++) {
    if (!isKept(row)) continue;
    times[kept] = times[row] ?? 0;
    samples.numbers.copyWithin(kept * rowSize, row * rowSize, (row + 1) * rowSize);
    kept++;
  }
  samples.length = kept;
  for (let track = 0; track < firstRows.length; track++) firstRows[track] = firstRow(samples, track);
}

function grown(array: Float64Array, length: number): Float64Array {
  const larger = new Float64Array(length);
  larger.set(array);
  return larger;
}

function firstRow({ numbers, length, width, firstRows }: MetricSamples, track: number): number {
  for (let row = 0; row < length; row++)
    if (!Number.isNaN(numbers[(row * firstRows.length + track) * width])) return row;
  return -1;
}

/** Whether the target was down: no track has a value. */
export function isGap({ numbers, width, firstRows }: MetricSamples, row: number): boolean {
  const start = row * firstRows.length * width;
  for (let track = 0; track < firstRows.length; track++)
    if (!Number.isNaN(numbers[start + track * width])) return false;
  return firstRows.length > 0;
}
