/**
 * Limits of the service's scrape, from its definitions and their series budgets. Prometheus drops a whole scrape that exceeds a limit, so
 * the service must not be able to reach one.
 * @see https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config
 */
import { metricsSeriesFolded } from '../../catalogue/self.js';
import type { MetricDefinition } from '../../definition.js';
import type { BundleSettings } from '../settings.js';

export interface ScrapeLimits {
  /** Samples of one scrape. */
  readonly samples: number;
  /** Labels of one series, with the metric's name and the labels that Prometheus adds. */
  readonly labels: number;
  /** Characters of a label's name. */
  readonly labelNameLength: number;
  /** Characters of a label's value. */
  readonly labelValueLength: number;
  /** The calculation of `samples`, for a comment. */
  readonly arithmetic: string;
}

/** Maximum of samples from one target: Prometheus needs some kilobytes of memory per series. */
export const maxSamples = 1_000_000;
/** Samples of prom-client's default metrics and of other third-party metrics. */
const thirdPartySamples = 500;
/** Metrics of the service that the bundle does not know. */
const thirdPartyMetrics = 100;
/** Labels outside of the definitions: constant labels of the service, and labels from service discovery. */
const addedLabels = 10;
/** Node's default limit for all headers of a request, and therefore of a value from one. */
const maxValue = 16_384;
/** `__name__`, `job`, `instance`, and `le` or `quantile`. */
const ownLabels = 4;

/** The limits of the service's scrape job. */
export function scrapeLimits({ exposed: definitions, config }: BundleSettings): ScrapeLimits {
  const names = definitions.map(({ labels }) => Object.keys(labels));
  const maxLabels = Math.max(...names.map(({ length }) => length));
  const counts = definitions.map((definition) => {
    const metrics = definitions.length + thirdPartyMetrics;
    const series = maxSeries(definition, config.maxSeries, metrics, maxLabels);
    return { type: definition.type, series, samples: series * samplesPerSeries(definition) };
  });
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  const lines = [...new Set(counts.map(({ type }) => type))].sort().map((type) => {
    const ofType = counts.filter((each) => each.type === type);
    const [series, samples] = [
      sum(ofType.map((each) => each.series)),
      sum(ofType.map((each) => each.samples)),
    ];
    return `  ${ofType.length} ${type === 'summary' ? 'summaries' : `${type}s`}: ${series} series, ${samples} samples`;
  });
  const total = thirdPartySamples + sum(counts.map(({ samples }) => samples));
  const rounded = Math.ceil(total / 1_000) * 1_000;
  const samples = Math.min(maxSamples, rounded);
  return {
    samples,
    labels: maxLabels + ownLabels + addedLabels,
    labelNameLength: Math.max(64, ...names.flat().map(({ length }) => length)),
    labelValueLength: maxValue,
    arithmetic: [
      `The maximum that the service can expose, with a budget of ${config.maxSeries} series per metric, a tenth more of folded series,`,
      'closed labels limited to their values. A counter has 2 samples (with `_created`), a histogram its buckets and 4:',
      ...lines,
      `  ${thirdPartySamples} samples of Node and of third-party metrics`,
      `Total: ${total}, ${samples < rounded ? `more than one target may have: the limit is ${samples}` : `rounded up to ${samples}`}.`,
    ].join('\n'),
  };
}

/** Maximum of series of a metric: all combinations of closed and limited labels, or its budget and the series of folded values. */
function maxSeries(
  definition: MetricDefinition,
  defaultBudget: number,
  metrics: number,
  maxLabels: number,
): number {
  const labels = Object.entries(definition.labels);
  if (labels.length === 0) return 1;
  const budget = definition.maxSeries ?? defaultBudget;
  // Series with some folded values may exceed the budget by a tenth. Beyond that, each value is `other` or absent.
  const reserve = labels.length > 1 ? Math.max(16, Math.ceil(budget / 10)) : 0;
  const folding = budget + reserve + 2 ** labels.length;
  const combinations = labels.reduce((product, [name, { values, limit }]) => {
    const known = values?.length ?? limit ?? maxNames(name, definition, metrics, maxLabels);
    // Besides the known values: `other` and absent.
    return product * (known + 2);
  }, 1);
  return Math.min(combinations, folding);
}

/** Maximum of values of a label whose values are names of metrics or labels. */
function maxNames(label: string, { name }: MetricDefinition, metrics: number, maxLabels: number): number {
  if (label === 'metric' && name.startsWith('metrics_')) return metrics;
  if (label === 'label' && name === metricsSeriesFolded.name) return maxLabels;
  return Number.POSITIVE_INFINITY;
}

/** Samples of one series in OpenMetrics, the format with the most: it has `_created`. */
function samplesPerSeries(definition: MetricDefinition): number {
  switch (definition.type) {
    case 'gauge':
      return 1;
    case 'counter':
      return 2;
    case 'histogram':
      // And `+Inf`, `_sum`, `_count`, `_created`.
      return definition.buckets.length + 4;
    case 'summary':
      return definition.quantiles.length + 3;
  }
}
