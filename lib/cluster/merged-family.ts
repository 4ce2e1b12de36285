/** Merges the families of several processes: numbers by the metric's aggregator, series by their label values. */
import type { MetricType } from '../definition.js';
import type { Family, Part } from '../family.js';
import { type FoldingSeries, foldedSeries, labelsByVariety } from '../instruments/folding.js';
import { mergedBuckets, type NativeBuckets } from '../instruments/native-buckets.js';
import { label } from '../label.js';

export interface MergeOptions {
  /** Labels to add to every series without them. */
  readonly constant?: ReadonlyMap<string, string>;
  /** The number of series after which label values become `other`. Default: no limit. */
  readonly maxSeries?: number;
  /** Called for a family of another type than the first, or a histogram with other buckets; it is left out. */
  readonly onConflict?: (error: Error) => void;
}

interface MergingSeries {
  readonly values: readonly string[];
  /** `undefined` for a part that no process has, `null` for one that several have and that cannot be merged. */
  readonly numbers: (number | null | undefined)[];
  /** How many numbers were merged into each, for averages. */
  readonly counts: number[];
  /** The native buckets of each process. */
  readonly natives: (NativeBuckets | undefined)[];
}

/**
 * Merges the families of one name. The first family with series determines type, help, aggregator and buckets. Averages are
 * final: they cannot be merged again.
 */
export function mergedFamily(families: readonly [Family, ...Family[]], options: MergeOptions = {}): Family {
  const { constant = new Map(), maxSeries = Number.POSITIVE_INFINITY, onConflict = () => {} } = options;
  // A third-party metric without series does not say its buckets.
  const withSeries = families.filter(({ series }) => series.length > 0);
  const first = withSeries[0] ?? families[0];
  const { name, help, type, aggregator } = first;
  const merging = withSeries.filter((family) => {
    const conflict = conflictOf(first, family);
    if (conflict !== undefined) onConflict(conflict);
    return conflict === undefined;
  });
  const labels = [...new Set([...merging.flatMap((family) => family.labels), ...constant.keys()])];
  const fallbacks = labels.map((each) => constant.get(each) ?? '');
  const parts = allParts(type, merging);
  const partKeys = parts.map(keyOfPart);
  const merges = parts.map((part) => mergeOf(first, part));
  const merged = seriesByValues(labels, maxSeries, parts.length);
  for (const family of merging) {
    const valueAt = labels.map((each) => family.labels.indexOf(each));
    const partAt = family.parts.map((part) => partKeys.indexOf(keyOfPart(part)));
    for (const { values, numbers, native } of family.series) {
      const target = merged.resolve(valueAt.map((at, index) => values[at] || (fallbacks[index] ?? '')));
      target.natives.push(native);
      for (const [index, number] of numbers.entries()) {
        const at = partAt[index] ?? -1;
        const merge = merges[at];
        if (number === undefined || merge === undefined) continue;
        const before = target.numbers[at];
        target.counts[at] = (target.counts[at] ?? 0) + 1;
        target.numbers[at] = before === undefined ? number : merge(before, number);
      }
    }
  }
  const finalNumber = (number: number | null | undefined, count = 1): number | undefined =>
    typeof number === 'number' && aggregator === 'average' ? number / count : (number ?? undefined);
  const series = merged.all().map(({ values, numbers, counts, natives }) => ({
    values,
    numbers: numbers.map((number, index) => finalNumber(number, counts[index])),
    ...mergedNative(natives, aggregator),
  }));
  return { name, help, type, aggregator, labels, parts, series };
}

/** Native buckets that add up to the count of a series: only sums do, and only if every process has some. */
function mergedNative(
  natives: readonly (NativeBuckets | undefined)[],
  aggregator: string,
): { readonly native?: NativeBuckets } {
  const [first, ...others] = natives.filter((native) => native !== undefined);
  const areAll = others.length + 1 === natives.length;
  if (first === undefined || !areAll || merges.has(aggregator) || aggregator === 'average') return {};
  return { native: mergedBuckets([first, ...others]) };
}

