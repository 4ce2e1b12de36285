/** Families of several processes made one, each number by the metric's aggregator, series by their actual label values. */
import type { Aggregator, MetricType } from '../definition.js';
import type { Sample } from '../instruments/instrument.js';
import { otherValue } from '../label.js';
import { boundLabel, type Family, type Part } from './family.js';

export interface MergeOptions {
  /** Labels added to every series that does not have them. */
  readonly constant?: ReadonlyMap<string, string>;
  /** Series there may be before label values become `other`. Default: no limit. */
  readonly maxSeries?: number;
  /** Told of a family that is of another type than the first, or a histogram with other buckets; it is left out. */
  readonly onConflict?: (error: Error) => void;
}

interface MergedSeries {
  readonly labels: readonly (readonly [name: string, value: string])[];
  /** A number a part; `undefined` where nobody has it, `null` where several have one that cannot be merged. */
  readonly numbers: (number | null | undefined)[];
  /** How many numbers went into each, for averages. */
  readonly counts: number[];
}

/** A merge in progress, and its result. */
export interface MergedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly aggregator: Aggregator;
  readonly parts: readonly Part[];
  readonly series: readonly MergedSeries[];
}

/** Families of one name made one. The first that has series says type, help, aggregator and buckets. */
export function mergedFamily(
  families: readonly [Family, ...Family[]],
  options: MergeOptions = {},
): MergedFamily {
  const { constant = new Map(), maxSeries = Number.POSITIVE_INFINITY, onConflict = () => {} } = options;
  // Foreign metrics without series have no buckets that could be told.
  const withSeries = families.filter((family) => family.series.length > 0);
  const first = withSeries[0] ?? families[0];
  const parts: Part[] = [];
  const partAt = new Map<string, number>();
  const series = new Map<string, MergedSeries>();
  for (const family of withSeries) {
    const conflict = conflictOf(first, family);
    if (conflict !== undefined) {
      onConflict(conflict);
      continue;
    }
    const places = family.parts.map((part) => placeOf(part, parts, partAt));
    const merge = parts.map((part) => mergeOf(first, part));
    const labelled = labeller(family.labels, constant);
    for (const [values, numbers] of family.series) {
      const given = labelled(values);
      const found = series.get(given.key);
      const { key, labels } = found === undefined && series.size >= maxSeries ? folded(given.labels) : given;
      const target = found ?? series.get(key) ?? { labels, numbers: [], counts: [] };
      series.set(key, target);
      for (const [index, number] of numbers.entries()) {
        const place = places[index];
        if (number === undefined || place === undefined) continue;
        const before = target.numbers[place];
        target.counts[place] = (target.counts[place] ?? 0) + 1;
        target.numbers[place] = before === undefined ? number : merge[place]?.(before, number);
      }
    }
  }
  const { name, help, type, aggregator } = first;
  return {
    name,
    help,
    type,
    aggregator,
    parts: ordered(first.type, parts, series),
    series: [...series.values()],
  };
}

/** The samples of a merged family, in output order. */
export function* samplesOf({ name, type, aggregator, parts, series }: MergedFamily): Generator<Sample> {
  const bounded = boundLabel(type);
  for (const { labels, numbers, counts } of series) {
    const own = Object.fromEntries(labels);
    for (const [index, [suffix, bound]] of parts.entries()) {
      const number = numbers[index];
      if (number === undefined || number === null) continue;
      const value = aggregator === 'average' ? number / (counts[index] ?? 1) : number;
      yield {
        value,
        labels: bound === undefined || bounded === undefined ? own : { ...own, [bounded]: bound },
        ...(suffix === '' ? {} : { metricName: `${name}${suffix}` }),
      };
    }
  }
}

