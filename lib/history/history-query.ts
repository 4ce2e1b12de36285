/** Filters and groups the history of a metric. */
import { setImmediate as turn } from 'node:timers/promises';
import type { MetricHistory } from './feed.js';
import { described, groupedHistory, type HistoryRange, labelsOf, metricHistory } from './history-answer.js';
import { isMet, meets } from './label-match.js';
import { sizeOf } from './metric-shape.js';
import { MetricStore } from './metric-store.js';
import type { MetricsHistory } from './metrics-history.js';
import type { LabelMatch } from './panel.js';
import type { SpacedAnswers } from './spaced-answers.js';

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
 * @param spaced keeps answers that all series were read for; without it, they are read for each query
 * @returns `undefined` for an unknown metric
 */
export async function queriedHistory(
  history: MetricsHistory,
  { metric, match, by }: HistoryQuery,
  range: HistoryRange,
  spaced?: SpacedAnswers<MetricHistory>,
): Promise<MetricHistory | undefined> {
  const store = history.storeOf(metric);
  if (store === undefined) return undefined;
  const matching = (labels: Readonly<Record<string, string>>): boolean => meets(labels, match);
  if (store.detail === 'series') return groupedHistory(metricHistory(store, range), matching, by);
  const used = [...new Set([...by, ...match.map(({ label }) => label)])];
  const [label] = used;
  const isTracked = used.length <= 1 && match.every(({ test }) => test === 'equals');
  if (!isTracked) {
    const groups = (): Promise<MetricHistory> => currentGroups(history, store, { metric, match, by });
    return spaced === undefined ? groups() : spaced(JSON.stringify([metric, match, by]), groups);
  }
  const own = (labels: Readonly<Record<string, string>>): boolean =>
    label === undefined ? Object.keys(labels).length === 0 : Object.hasOwn(labels, label) && matching(labels);
  return groupedHistory(metricHistory(store, range), own, by);
}

/** A group of series, and their values as one. */
interface Group {
  readonly values: readonly string[];
  readonly point: Float64Array;
  /** The number of series. */
  count: number;
}

/** Series that are read before the event loop turns: a few milliseconds. */
const seriesPerTurn = 500;

/** The largest groups. Series that are added or removed while it runs may be missed: the next query has them. */
async function currentGroups(
  history: MetricsHistory,
  store: MetricStore,
  { metric, match, by }: HistoryQuery,
): Promise<MetricHistory> {
  const { shape, fullWidth } = store;
  const reading = history.readingOf(metric);
  const place = (label: string): number => shape.labels.indexOf(label);
  const places = by.map(place);
  const conditions = match.map(({ label, test, values }) => ({ at: place(label), test, values }));
  const rule = shape.type === 'gauge' || shape.type === 'unknown' ? shape.combine : 'sum';
  const groups = new Map<string, Group>();
  const point = new Float64Array(fullWidth);
  for (let index = 0; index < (reading?.count ?? 0); index++) {
    if (index % seriesPerTurn === seriesPerTurn - 1) await turn();
    const own = reading?.valuesOf(index) ?? [];
    if (!conditions.every(({ at, test, values }) => isMet(own[at] ?? '', { test, values }))) continue;
    const values = places.map((at) => own[at] ?? '');
    const key = JSON.stringify(values);
    let group = groups.get(key);
    if (group === undefined) {
      group = { values, point: new Float64Array(fullWidth).fill(Number.NaN), count: 0 };
      groups.set(key, group);
    }
    reading?.read(index, point);
    addTo(group, point, rule);
  }
  const largest = [...groups.values()]
    .map((group) => ({ ...group, size: sizeOf(shape, group.point, 0, fullWidth) || 0 }))
    .sort((a, b) => b.size - a.size)
    .slice(0, maxGroups);
  const current = new MetricStore(shape, maxGroups * 2);
  for (const { values } of largest) current.addTrack(labelsOf(by, values), false);
  const numbers = new Float64Array(largest.length * fullWidth);
  for (const [index, group] of largest.entries()) numbers.set(group.point, index * fullWidth);
  current.append(store.newest ?? 0, numbers);
  return {
    ...metricHistory(current, { from: 0, to: Number.POSITIVE_INFINITY, points: 1 }),
    ...described(current),
    revision: store.revision,
    detail: 'groups',
  };
}

/** Adds the values of a series to its group. */
function addTo(group: Group, point: Float64Array, rule: MetricHistory['combine']): void {
  const { point: all } = group;
  for (let index = 0; index < all.length; index++) {
    const number = point[index] as number;
    const before = all[index] as number;
    if (Number.isNaN(number)) continue;
    if (Number.isNaN(before)) all[index] = number;
    else if (rule === 'min') all[index] = Math.min(before, number);
    else if (rule === 'max') all[index] = Math.max(before, number);
    else if (rule === 'average') all[index] = before + (number - before) / (group.count + 1);
    else all[index] = before + number;
  }
  if (!Number.isNaN(point[0])) group.count++;
}
