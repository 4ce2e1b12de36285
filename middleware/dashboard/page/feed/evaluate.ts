/** Computes formulas at the times of a grid. */
import type { Formula } from '../../../../lib/history/panel.js';
import type { Grid } from './grid.js';
import { groupsOf, type Reduction } from './groups.js';
import { isGap, type MetricSamples } from './metric-samples.js';
import { quantileOf } from './quantile.js';

/** `null`: the target was down. `undefined`: there is nothing to show, for example no observation; lines go on across it. */
export type Point = number | null | undefined;

export interface Result {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly Point[];
}

/** A time between two rows. */
interface Place {
  readonly row: number;
  /** How far it is from this row to the next one, 0 to 1. */
  readonly share: number;
  readonly time: number;
}

/** The samples of a metric; `undefined` if it has none. */
export type Samples = (formula: Reduction) => MetricSamples | undefined;

export function evaluate(formula: Formula, samples: Samples, grid: Grid): Result[] {
  if ('reduce' in formula) return reduced(formula, samples(formula), grid);
  const [over, under] = formula.ratio;
  const dividends = new Map(evaluate(over, samples, grid).map((result) => [keyOf(result), result]));
  // Nothing failed yet: no series of failures.
  const isIncrease = 'reduce' in over && (over.reduce === 'rate' || over.reduce === 'increase');
  return evaluate(under, samples, grid).flatMap((divisor) => {
    const dividend = dividends.get(keyOf(divisor));
    if (dividend === undefined && !isIncrease) return [];
    const points = divisor.points.map((below, index) => {
      if (below === null) return null;
      const above = dividend === undefined ? 0 : dividend.points[index];
      if (above === null || above === undefined || below === undefined || below === 0)
        return above === null ? null : undefined;
      return formula.complement === true ? 1 - above / below : above / below;
    });
    return [{ labels: divisor.labels, points }];
  });
}

function keyOf({ labels }: Result): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function reduced(formula: Reduction, samples: MetricSamples | undefined, grid: Grid): Result[] {
  if (samples === undefined || samples.length === 0) return [];
  const lookback = formula.reduce === 'increase' ? grid.step : grid.lookback;
  const ends = grid.times.map((time) => placeOf(samples, time));
  const starts = grid.times.map((time) => placeOf(samples, time - lookback) ?? firstPlace(samples));
  return groupsOf(samples, formula).map(({ labels, tracks }) => ({
    labels,
    points: ends.map((end, index) => {
      const start = starts[index];
      if (end === undefined || start === undefined) return undefined;
      if (isUnknown(samples, end)) return null;
      const point =
        formula.reduce === 'level'
          ? levelAt(formula, samples, tracks, end)
          : isUnknown(samples, start) || hasGap(samples, start.row, end.row)
            ? null
            : changeBetween(formula, samples, tracks, start, end);
      return typeof point === 'number' ? point * (formula.times ?? 1) : point;
    }),
  }));
}

function firstPlace({ times }: MetricSamples): Place {
  return { row: 0, share: 0, time: times[0] ?? 0 };
}

function placeOf({ times, length }: MetricSamples, time: number): Place | undefined {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  const row = low - 1;
  if (row < 0) return undefined;
  const start = times[row] ?? 0;
  if (row === length - 1) return { row, share: 0, time: start };
  return { row, share: (time - start) / ((times[row + 1] ?? time) - start), time };
}

function isUnknown(samples: MetricSamples, { row, share }: Place): boolean {
  return isGap(samples, row) || (share > 0 && isGap(samples, row + 1));
}

function hasGap(samples: MetricSamples, from: number, to: number): boolean {
  for (let row = from; row <= to; row++) if (isGap(samples, row)) return true;
  return false;
}

