/**
 * A metric with its series as plain numbers: what a snapshot is read into, what processes report to each other, and what they
 * merge.
 *
 * Snapshots and messages encode it differently. A snapshot is OpenMetrics text, so that people and tools can read it; each
 * sample repeats the labels of its series. A message has the names once: for histograms it takes a twentieth of the bytes and a
 * fifth of the time to read, and processes report every second.
 */
import type { Aggregator, MetricType } from './definition.js';
import { type AnyInstrument, isInstrument } from './instruments/any-instrument.js';
import type { CounterSeries } from './instruments/counter.js';
import { Histogram } from './instruments/histogram.js';
import type { HistogramSeries } from './instruments/histogram-series.js';
import type { MetricSnapshot, Sample } from './instruments/instrument.js';
import type { NativeBuckets } from './instruments/native-buckets.js';
import { Summary, type SummarySeries } from './instruments/summary.js';

/** One number of every series: the suffix of its sample, and the bound of a bucket or the quantile. */
export type Part = readonly [suffix: string, bound?: string | number];

export interface FamilySeries {
  /** Label values in the order of the family's labels; an absent label is an empty string. */
  readonly values: readonly string[];
  /** Numbers in the order of the family's parts; `undefined` for a part that the series lacks. */
  readonly numbers: readonly (number | undefined)[];
  /** When the series started to count, in seconds since 1970, if known. Messages leave it out, since no scrape exposes it. */
  readonly created?: number | undefined;
  /** The buckets of a native histogram, if there are some of all its observations. */
  readonly native?: NativeBuckets | undefined;
}

/** Immutable, so that it can be read while other reports arrive. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly aggregator: Aggregator;
  readonly labels: readonly string[];
  readonly parts: readonly Part[];
  readonly series: readonly FamilySeries[];
}

/** Labels that a registry adds to series without them: `setDefaultLabels` of prom-client. */
export type DefaultLabels = readonly (readonly [name: string, value: string])[];

/** The current numbers of a metric. */
export function familyOf(metric: AnyInstrument | MetricSnapshot, defaults: DefaultLabels = []): Family {
  return isInstrument(metric) ? ownFamily(metric, defaults) : thirdPartyFamily(metric, defaults);
}

/** The label that distinguishes the parts of a series. */
export function boundLabel(type: MetricType): 'le' | 'quantile' | undefined {
  return type === 'histogram' ? 'le' : type === 'summary' ? 'quantile' : undefined;
}

/** The samples of a family, in output order. */
export function* samplesOf({ name, type, labels, parts, series }: Family): Generator<Sample> {
  const bounded = boundLabel(type);
  for (const { values, numbers, native } of series) {
    const own: Record<string, string> = {};
    for (const [index, label] of labels.entries()) if (values[index]) own[label] = values[index];
    for (const [index, [suffix, bound]] of parts.entries()) {
      const value = numbers[index];
      if (value === undefined) continue;
      yield {
        value,
        labels: bound === undefined || bounded === undefined ? own : { ...own, [bounded]: bound },
        ...(suffix === '' ? {} : { metricName: `${name}${suffix}` }),
        ...(suffix === '_count' && native !== undefined ? { native } : {}),
      };
    }
  }
}

/** Groups the samples of one metric by series. */
export interface FamilyBuilder {
  /** @param labels without the bound */
  add(labels: ReadonlyMap<string, string>, part: Part, value: number): void;
  family(): Family;
}

