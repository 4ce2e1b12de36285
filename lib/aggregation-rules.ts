/** Rules that derive values from metrics, and the default rules. */

import {
  issueCompletionDuration,
  issuesAverageCompletionDuration,
  issuesProcessed,
  issuesSuccessRate,
} from './catalogue/workflow.js';
import type { GaugeDefinition, MetricType } from './definition.js';
import type { NativeBuckets } from './instruments/native-buckets.js';
import type { LabelShape, LabelValues } from './label.js';
import { invalidOption } from './option-names.js';
import { propertiesOf } from './unknown-values.js';

/** One sample: a value of a metric at a time. */
export interface MetricData {
  /** Name of the sample: of the metric, or of its part (`..._sum`, `..._count`, `..._bucket`). */
  name: string;
  /** A number in the unit of the metric. */
  value: number;
  /** Label values by name, without absent labels. */
  labels: Record<string, string>;
  /** When the value was read. */
  timestamp: Date;
  /** The native buckets of a histogram, on its `_count` sample; absent for others. */
  native?: NativeBuckets | undefined;
}

/** Derives one value from samples. Applied by `aggregate()` only, and not exposed. */
export interface AggregationRule {
  /** Name of the rule, for its author; not part of the result. */
  name: string;
  /** Whether to read a sample. A histogram has one sample per series with its mean, besides `_sum`, `_count` and `_bucket`. */
  matches: (metric: MetricData) => boolean;
  /** The value for the matching samples, also if there are none. A value that is not finite is left out. */
  aggregate: (metrics: MetricData[]) => number;
  /** Name of the derived value. Not empty. */
  outputName: string;
  /** Labels of the derived value; `{}` for none. */
  outputLabels: Record<string, string>;
}

/** One derived value. */
export interface AggregatedMetrics {
  /** Name of the gauge of a {@link GaugeRule}, or `outputName` of an {@link AggregationRule}. */
  name: string;
  /** The result of `aggregate`, a finite number. */
  value: number;
  /** The labels of the group, or `outputLabels`. */
  labels: Record<string, string>;
  /** When it was derived. */
  timestamp: Date;
}

/** One value of a metric. */
export interface AggregatedSample {
  /** Name of the sample: of the metric, or of its part (`..._sum`, `..._count`, `..._bucket`). */
  readonly name: string;
  /** Label values by name, without absent labels. A bucket has `le`, a quantile has `quantile`. */
  readonly labels: Readonly<Record<string, string | number>>;
  /** A number in the unit of the metric. */
  readonly value: number;
  /** The native buckets of a histogram, on its `_count` sample; absent for others. */
  readonly native?: NativeBuckets | undefined;
}

/** A metric with its values, in the shape of `getMetricsAsJSON()` of a prom-client registry. */
export interface MetricFamily {
  /** Name of the metric. */
  readonly name: string;
  /** `counter`, `gauge`, `histogram` or `summary`; another library may have other types. */
  readonly type: MetricType | string;
  /**
   * Its samples. `metricName` is set if the name of the sample differs from that of the metric, and `native` on the `_count` of
   * a native histogram.
   */
  readonly values: readonly {
    readonly value: number;
    readonly labels: Readonly<Record<string, string | number | undefined>>;
    readonly metricName?: string | undefined;
    readonly native?: NativeBuckets | undefined;
  }[];
}

/** Derives one gauge, which every scrape exposes. */
export interface GaugeRule<L extends LabelShape = LabelShape> {
  /** The derived gauge. Samples are grouped by its labels. */
  readonly output: GaugeDefinition<L>;
  /** Whether to read a metric. Called once per scrape and metric. */
  readonly matches: (metric: Pick<MetricFamily, 'name' | 'type'>) => boolean;
  /**
   * The value for the samples of the matching metrics, called once per group with equal values of the labels of `output`. A
   * histogram has its buckets, sum and count as samples: see `averageOf` and `quantileOf`. `undefined`, or a value that is not finite, leaves the
   * series of the group out; a gauge without labels is 0 then.
   */
  readonly aggregate: (samples: readonly AggregatedSample[], labels: LabelValues<L>) => number | undefined;
}

