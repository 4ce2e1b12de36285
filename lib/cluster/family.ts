/** A metric's numbers as processes send them to each other: series as lists of numbers, names said once. */
import type { Aggregator, MetricType } from '../definition.js';
import { type AnyInstrument, isInstrument } from '../instruments/any-instrument.js';
import type { CounterSeries } from '../instruments/counter.js';
import { Histogram, type HistogramSeries } from '../instruments/histogram.js';
import type { MetricSnapshot } from '../instruments/instrument.js';
import { Summary, type SummarySeries } from '../instruments/summary.js';

/** One number of each series: the suffix of its name, and its bucket's bound or its quantile where it has one. */
export type Part = readonly [suffix: string, bound?: string | number];

/** Label values in the order of the family's labels, where an absent one is empty, and a number for each part. */
export type FamilySeries = readonly [values: readonly string[], numbers: readonly (number | undefined)[]];

/** Never changed once made, so that it can be read while others come in. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly aggregator: Aggregator;
  readonly labels: readonly string[];
  readonly parts: readonly Part[];
  readonly series: readonly FamilySeries[];
}

/** Labels that a registry adds to series which lack them, as `setDefaultLabels` of prom-client has it. */
export type DefaultLabels = readonly (readonly [name: string, value: string])[];

/** The family of a metric, as its numbers are now. */
export function familyOf(metric: AnyInstrument | MetricSnapshot, defaults: DefaultLabels = []): Family {
  return isInstrument(metric) ? ownFamily(metric, defaults) : thirdPartyFamily(metric, defaults);
}

/** The label that tells the parts of a series apart. */
export function boundLabel(type: MetricType): 'le' | 'quantile' | undefined {
  return type === 'histogram' ? 'le' : type === 'summary' ? 'quantile' : undefined;
}

function ownFamily(instrument: AnyInstrument, defaults: DefaultLabels): Family {
  const { name, help, type, aggregator, labelNames, series: tree } = instrument;
  const added = defaults.filter(([label]) => !labelNames.includes(label));
  const fallbacks = labelNames.map((label) => defaults.find(([each]) => each === label)?.[1] ?? '');
  const numbersOf = numbersReader(instrument);
  const series: FamilySeries[] = [];
  for (const each of tree) {
    const own = tree.valuesOf(each).map((value, index) => value || (fallbacks[index] ?? ''));
    series.push([[...own, ...added.map(([, value]) => value)], numbersOf(each)]);
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

/** A foreign metric names its labels in each sample, in an order of its own, and not always all. */
function thirdPartyFamily(snapshot: MetricSnapshot, defaults: DefaultLabels): Family {
  const { name, help, type, aggregator, values } = snapshot;
  const bounded = boundLabel(type);
  const labels: string[] = [];
  const parts: Part[] = [];
  const partAt = new Map<string, number>();
  const series = new Map<string, [values: string[], numbers: (number | undefined)[]]>();
  for (const sample of values) {
    const given = new Map(Object.entries(sample.labels ?? {}).map(([label, value]) => [label, text(value)]));
    for (const [label, value] of defaults) if (!given.get(label)) given.set(label, value);
    const bound = bounded === undefined ? undefined : sample.labels?.[bounded];
    if (bounded !== undefined) given.delete(bounded);
    for (const label of given.keys()) if (!labels.includes(label)) labels.push(label);
    const part: Part =
      bound === undefined ? [suffixOf(sample.metricName, name)] : [suffixOf(sample.metricName, name), bound];
    const partKey = JSON.stringify(part);
    let index = partAt.get(partKey);
    if (index === undefined) {
      index = parts.push(part) - 1;
      partAt.set(partKey, index);
    }
    const own = labels.map((label) => given.get(label) ?? '');
    // Labels that only later samples have are absent from this one: they must not make two keys of one series.
    const key = JSON.stringify(own.slice(0, own.findLastIndex((value) => value !== '') + 1));
    const existing = series.get(key) ?? [own, []];
    series.set(key, existing);
    existing[1][index] = sample.value;
  }
  return {
    name,
    help,
    type,
    aggregator,
    labels,
    parts,
    series: [...series.values()].map(([own, numbers]) => [
      labels.map((_, index) => own[index] ?? ''),
      parts.map((_, index) => numbers[index]),
    ]),
  };
}

function text(value: unknown): string {
  return value === undefined || value === null ? '' : String(value);
}

function suffixOf(sample: string | undefined, metric: string): string {
  return sample?.startsWith(metric) === true ? sample.slice(metric.length) : '';
}
