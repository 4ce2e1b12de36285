/** The history of a metric as the feed sends it. */
import { combinedNumber } from './combined-number.js';
import type { Distribution, Level, MetricHistory, Track } from './feed.js';
import type { MetricShape } from './metric-shape.js';
import type { MetricStore, StoredTrack } from './metric-store.js';

/** The part of a history that is sent. */
export interface HistoryRange {
  /** Milliseconds since 1970. The last sample before it is sent too, since the first rate needs it. */
  readonly from: number;
  readonly to: number;
  /** The maximum number of samples per track, gaps not counted. */
  readonly points: number;
}

export function metricHistory(store: MetricStore, range: HistoryRange): MetricHistory {
  const rows = rowsIn(store, range);
  return {
    ...described(store),
    tracks: store.tracks.map((track) => feedTrack(store, track)),
    times: rows.map((row) => store.times[row] ?? 0),
    values: store.tracks.map(({ values }) =>
      rows.map((row) => valueAt(store, values, row)),
    ) as MetricHistory['values'],
  };
}

/** The newest value of each track. */
export function newestValues(store: MetricStore): readonly Level[] | readonly Distribution[] {
  const row = store.length - 1;
  return store.tracks.map(({ values }) => valueAt(store, values, row)) as readonly Level[];
}

/** The properties of a history beside its tracks and their values. */
export function described(store: MetricStore): Omit<MetricHistory, 'tracks' | 'times' | 'values'> {
  const { shape, revision, detail } = store;
  const { name, type, combine, quantiles } = shape;
  return {
    name,
    type,
    revision,
    detail,
    combine,
    ...(type === 'histogram' ? usedBuckets(store) : {}),
    ...(type === 'summary' ? { quantiles } : {}),
  };
}

function usedBuckets({
  shape,
  firstBucket,
  lastBucket,
}: MetricStore): Pick<MetricHistory, 'bounds' | 'lower'> {
  const { bounds } = shape;
  const [lowest = 0] = bounds;
  return {
    bounds: bounds.slice(firstBucket - 1, lastBucket).map(level),
    lower: firstBucket > 1 ? (bounds[firstBucket - 2] ?? 0) : Math.min(0, lowest),
  };
}

function feedTrack(store: MetricStore, { labels, offset }: StoredTrack): Track {
  const { type } = store.shape;
  if (!offset.some((number) => number !== 0)) return { labels };
  if (type === 'counter') return { labels, offset: offset[0] ?? 0 };
  if (type !== 'histogram') return { labels, offset: [...offset] };
  const { firstBucket, lastBucket } = store;
  return { labels, offset: [offset[0] ?? 0, ...offset.subarray(firstBucket, lastBucket + 1)] };
}

function rowsIn(store: MetricStore, { from, to, points }: HistoryRange): number[] {
  const { times, length } = store;
  let first = 0;
  while (first + 1 < length && (times[first + 1] ?? 0) <= from) first++;
  let end = length;
  while (end > first && (times[end - 1] ?? 0) > to) end--;
  const step =
    end - first <= points ? 0 : ((times[end - 1] ?? 0) - Math.max(from, times[first] ?? 0)) / points;
  const rows: number[] = [];
  let previous = Number.NEGATIVE_INFINITY;
  for (let row = first; row < end; row++) {
    const time = times[row] ?? 0;
    if (time - previous < step && row < end - 1 && !store.isGap(time)) continue;
    rows.push(row);
    previous = time;
  }
  return rows;
}

function valueAt(store: MetricStore, values: Float64Array, row: number): Level | Distribution {
  const { width, shape } = store;
  if (row < 0) return null;
  if (isLevel(shape)) return level(values[row] ?? Number.NaN);
  const numbers = values.subarray(row * width, (row + 1) * width);
  return Number.isNaN(numbers[0]) ? null : Array.from(numbers, level);
}

function isLevel({ type }: MetricShape): boolean {
  return type !== 'histogram' && type !== 'summary';
}

function level(number: number): Level {
  return Number.isFinite(number) ? number : null;
}

/** A history of groups of tracks: those whose labels have the same values of `by`. */
export function groupedHistory(
  history: MetricHistory,
  isMatching: (labels: Readonly<Record<string, string>>) => boolean,
  by: readonly string[],
): MetricHistory {
  const groups = new Map<string, { readonly labels: Record<string, string>; readonly members: number[] }>();
  for (const [index, { labels }] of history.tracks.entries()) {
    if (!isMatching(labels)) continue;
    const values = by.map((label) => labels[label] ?? '');
    const key = JSON.stringify(values);
    const group = groups.get(key) ?? { labels: labelsOf(by, values), members: [] };
    group.members.push(index);
    groups.set(key, group);
  }
  const all = [...groups.values()];
  const rule = history.type === 'gauge' || history.type === 'unknown' ? history.combine : 'sum';
  return {
    ...history,
    detail: 'groups',
    tracks: all.map(({ labels }) => ({ labels })),
    values: all.map(({ members }) =>
      history.times.map((_, at) =>
        together(
          rule,
          members.map((index) => history.values[index]?.[at] ?? null),
        ),
      ),
    ) as MetricHistory['values'],
  };
}

export function labelsOf(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}

function together(
  rule: MetricShape['combine'],
  values: readonly (Level | Distribution)[],
): Level | Distribution {
  const known = values.filter((value) => value !== null);
  const [first] = known;
  if (first === undefined) return null;
  if (typeof first === 'number') return level(combinedNumber(rule, known as number[]));
  return first.map((_, column) =>
    level(
      combinedNumber(
        'sum',
        known.map((value) => (value as readonly Level[])[column] ?? Number.NaN),
      ),
    ),
  );
}
