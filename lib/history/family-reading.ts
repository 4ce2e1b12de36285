/** Reads families of samples for the history: metrics of other libraries, and expositions. */
import type { NativeBuckets } from '../instruments/native-buckets.js';
import type { FeedMetricType } from './feed.js';
import type { SeriesReading } from './metric-reducer.js';
import { type MetricShape, widthOf } from './metric-shape.js';
import { copyNative, nativeBounds } from './native-reading.js';

/** A sample of a family. Label values are text. */
export interface FamilySample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  /** The native buckets of a histogram, with its count. */
  readonly native?: NativeBuckets | undefined;
}

/** A metric with its samples. */
export interface SampledFamily extends Pick<MetricShape, 'name' | 'type' | 'help' | 'combine'> {
  readonly samples: readonly FamilySample[];
  /**
   * Whether series that are seen for the first time are known to have started from 0. Those of other programs may have counted for
   * days. Default: false.
   */
  readonly startsAtZero?: boolean;
}

/** The series of a family at one time. */
export interface FamilyReading extends SeriesReading {
  readonly shape: MetricShape;
  /** Equal for readings of the same series. */
  readonly key: string;
}

const typeNames: readonly string[] = ['counter', 'gauge', 'histogram', 'summary'] satisfies FeedMetricType[];

/** The type of a family by its name in an exposition. */
export function feedType(type: unknown): FeedMetricType {
  return typeof type === 'string' && typeNames.includes(type) ? (type as FeedMetricType) : 'unknown';
}

export function familyReading(family: SampledFamily): FamilyReading {
  const { name, type, help, combine, samples, startsAtZero = false } = family;
  const boundLabel = type === 'histogram' ? 'le' : type === 'summary' ? 'quantile' : undefined;
  const labels = new Set<string>();
  const bounds = new Set<number>();
  for (const sample of samples) {
    for (const label in sample.labels) {
      if (label !== boundLabel) labels.add(label);
      else bounds.add(boundOf(sample.labels[label]));
    }
  }
  if (type === 'histogram') bounds.add(Number.POSITIVE_INFINITY);
  const isNative = type === 'histogram' && hasNativeBuckets(family);
  const sorted = isNative
    ? nativeBounds
    : [...bounds].filter((bound) => !Number.isNaN(bound)).sort((a, b) => a - b);
  const shape: MetricShape = {
    name,
    type,
    help,
    combine,
    labels: [...labels],
    bounds: type === 'histogram' ? sorted : [],
    isNative,
    quantiles: type === 'summary' ? sorted : [],
  };
  const columns = new Map(isNative ? [] : sorted.map((bound, index) => [bound, index]));
  // Those of native histograms are written when they are read, since they have hundreds of numbers.
  const width = isNative ? 1 : widthOf(shape);
  const series = new Map<string, FamilySeries>();
  for (const sample of samples) {
    const values = shape.labels.map((label) => sample.labels[label] ?? '');
    const key = JSON.stringify(values);
    let one = series.get(key);
    if (one === undefined) {
      one = { values, numbers: new Float64Array(width).fill(Number.NaN), native: undefined };
      series.set(key, one);
    }
    one.native ??= sample.native;
    const column = columnOf(shape, sample, boundLabel, columns);
    if (column !== undefined) one.numbers[column] = sample.value;
  }
  const all = [...series.values()];
  if (type === 'histogram') for (const { numbers } of all) separate(numbers);
  return {
    shape,
    key: [...series.keys()].join(),
    startsAtZero,
    count: all.length,
    valuesOf: (index) => all[index]?.values ?? [],
    read(index, point) {
      const { numbers = [], native } = all[index] ?? {};
      if (isNative) copyNative(numbers[0] ?? 0, native, point);
      else point.set(numbers);
    },
  };
}

/** Whether all series have native buckets: those of a cluster lack them if a process does not have them. */
function hasNativeBuckets({ name, samples }: SampledFamily): boolean {
  const counts = samples.filter((sample) => sample.name === `${name}_count`);
  return counts.length > 0 && counts.every(({ native }) => native !== undefined);
}

interface FamilySeries {
  readonly values: readonly string[];
  readonly numbers: Float64Array;
  native: NativeBuckets | undefined;
}

function columnOf(
  { name, type }: MetricShape,
  sample: FamilySample,
  boundLabel: string | undefined,
  columns: ReadonlyMap<number, number>,
): number | undefined {
  if (boundLabel === undefined) return 0;
  const suffix = sample.name.slice(name.length);
  if (suffix === '_sum') return 0;
  if (type === 'summary' && suffix === '_count') return 1;
  const column = columns.get(boundOf(sample.labels[boundLabel]));
  if (column === undefined || suffix !== (type === 'histogram' ? '_bucket' : '')) return undefined;
  return column + (type === 'histogram' ? 1 : 2);
}

function boundOf(text: string | undefined): number {
  if (text === undefined || text === '') return Number.NaN;
  return /^\+?inf/i.test(text) ? Number.POSITIVE_INFINITY : Number(text);
}

/** Makes cumulative buckets into those without the lower ones. A series may lack bounds that others have. */
function separate(numbers: Float64Array): void {
  let below = 0;
  for (let index = 1; index < numbers.length; index++) {
    const count = numbers[index] ?? Number.NaN;
    numbers[index] = Number.isNaN(count) ? 0 : Math.max(0, count - below);
    if (!Number.isNaN(count)) below = count;
  }
  if (Number.isNaN(numbers[0] as number)) numbers[0] = 0;
}
