/** The samples of metrics: read from a registry, flat or by family, and grouped by labels. */
import type { AggregatedSample, MetricData, MetricFamily } from './aggregation-rules.js';
import { type AnyInstrument, isInstrument } from './instruments/any-instrument.js';

/** Samples with equal values of the labels by which they are grouped. */
export interface Group {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: AggregatedSample[];
}

/** Samples by their values of some labels: a tree, since a concatenated key would merge what differs. */
export function grouped(samples: readonly AggregatedSample[], names: readonly string[]): Group[] {
  const groups: Group[] = [];
  const root: GroupTree = new Map();
  for (const sample of samples) {
    const values = names.map((name) => String(sample.labels[name] ?? ''));
    let node = root;
    for (const value of values) {
      const next = node.get(value) ?? (new Map() as GroupTree);
      node.set(value, next);
      node = next;
    }
    let group = groupAt.get(node);
    if (group === undefined) {
      group = {
        labels: Object.fromEntries(names.map((name, index) => [name, values[index] ?? ''])),
        samples: [],
      };
      groupAt.set(node, group);
      groups.push(group);
    }
    group.samples.push(sample);
  }
  return groups;
}

type GroupTree = Map<string, GroupTree>;
const groupAt = new WeakMap<GroupTree, Group>();

/** The numbers of families, each under the name of its part. */
export function samplesOf(metrics: readonly MetricFamily[]): AggregatedSample[] {
  return metrics.flatMap(({ name, values }) =>
    values.map(({ value, labels, metricName, native }) => ({
      name: metricName ?? name,
      labels: labels as AggregatedSample['labels'],
      value,
      ...(native === undefined ? {} : { native }),
    })),
  );
}

/** The family of an instrument as it stands now, under the name of its definition. */
export function familyOf(instrument: AnyInstrument): MetricFamily {
  const { name, type } = instrument;
  return declaredFamily(instrument, { name, type, values: instrument.samples() });
}

/** A family under the name that its metric has in code, whatever a view makes of it. */
export function declaredFamily(metric: unknown, family: MetricFamily): MetricFamily {
  const exposed = family.name;
  const name = declaredName(metric, exposed);
  if (name === exposed) return family;
  const values = family.values.map((value) => ({
    ...value,
    ...(value.metricName === undefined
      ? {}
      : { metricName: `${name}${value.metricName.slice(exposed.length)}` }),
  }));
  return { ...family, name, values };
}

export function declaredName(metric: unknown, exposed: string): string {
  return isInstrument(metric) ? metric.declared.name : exposed;
}

/**
 * Families as flat samples. A histogram or summary also has one sample per series under its own name, the mean of what was
 * observed, so that a rule which asks for the metric by its name finds it.
 */
export function flatSamples(families: readonly MetricFamily[], timestamp: Date): MetricData[] {
  return families.flatMap((family) => {
    const { name, type } = family;
    const parts = samplesOf([family]).map(({ labels, ...sample }) => ({
      ...sample,
      labels: textLabels(labels),
      timestamp,
    }));
    if (type !== 'histogram' && type !== 'summary') return parts;
    const valuesOf = (suffix: string): MetricData[] =>
      parts.filter((part) => part.name === `${name}${suffix}`);
    const counts = valuesOf('_count');
    const means = valuesOf('_sum').map(({ labels, value }, index) => {
      const count = counts[index]?.value ?? 0;
      return { name, labels, value: count === 0 ? 0 : value / count, timestamp };
    });
    return [...means, ...parts];
  });
}

/** Flat samples by family: those of a histogram or summary belong to the metric whose `_sum` and `_count` they are. */
export function familiesOf(samples: readonly MetricData[]): MetricFamily[] {
  const names = new Set(samples.map(({ name }) => name));
  const families = new Map<string, MetricFamily['values'][number][]>();
  for (const { name, value, labels = {}, native } of samples) {
    const base = name.replace(/_(sum|count|bucket)$/, '');
    const isPart = base !== name && names.has(`${base}_sum`) && names.has(`${base}_count`);
    const family = isPart ? base : name;
    const values = families.get(family) ?? [];
    values.push({ value, labels, metricName: name, ...(native === undefined ? {} : { native }) });
    families.set(family, values);
  }
  return [...families].map(([name, values]) => ({ name, type: 'unknown', values }));
}

function textLabels(labels: AggregatedSample['labels']): Record<string, string> {
  const present = Object.entries(labels).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present.map(([name, value]) => [name, String(value)]));
}
