/** Turns a history with a track per series into one with a total and a track per label value, without losing its past. */
import { combinedNumber } from './combined-number.js';
import { largestValues } from './largest-values.js';
import { sizeOf } from './metric-shape.js';
import type { MetricStore, StoredTrack } from './metric-store.js';

/** @param maxTracks the maximum number of tracks, the total included */
export function withTotals(store: MetricStore, maxTracks: number): void {
  const before = [...store.tracks];
  store.detail = 'labels';
  if (before.length === 0) {
    store.addTrack({}, false);
    return;
  }
  const partsOf = (label: string, value: string): StoredTrack[] =>
    before.filter(({ labels }) => (labels[label] ?? '') === value);
  const chosen = largestValues(
    store.shape.labels.map((label) => {
      const values = [...new Set(before.map(({ labels }) => labels[label] ?? ''))];
      const weights = values.map((value) =>
        partsOf(label, value)
          .map(({ last }) => sizeOf(store.shape, last, 0, last.length) || 0)
          .reduce((one, other) => one + other, 0),
      );
      return { label, values, weights: Float64Array.from(weights) };
    }),
    maxTracks - 1,
  );
  const groups = [...chosen].flatMap(([label, values]) =>
    [...values].map((value) => ({ labels: { [label]: value }, parts: partsOf(label, value) })),
  );
  store.replaceTracks([{ labels: {}, parts: before }, ...groups].map((group) => summedUp(store, group)));
}

function summedUp(
  { shape: { combine, type } }: MetricStore,
  { labels, parts }: Pick<StoredTrack, 'labels'> & { readonly parts: readonly StoredTrack[] },
): StoredTrack {
  const rule = type === 'gauge' || type === 'unknown' ? combine : 'sum';
  const combined = (arrays: readonly Float64Array[]): Float64Array<ArrayBuffer> =>
    Float64Array.from(arrays[0] ?? [], (_, at) =>
      combinedNumber(
        rule,
        arrays.map((array) => array[at] ?? Number.NaN),
      ),
    );
  return {
    labels,
    values: combined(parts.map(({ values }) => values)),
    last: combined(parts.map(({ last }) => last)),
    offset: combined(parts.map(({ offset }) => offset)),
    isRestored: parts.some(({ isRestored }) => isRestored),
  };
}