/** `issues_success_rate`: the share of processed issues that succeeded, 0 to 1; 0 without issues. */
const successRate: GaugeRule = {
  output: issuesSuccessRate,
  matches: ({ name }) => name === issuesProcessed.name,
  aggregate: (samples) => {
    const all = sumOf(samples);
    return all === 0 ? 0 : sumOf(samples.filter(({ labels }) => labels.outcome === 'success')) / all;
  },
};

/** `issues_average_completion_duration_seconds`: the sum over the count of the histogram; 0 without issues. */
const averageDuration: GaugeRule = {
  output: issuesAverageCompletionDuration,
  matches: ({ name }) => name === issueCompletionDuration.name,
  aggregate: (samples) => averageOf(samples) ?? 0,
};

/**
 * The rules of a `MetricsAggregator` without `rules`: `issues_success_rate` and `issues_average_completion_duration_seconds`.
 * Frozen.
 */
export const defaultAggregationRules: readonly GaugeRule[] = Object.freeze([successRate, averageDuration]);

/**
 * Sum of the values of samples, 0 without samples.
 * @example
 * aggregate: (samples) => sumOf(samples.filter(({ labels }) => labels.outcome === 'success')),
 */
export function sumOf(samples: readonly AggregatedSample[]): number {
  return samples.reduce((sum, { value }) => sum + value, 0);
}

/**
 * Average of samples: the sum divided by the count of histograms or summaries, or the mean of other samples.
 * @returns `undefined` without observations
 * @example
 * aggregate: (samples) => averageOf(samples) ?? 0,
 */
export function averageOf(samples: readonly AggregatedSample[]): number | undefined {
  const partsOf = (suffix: string) => samples.filter(({ name }) => name.endsWith(suffix));
  const counts = partsOf('_count');
  if (counts.length === 0) return samples.length === 0 ? undefined : sumOf(samples) / samples.length;
  const count = sumOf(counts);
  return count === 0 ? undefined : sumOf(partsOf('_sum')) / count;
}

/** Whether a rule derives a value with a name; a rule with an `output` derives a gauge. */
export function isSampleRule(rule: Partial<GaugeRule | AggregationRule>): rule is AggregationRule {
  const { output, outputName } = rule as Partial<GaugeRule & AggregationRule>;
  return output === undefined && outputName !== undefined;
}

/** @throws ERR_METRICS_INVALID_OPTION */
export function checkRule(rule: unknown): void {
  const given = propertiesOf(rule) as Partial<GaugeRule & AggregationRule>;
  const {
    output,
    outputName,
    outputLabels,
    matches,
    aggregate,
  }: Partial<Record<keyof typeof given, unknown>> = given;
  const isOfSamples = isSampleRule(given);
  if (isOfSamples) {
    if (typeof outputName !== 'string' || outputName === '')
      throw invalidOption('an aggregation rule', 'outputName', 'a name', outputName);
    if (outputLabels !== undefined && (typeof outputLabels !== 'object' || outputLabels === null))
      throw invalidOption('an aggregation rule', 'outputLabels', 'an object of label values', outputLabels);
  } else if ((output as { type?: unknown } | null | undefined)?.type !== 'gauge')
    throw invalidOption(
      'an aggregation rule',
      'output',
      'a gauge made by defineGauge (or give an `outputName`)',
      output,
    );
  if (typeof matches !== 'function')
    throw invalidOption(
      'an aggregation rule',
      'matches',
      `a function of a ${isOfSamples ? 'sample' : 'metric'}`,
      matches,
    );
  if (typeof aggregate !== 'function')
    throw invalidOption('an aggregation rule', 'aggregate', 'a function of samples', aggregate);
}
