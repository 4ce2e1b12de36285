/** What the explorer computes of a metric. */
import type { MetricMeta } from '../../../../lib/history/feed.js';
import type { FeedUnit } from '../../../../lib/history/panel.js';
import type { Reduction } from '../feed/groups.js';
import type { View } from '../view.js';

/** More series are shown as their total until they are grouped. */
const maxSeries = 20;

/** The labels by which series are grouped. */
export function groupedBy({ type, labels, series }: MetricMeta, { by }: View): readonly string[] {
  if (by !== undefined) return by.filter((label) => labels.includes(label));
  return type === 'histogram' || type === 'summary' || series > maxSeries ? [] : labels;
}

/** The unit of the increase per second, and the factor for it. */
export function rateUnit({ type, unit }: MetricMeta): { readonly unit: FeedUnit; readonly times: number } {
  if (type !== 'counter') return { unit: 'perSecond', times: 1 };
  if (unit === 'bytes') return { unit: 'bytesPerSecond', times: 1 };
  if (unit === 'usd') return { unit: 'usdPerHour', times: 3_600 };
  return unit === 'seconds' ? { unit: 'none', times: 1 } : { unit: 'perSecond', times: 1 };
}

export interface MetricFormulas {
  /** Of the groups. */
  readonly main: Reduction;
  readonly rate: Reduction;
  readonly quantile: (quantile: number) => Reduction;
  /** Of all groups together. */
  readonly total: (reduce: Reduction['reduce'], quantile?: number) => Reduction;
}

export function formulasOf(meta: MetricMeta, view: View): MetricFormulas {
  const { name: metric, type } = meta;
  const match = Object.entries(view.where)
    .filter(([label]) => meta.labels.includes(label))
    .map(([label, value]) => ({ label, test: 'equals' as const, values: [value] }));
  const by = groupedBy(meta, view);
  const { times } = rateUnit(meta);
  const rate: Reduction = { reduce: 'rate', metric, match, by, times };
  const main: Reduction =
    type === 'counter'
      ? rate
      : type === 'histogram'
        ? { reduce: 'quantile', metric, match, by, quantile: 0.95 }
        : type === 'summary'
          ? { reduce: 'mean', metric, match, by }
          : { reduce: 'level', metric, match, by };
  const total = (reduce: Reduction['reduce'], quantile?: number): Reduction => ({
    reduce,
    metric,
    match,
    ...(quantile === undefined ? {} : { quantile }),
  });
  return { main, rate, total, quantile: (quantile) => total('quantile', quantile) };
}
