/**
 * What a scrape of the service may hold at most, from the definitions and their budgets: past it, Prometheus drops the whole
 * scrape, so the limits are what the service cannot reach by itself.
 */
import { metricsSeriesFolded } from '../../catalogue/self.js';
import type { MetricDefinition } from '../../definition.js';
import type { BundleSettings } from '../settings.js';

export interface ScrapeLimits {
  /** Samples of one scrape. */
  readonly samples: number;
  /** Labels of one series, with the metric's name and those that Prometheus adds. */
  readonly labels: number;
  /** Characters of a label's name. */
  readonly labelNameLength: number;
  /** Characters of a label's value. */
  readonly labelValueLength: number;
  /** How `samples` comes about, line by line. */
  readonly arithmetic: string;
}

/** More than this from one target is refused, whatever the budgets: Prometheus keeps some kilobytes of memory a series. */
export const maxSamples = 1_000_000;
/** prom-client's default metrics, and metrics that others register beside ours. */
const thirdPartySamples = 500;
/** Metrics that the service may have and the bundle does not know. */
const thirdPartyMetrics = 100;
/** Labels that are not in definitions: constant ones of the service, and those that service discovery brings. */
const addedLabels = 10;
/** As much as Node takes of all headers of a request: no value that comes from outside with one is longer. */
const maxValue = 16_384;
/** `__name__`, `job`, `instance`, and `le` or `quantile`. */
const ownLabels = 4;

/** The limits of the service's scrape job. */
export function scrapeLimits({ exposed: definitions, config }: BundleSettings): ScrapeLimits {
  const maxLabels = Math.max(...definitions.map(({ labels }) => Object.keys(labels).length));
  const parts = new Map<string, { metrics: number; series: number; samples: number }>();
  for (const definition of definitions) {
    const series = maxSeries(definition, config.maxSeries, definitions.length + thirdPartyMetrics, maxLabels);
    const part = parts.get(definition.type) ?? { metrics: 0, series: 0, samples: 0 };
    part.metrics += 1;
    part.series += series;
    part.samples += series * samplesPerSeries(definition);
    parts.set(definition.type, part);
  }
  const total = [...parts.values()].reduce((sum, { samples }) => sum + samples, thirdPartySamples);
  const rounded = Math.ceil(total / 1_000) * 1_000;
  const samples = Math.min(maxSamples, rounded);
  const lines = [...parts]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(
      ([type, part]) =>
        `  ${part.metrics} ${type === 'summary' ? 'summaries' : `${type}s`}: ${part.series} series, ${part.samples} samples`,
    );
  return {
    samples,
    labels: maxLabels + ownLabels + addedLabels,
    labelNameLength: Math.max(
      64,
      ...definitions.flatMap(({ labels }) => Object.keys(labels).map(({ length }) => length)),
    ),
    labelValueLength: maxValue,
    arithmetic: [
      `The most that the service can expose, with a budget of ${config.maxSeries} series a metric, a tenth more of folded series,`,
      'closed labels by their values; a counter is 2 samples (with `_created`), a histogram its buckets and 4:',
      ...lines,
      `  ${thirdPartySamples} samples of Node and of others`,
      `Together ${total}, ${samples < rounded ? `more than is taken from one target: the limit is ${samples}` : `rounded up to ${samples}`}.`,
    ].join('\n'),
  };
}

/** Series that a metric can have: every combination of closed and limited labels, or its budget with what folding adds. */
function maxSeries(
  definition: MetricDefinition,
  budgetOfAll: number,
  metrics: number,
  maxLabels: number,
): number {
  const labels = Object.entries(definition.labels);
  if (labels.length === 0) return 1;
  const budget = definition.maxSeries ?? budgetOfAll;
  // Series with some values folded may take a tenth on top, where there are several labels; past that each is `other` or absent.
  const reserve = labels.length > 1 ? Math.max(16, Math.ceil(budget / 10)) : 0;
  const folding = budget + reserve + 2 ** labels.length;
  const combinations = labels.reduce((product, [name, { values, limit }]) => {
    // The value that stands for the rest, and the absent one, beside its own.
    const own = values?.length ?? limit ?? namesOf(name, definition, metrics, maxLabels);
    return product * (own + 2);
  }, 1);
  return Math.min(combinations, folding);
}

/** Values of a label that has the names of metrics, or of labels, for values: no more than there are. */
function namesOf(label: string, { name }: MetricDefinition, metrics: number, maxLabels: number): number {
  if (label === 'metric' && name.startsWith('metrics_')) return metrics;
  if (label === 'label' && name === metricsSeriesFolded.name) return maxLabels;
  return Number.POSITIVE_INFINITY;
}

/** Samples of one series in OpenMetrics, the longest of the formats: `_created` is one. */
function samplesPerSeries(definition: MetricDefinition): number {
  switch (definition.type) {
    case 'gauge':
      return 1;
    case 'counter':
      return 2;
    case 'histogram':
      // And +Inf, sum, count, created.
      return definition.buckets.length + 4;
    case 'summary':
      return definition.quantiles.length + 3;
  }
}