/** A merged family as one that can be merged again. Averages would lose their weight. */
export function familyOfMerged({ name, help, type, aggregator, parts, series }: MergedFamily): Family {
  const labels: string[] = [];
  for (const each of series)
    for (const [label] of each.labels) if (!labels.includes(label)) labels.push(label);
  return {
    name,
    help,
    type,
    aggregator,
    labels,
    parts,
    series: series.map((each) => {
      const byName = new Map(each.labels);
      return [
        labels.map((label) => byName.get(label) ?? ''),
        parts.map((_, index) => each.numbers[index] ?? undefined),
      ];
    }),
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

function placeOf(part: Part, parts: Part[], partAt: Map<string, number>): number {
  const [suffix, bound] = part;
  const key = JSON.stringify(bound === undefined ? [suffix] : [suffix, String(numberOf(bound))]);
  const existing = partAt.get(key);
  if (existing !== undefined) return existing;
  partAt.set(key, parts.length);
  return parts.push(part) - 1;
}

type Merge = (before: number | null, number: number) => number | null;

const merges: Readonly<Record<string, Merge>> = {
  first: (before) => before,
  min: (before, number) => Math.min(before ?? number, number),
  max: (before, number) => Math.max(before ?? number, number),
};

const sum: Merge = (before, number) => (before ?? 0) + number;

/** An average is a sum until it is read. An aggregator that nobody knows sums up, as prom-client does where there is none. */
function mergeOf({ type, aggregator }: Family, [, bound]: Part): Merge {
  if (type === 'summary' && bound !== undefined) return mergedQuantile;
  return merges[aggregator] ?? sum;
}

/** Quantiles of several processes make none. A process whose window is empty has none. */
function mergedQuantile(before: number | null, number: number): number | null {
  if (Number.isNaN(number)) return before;
  return before !== null && Number.isNaN(before) ? number : null;
}

/** Parts of which some came from a later process, in the order in which they come out. */
function ordered(
  type: MetricType,
  parts: Part[],
  series: ReadonlyMap<string, MergedSeries>,
): readonly Part[] {
  if (type !== 'summary') return parts;
  const order = parts.map((_, index) => index).sort((a, b) => rank(parts[a]) - rank(parts[b]));
  for (const { numbers, counts } of series.values()) {
    const [oldNumbers, oldCounts] = [[...numbers], [...counts]];
    for (const [place, from] of order.entries()) {
      numbers[place] = oldNumbers[from];
      counts[place] = oldCounts[from] ?? 0;
    }
  }
  return order.map((index) => parts[index] as Part);
}

function rank(part: Part | undefined): number {
  const [suffix, bound] = part ?? [''];
  return bound === undefined ? (suffix === '_sum' ? 2 : 3) : numberOf(bound);
}

interface Labelled {
  readonly key: string;
  readonly labels: readonly (readonly [name: string, value: string])[];
}

/** Label values with their names, and what they are found by: the same whatever the order of the labels. */
function labeller(
  names: readonly string[],
  constant: ReadonlyMap<string, string>,
): (values: readonly string[]) => Labelled {
  const added = [...constant].filter(([name]) => !names.includes(name));
  const all = [...names, ...added.map(([name]) => name)];
  const sorted = all.map((name, index) => [name, index] as const).sort(([a], [b]) => (a < b ? -1 : 1));
  return (values) => {
    const texts = names.map((name, index) => values[index] || (constant.get(name) ?? ''));
    for (const [, value] of added) texts.push(value);
    const labels = all.flatMap((name, index) => (texts[index] ? [[name, texts[index]] as const] : []));
    const key = JSON.stringify(sorted.flatMap(([name, index]) => (texts[index] ? [name, texts[index]] : [])));
    return { key, labels };
  };
}

/** All values `other`: who is past the budget cannot know which of the labels has too many. */
function folded(labels: Labelled['labels']): Labelled {
  const sorted = labels.map(([name]) => name).sort();
  return {
    key: JSON.stringify(sorted.flatMap((name) => [name, otherValue])),
    labels: labels.map(([name]) => [name, otherValue]),
  };
}
