/** Which tracks of a metric belong to which line of a formula. */
import { meets } from '../../../../lib/history/label-match.js';
import type { Formula } from '../../../../lib/history/panel.js';
import type { MetricSamples } from './metric-samples.js';

export type Reduction = Extract<Formula, { readonly reduce: string }>;

interface Group {
  readonly labels: Readonly<Record<string, string>>;
  readonly tracks: readonly number[];
}

/** By formula, since formulas are evaluated every second and their groups change rarely. */
const known = new WeakMap<
  Reduction,
  { readonly samples: MetricSamples; readonly groups: readonly Group[] }
>();

export function groupsOf(samples: MetricSamples, formula: Reduction): readonly Group[] {
  const found = known.get(formula);
  if (found?.samples === samples) return found.groups;
  const groups = grouped(samples, formula);
  known.set(formula, { samples, groups });
  return groups;
}

function grouped({ shape }: MetricSamples, { match = [], by = [], reduce }: Reduction): Group[] {
  const used = [...new Set([...by, ...match.map(({ label }) => label)])];
  const isUsable = (labels: Readonly<Record<string, string>>): boolean => {
    if (shape.detail !== 'labels') return true;
    const [label] = used;
    return label === undefined ? Object.keys(labels).length === 0 : Object.hasOwn(labels, label);
  };
  if (shape.detail === 'labels' && used.length > 1) return [];
  const groups = new Map<string, { labels: Record<string, string>; tracks: number[] }>();
  for (const [track, { labels }] of shape.tracks.entries()) {
    if (!isUsable(labels) || !meets(labels, match)) continue;
    const own = by.map((label) => [label, labels[label] ?? ''] as const);
    const key = JSON.stringify(own);
    const group = groups.get(key) ?? { labels: Object.fromEntries(own), tracks: [] };
    group.tracks.push(track);
    groups.set(key, group);
  }
  // Nothing of the kind has happened yet: 0.
  const isSum = reduce === 'rate' || reduce === 'increase';
  if (groups.size === 0 && by.length === 0 && isSum) return [{ labels: {}, tracks: [] }];
  return [...groups.values()];
}
