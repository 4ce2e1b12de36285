/** Computes the formulas of panels and alerts at the end of a history. */
import type { Distribution, Level, MetricHistory } from './feed.js';
import { groupedHistory, metricHistory } from './history-answer.js';
import { meets } from './label-match.js';
import type { MetricsHistory } from './metrics-history.js';
import type { Formula } from './panel.js';

/** One result of a formula. */
export interface FormulaResult {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

type Reduction = Extract<Formula, { readonly reduce: string }>;

/**
 * The results over the seconds before a time; none for metrics without values in them.
 * @param now milliseconds since 1970
 */
export function evaluated(
  history: MetricsHistory,
  formula: Formula,
  now: number,
  windowSeconds: number,
): FormulaResult[] {
  if ('reduce' in formula) return reduced(history, formula, now, windowSeconds);
  const [dividend, divisor] = formula.ratio;
  const dividends = evaluated(history, dividend, now, windowSeconds);
  const isLevel = 'reduce' in dividend && dividend.reduce === 'level';
  return evaluated(history, divisor, now, windowSeconds).flatMap(({ labels, value: whole }) => {
    const key = JSON.stringify(labels);
    // What has not been counted yet is 0.
    const part =
      dividends.find((each) => JSON.stringify(each.labels) === key)?.value ?? (isLevel ? undefined : 0);
    if (part === undefined || whole === 0) return [];
    return [{ labels, value: formula.complement === true ? 1 - part / whole : part / whole }];
  });
}

function reduced(
  history: MetricsHistory,
  formula: Reduction,
  now: number,
  windowSeconds: number,
): FormulaResult[] {
  const { metric, match = [], by = [], times = 1 } = formula;
  const store = history.storeOf(metric);
  if (store === undefined) return [];
  const from = now - windowSeconds * 1_000;
  // The values at both ends, and gaps.
  const whole = metricHistory(store, { from, to: now, points: 2 });
  const used = new Set([...by, ...match.map(({ label }) => label)]);
  if (store.detail === 'labels' && used.size > 1) return [];
  const [label] = used;
  const isOfLabel = (labels: Readonly<Record<string, string>>): boolean =>
    label === undefined ? Object.keys(labels).length === 0 : Object.hasOwn(labels, label);
  const grouped = groupedHistory(
    whole,
    (labels) => (store.detail === 'series' || isOfLabel(labels)) && meets(labels, match),
    by,
  );
  return grouped.tracks.flatMap(({ labels }, index) => {
    const value = resultOf(formula, grouped, grouped.values[index] ?? []);
    return value === undefined || Number.isNaN(value) ? [] : [{ labels, value: value * times }];
  });
}

function resultOf(
  { reduce, part = 'count', quantile = 0.5 }: Reduction,
  history: MetricHistory,
  values: readonly (Level | Distribution)[],
): number | undefined {
  const known = values.flatMap((value, index) => (value === null ? [] : [index]));
  const [first = 0] = known;
  const last = known.at(-1) ?? 0;
  const newest = values[last];
  if (known.length === 0 || newest === null || newest === undefined) return undefined;
  if (reduce === 'level') {
    // What was known before a gap is not the current level.
    return last < values.length - 1 ? undefined : numberIn(history, newest, part);
  }
  if (known.length < 2) return undefined;
  const oldest = values[first] ?? null;
  if (reduce === 'quantile' || reduce === 'mean') {
    const increase = differences(newest, oldest);
    const count = numberIn(history, increase, 'count');
    if (count <= 0) return undefined;
    return reduce === 'mean' ? (increase[0] ?? 0) / count : quantileOf(history, increase, count * quantile);
  }
  const increase = numberIn(history, newest, part) - numberIn(history, oldest, part);
  const seconds = ((history.times[last] ?? 0) - (history.times[first] ?? 0)) / 1_000;
  return reduce === 'increase' ? increase : increase / seconds;
}

/** The number of a value, or of a part of a distribution. */
function numberIn({ type }: MetricHistory, value: Level | Distribution, part: 'count' | 'sum'): number {
  if (value === null) return 0;
  if (typeof value === 'number') return value;
  if (part === 'sum') return value[0] ?? 0;
  if (type === 'summary') return value[1] ?? 0;
  return value.slice(1).reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

function differences(newest: Level | Distribution, oldest: Level | Distribution): number[] {
  if (newest === null || typeof newest === 'number') return [];
  const before = oldest === null || typeof oldest === 'number' ? [] : oldest;
  return newest.map((number, index) => (number ?? 0) - (before[index] ?? 0));
}

/** As `histogram_quantile` of Prometheus: linear within a bucket; the last finite bound for the bucket +Inf. */
function quantileOf(
  { bounds = [], lower = 0 }: MetricHistory,
  increase: readonly number[],
  rank: number,
): number {
  let below = 0;
  for (const [index, bound] of bounds.entries()) {
    const count = increase[index + 1] ?? 0;
    const start = index === 0 ? lower : (bounds[index - 1] ?? lower);
    // Without a finite bound, as a native histogram has them in a text, the values may be any.
    if (bound === null && index === 0 && lower === 0) return Number.NaN;
    if (below + count >= rank && count > 0)
      return bound === null ? start : start + ((bound - start) * (rank - below)) / count;
    below += count;
  }
  return Number.NaN;
}