/** A cumulative number, linear between two samples; before its first sample, that of the first. */
function cumulative(samples: MetricSamples, track: number, index: number, { row, share }: Place): number {
  const { numbers, width, firstRows } = samples;
  const first = firstRows[track] ?? -1;
  if (first === -1) return 0;
  const size = firstRows.length * width;
  const at = track * width + index;
  if (row < first) return numbers[first * size + at] ?? 0;
  const value = numbers[row * size + at] ?? 0;
  const next = share > 0 ? numbers[(row + 1) * size + at] : undefined;
  if (Number.isNaN(value)) return lastKnown(samples, at, row);
  return next === undefined || Number.isNaN(next) ? value : value + (next - value) * share;
}

function lastKnown({ numbers, width, firstRows }: MetricSamples, at: number, before: number): number {
  for (let row = before; row >= 0; row--) {
    const value = numbers[row * firstRows.length * width + at];
    if (value !== undefined && !Number.isNaN(value)) return value;
  }
  return 0;
}

function levelAt(
  formula: Reduction,
  samples: MetricSamples,
  tracks: readonly number[],
  { row }: Place,
): Point {
  const { numbers, width, firstRows, shape } = samples;
  const found: number[] = [];
  for (const track of tracks) {
    const at = (row * firstRows.length + track) * width;
    const offsets = shape.tracks[track]?.offset ?? 0;
    const indices = partIndices(samples, formula.part);
    let value = 0;
    for (const index of indices) {
      const offset = typeof offsets === 'number' ? offsets : (offsets[index] ?? 0);
      value += (numbers[at + index] ?? Number.NaN) - offset;
    }
    if (!Number.isNaN(value)) found.push(value);
  }
  if (found.length === 0) return undefined;
  const isGauge = shape.type === 'gauge' || shape.type === 'unknown';
  return combined(isGauge ? shape.combine : 'sum', found);
}

function combined(rule: MetricSamples['shape']['combine'], values: readonly number[]): number {
  if (rule === 'min') return Math.min(...values);
  if (rule === 'max') return Math.max(...values);
  const sum = values.reduce((total, value) => total + value, 0);
  return rule === 'average' ? sum / values.length : sum;
}

/** The numbers of a value that make a part of it. */
function partIndices({ shape, width }: MetricSamples, part: 'count' | 'sum' = 'count'): readonly number[] {
  if (width === 1 || part === 'sum') return [0];
  return shape.type === 'summary' ? [1] : Array.from({ length: width - 1 }, (_, index) => index + 1);
}

function changeBetween(
  { reduce, part, quantile = 0.5 }: Reduction,
  samples: MetricSamples,
  tracks: readonly number[],
  start: Place,
  end: Place,
): Point {
  const change = (index: number): number =>
    tracks.reduce(
      (sum, track) => sum + cumulative(samples, track, index, end) - cumulative(samples, track, index, start),
      0,
    );
  const total = (which: 'count' | 'sum' | undefined): number =>
    partIndices(samples, which).reduce((sum, index) => sum + change(index), 0);
  switch (reduce) {
    case 'increase':
      return total(part);
    case 'rate': {
      const seconds = end.time - start.time;
      return seconds > 0 ? total(part) / seconds : undefined;
    }
    case 'mean': {
      const count = total('count');
      return count > 0 ? total('sum') / count : undefined;
    }
    default:
      return quantileOf(
        samples.shape.bounds ?? [],
        samples.shape.lower ?? 0,
        (bucket) => change(bucket + 1),
        quantile,
      );
  }
}

/** The increases per second of the buckets of a histogram at the times of a grid: time after time. */
export function bucketRates(
  samples: MetricSamples,
  tracks: readonly number[],
  grid: Grid,
): (number[] | undefined)[] {
  return grid.times.map((time) => {
    const end = placeOf(samples, time);
    const start = placeOf(samples, time - grid.lookback) ?? firstPlace(samples);
    if (end === undefined || end.time <= start.time || hasGap(samples, start.row, end.row)) return undefined;
    return (samples.shape.bounds ?? []).map(
      (_, bucket) =>
        tracks.reduce(
          (sum, track) =>
            sum + cumulative(samples, track, bucket + 1, end) - cumulative(samples, track, bucket + 1, start),
          0,
        ) /
        (end.time - start.time),
    );
  });
}
