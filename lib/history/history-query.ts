/** Filters and groups the history of a metric. */
import { combinedNumber } from './combined-number.js';
import type { MetricHistory } from './feed.js';
import { described, groupedHistory, type HistoryRange, labelsOf, metricHistory } from './history-answer.js';
import { meets } from './label-match.js';
import { sizeOf } from './metric-shape.js';
import { MetricStore } from './metric-store.js';
import type { MetricsHistory } from './metrics-history.js';
import type { LabelMatch } from './panel.js';

export interface HistoryQuery {
  readonly metric: string;
  readonly match: readonly LabelMatch[];
  readonly by: readonly string[];
}

/** Groups in an answer: the largest, if there are more. */
const maxGroups = 40;

/**
 * The history of groups of series. If the series of the metric are too many for a track each, groups that no track holds have
 * their current value only.
 * @returns `undefined` for an unknown metric
 */
export function queriedHistory(
  history: MetricsHistory,
  { metric, match, by }: HistoryQuery,
  range: HistoryRange,
): MetricHistory | undefined {
  const store = history.storeOf(metric);
  if (store === undefined) return undefined;
  const matching = (labels: Readonly<Record<string, string>>): boolean => meets(labels, match);
  if (store.detail === 'series') return groupedHistory(metricHistory(store, range), matching, by);
  const used = [...new Set([...by, ...match.map(({ label }) => label)])];
  const [label] = used;
  const isTracked = used.length <= 1 && match.every(({ test }) => test === 'equals');
  if (!isTracked) return currentGroups(history, store, { metric, match, by });
  const own = (labels: Readonly<Record<string, string>>): boolean =>
    label === undefined ? Object.keys(labels).length === 0 : Object.hasOwn(labels, label) && matching(labels);
  return groupedHistory(metricHistory(store, range), own, by);
}

function currentGroups(
  history: MetricsHistory,
  store: MetricStore,
  { metric, match, by }: HistoryQuery,
): MetricHistory {
  const { shape, fullWidth } = store;
  const reading = history.readingOf(metric);
  const groups = new Map<string, { readonly values: readonly string[]; readonly points: Float64Array[] }>();
  for (let index = 0; index < (reading?.count ?? 0); index++) {
    const labels = labelsOf(shape.labels, reading?.valuesOf(index) ?? []);
    if (!meets(labels, match)) continue;
    const values = by.map((name) => labels[name] ?? '');
    const key = JSON.stringify(values);
    const group = groups.get(key) ?? { values, points: [] };
    const point = new Float64Array(fullWidth);
    reading?.read(index, point);
    group.points.push(point);
    groups.set(key, group);
  }
  const rule = shape.type === 'gauge' || shape.type === 'unknown' ? shape.combine : 'sum';
  const largest = [...groups.values()]
    .map(({ values, points }) => ({
      values,
      point: new Float64Array(fullWidth).map((_, at) =>
        combinedNumber(
          rule,
          points.map((point) => point[at] ?? Number.NaN),
        ),
      ),
    }))
    .sort((a, b) => sizeOf(shape, b.point, 0, fullWidth) - sizeOf(shape, a.point, 0, fullWidth))
    .slice(0, maxGroups);
  const current = new MetricStore(shape, maxGroups * 2);
  for (const { values } of largest) current.addTrack(labelsOf(by, values), false);
  const numbers = new Float64Array(largest.length * fullWidth);
  for (const [index, { point }] of largest.entries()) numbers.set(point, index * fullWidth);
  current.append(store.newest ?? 0, numbers);
  return {
    ...metricHistory(current, { from: 0, to: Number.POSITIVE_INFINITY, points: 1 }),
    ...described(current),
    revision: store.revision,
    detail: 'groups',
  };
}