/** The merged series. Past the budget, the most varied labels become `other` first, as in a registry. */
function seriesByValues(
  labels: readonly string[],
  maxSeries: number,
  parts: number,
): { resolve(values: readonly string[]): MergingSeries; all(): MergingSeries[] } {
  const series = new Map<string, MergingSeries>();
  let folding: FoldingSeries<MergingSeries> | undefined;
  const find = (values: readonly string[]): MergingSeries | undefined => series.get(JSON.stringify(values));
  const attach = (values: readonly string[]): MergingSeries => {
    const made = { values, numbers: new Array<undefined>(parts).fill(undefined), counts: [], natives: [] };
    series.set(JSON.stringify(values), made);
    return made;
  };
  const all = (): MergingSeries[] => [...series.values()];
  const newFolding = (): FoldingSeries<MergingSeries> => ({
    order: labelsByVariety(
      labels.map(() => label()),
      all().map(({ values }) => values),
    ),
    find,
    attach,
    onFold: () => {},
  });
  return {
    all,
    resolve(values) {
      const found = find(values);
      if (found !== undefined) return found;
      if (series.size < maxSeries) return attach(values);
      folding ??= newFolding();
      return foldedSeries(values, folding, series.size, maxSeries);
    },
  };
}

function conflictOf(first: Family, family: Family): Error | undefined {
  if (family.type !== first.type)
    return new Error(`a process has it as a ${family.type}, and another as a ${first.type}; the first wins`);
  if (family.type === 'histogram' && boundsOf(family) !== boundsOf(first))
    return new Error(
      `a process has buckets ${boundsOf(family)}, and another ${boundsOf(first)}; the first wins`,
    );
  return undefined;
}

function boundsOf({ parts }: Family): string {
  const bounds = parts.flatMap(([, bound]) => (bound === undefined ? [] : [numberOf(bound)]));
  return `[${bounds.sort((a, b) => a - b).join(', ')}]`;
}

function numberOf(bound: string | number): number {
  return bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound);
}

/** The parts of all families. Those of a summary are sorted, since processes may have different quantiles. */
function allParts(type: MetricType, families: readonly Family[]): readonly Part[] {
  const byKey = new Map<string, Part>();
  for (const { parts } of families)
    for (const part of parts) if (!byKey.has(keyOfPart(part))) byKey.set(keyOfPart(part), part);
  const parts = [...byKey.values()];
  return type === 'summary' ? parts.sort((a, b) => rank(a) - rank(b)) : parts;
}

function rank([suffix, bound]: Part): number {
  return bound === undefined ? (suffix === '_sum' ? 2 : 3) : numberOf(bound);
}

/** Third-party metrics have bounds as numbers or strings. */
function keyOfPart([suffix, bound]: Part): string {
  return JSON.stringify(bound === undefined ? [suffix] : [suffix, String(numberOf(bound))]);
}

type Merge = (before: number | null, number: number) => number | null;

const merges: ReadonlyMap<string, Merge> = new Map<string, Merge>([
  ['first', (before) => before],
  ['min', (before, number) => Math.min(before ?? number, number)],
  ['max', (before, number) => Math.max(before ?? number, number)],
]);

const sum: Merge = (before, number) => (before ?? 0) + number;

/** An average is a sum until all numbers are added. An unknown aggregator is `sum`, the default of prom-client. */
function mergeOf({ type, aggregator }: Family, [, bound]: Part): Merge {
  if (type === 'summary' && bound !== undefined) return mergedQuantile;
  return merges.get(aggregator) ?? sum;
}

/** Quantiles of several processes cannot be merged. A process whose window is empty has no quantile. */
function mergedQuantile(before: number | null, number: number): number | null {
  if (Number.isNaN(number)) return before;
  return before !== null && Number.isNaN(before) ? number : null;
}