/** @param declared the first labels of the family; labels that only samples have follow */
export function familyBuilder(
  { name, help, type, aggregator }: Pick<Family, 'name' | 'help' | 'type' | 'aggregator'>,
  declared: readonly string[] = [],
): FamilyBuilder {
  const labels = [...declared];
  const parts: Part[] = [];
  const partAt = new Map<string, number>();
  const series = new Map<string, { values: string[]; numbers: (number | undefined)[]; created?: number }>();
  return {
    add(given, part, value) {
      for (const label of given.keys()) if (!labels.includes(label)) labels.push(label);
      const values = labels.map((label) => given.get(label) ?? '');
      // Labels that only later samples have are absent from this one: they must not make two keys of one series.
      const key = JSON.stringify(values.slice(0, values.findLastIndex((text) => text !== '') + 1));
      const target = series.get(key) ?? { values, numbers: [] };
      series.set(key, target);
      if (part[0] === '_created') {
        target.created = value;
        return;
      }
      const partKey = JSON.stringify(part);
      const index = partAt.get(partKey) ?? parts.push(part) - 1;
      partAt.set(partKey, index);
      target.numbers[index] = value;
    },
    family: () => ({
      name,
      help,
      type,
      aggregator,
      labels,
      parts,
      series: [...series.values()].map(({ values, numbers, created }) => ({
        values: labels.map((_, index) => values[index] ?? ''),
        numbers: parts.map((_, index) => numbers[index]),
        created,
      })),
    }),
  };
}

function ownFamily(instrument: AnyInstrument, defaults: DefaultLabels): Family {
  const { name, help, type, aggregator, labelNames, series: tree } = instrument;
  const added = defaults.filter(([label]) => !labelNames.includes(label));
  const fallbacks = labelNames.map((label) => defaults.find(([each]) => each === label)?.[1] ?? '');
  const numbersOf = numbersReader(instrument);
  const series: FamilySeries[] = [];
  for (const each of tree) {
    const own = tree.valuesOf(each).map((value, index) => value || (fallbacks[index] ?? ''));
    series.push({
      values: [...own, ...added.map(([, value]) => value)],
      numbers: numbersOf(each),
      created: type === 'gauge' ? undefined : each.created,
      ...(instrument.type === 'histogram' ? nativeOf(each as HistogramSeries) : {}),
    });
  }
  return {
    name,
    help,
    type,
    aggregator,
    labels: [...labelNames, ...added.map(([label]) => label)],
    parts: partsOf(instrument),
    series,
  };
}

function nativeOf({ native }: HistogramSeries): Pick<FamilySeries, 'native'> {
  return native === undefined ? {} : { native };
}

function partsOf(instrument: AnyInstrument): readonly Part[] {
  if (instrument instanceof Histogram)
    return [
      ...instrument.buckets.map((bound): Part => ['_bucket', bound]),
      ['_bucket', '+Inf'],
      ['_sum'],
      ['_count'],
    ];
  if (instrument instanceof Summary)
    return [...instrument.definition.quantiles.map((quantile): Part => ['', quantile]), ['_sum'], ['_count']];
  return [['']];
}

/** Reads the numbers of a series, in the order of the parts. */
function numbersReader(instrument: AnyInstrument): (series: unknown) => number[] {
  if (instrument instanceof Histogram)
    return (series) => {
      const counts = (series as HistogramSeries).cumulativeCounts();
      return [...counts, (series as HistogramSeries).sum, counts.at(-1) ?? 0];
    };
  if (instrument instanceof Summary) {
    const { quantiles } = instrument.definition;
    return (series) => {
      const { window, sum, count } = series as SummarySeries;
      return [...(window?.quantiles(quantiles) ?? []), sum, count];
    };
  }
  return (series) => [(series as CounterSeries).value];
}

/** Each sample of a third-party metric names its labels, in any order, and may lack some. */
function thirdPartyFamily(snapshot: MetricSnapshot, defaults: DefaultLabels): Family {
  const bounded = boundLabel(snapshot.type);
  const builder = familyBuilder(snapshot);
  for (const { labels = {}, metricName, value } of snapshot.values) {
    const given = new Map(Object.entries(labels).map(([label, text]) => [label, textOf(text)]));
    for (const [label, text] of defaults) if (!given.get(label)) given.set(label, text);
    const bound = bounded === undefined ? undefined : labels[bounded];
    if (bounded !== undefined) given.delete(bounded);
    const suffix =
      metricName?.startsWith(snapshot.name) === true ? metricName.slice(snapshot.name.length) : '';
    builder.add(given, bound === undefined ? [suffix] : [suffix, bound], value);
  }
  return builder.family();
}

function textOf(value: unknown): string {
  return value === undefined || value === null ? '' : String(value);
}
