/** Rules that derive numbers from metrics, and the rules that there are by default. */
import {
  issueCompletionDuration,
  issuesAverageCompletionDuration,
  issuesProcessed,
  issuesSuccessRate,
} from './catalogue/workflow.js';
import type { GaugeDefinition, MetricType } from './definition.js';
import { metricsError, shown } from './errors.js';
import type { LabelShape, LabelValues } from './label.js';

/** One sample: a number of a metric, at a time. */
export interface MetricData {
  name: string;
  value: number;
  labels: Record<string, string>;
  timestamp: Date;
}

/** How one number is derived from samples, by `aggregate()` alone: it comes out of no scrape. */
export interface AggregationRule {
  name: string;
  /** Whether a sample is read. A histogram is one sample per series, the mean, beside `_sum`, `_count` and `_bucket`. */
  matches: (metric: MetricData) => boolean;
  /** The number made of the matching samples, also of none. One that is not finite is left out. */
  aggregate: (metrics: MetricData[]) => number;
  outputName: string;
  outputLabels: Record<string, string>;
}

/** One derived number. */
export interface AggregatedMetrics {
  name: string;
  value: number;
  labels: Record<string, string>;
  /** When it was derived. */
  timestamp: Date;
}

/** One number of a metric. */
export interface AggregatedSample {
  /** Name of the sample: of the metric, or of its part (`..._sum`, `..._count`, `..._bucket`). */
  readonly name: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** A metric with its numbers, as `getMetricsAsJSON()` of a prom-client registry has it. */
export interface MetricFamily {
  readonly name: string;
  readonly type: MetricType | string;
  readonly values: readonly {
    readonly value: number;
    readonly labels: Readonly<Record<string, string | number | undefined>>;
    readonly metricName?: string | undefined;
  }[];
}

/** How one gauge is derived; it comes out of every scrape too. */
export interface GaugeRule<L extends LabelShape = LabelShape> {
  /** The gauge that takes the result: its name, and the labels by which samples are grouped. */
  readonly output: GaugeDefinition<L>;
  /** Whether a metric is read. It is asked once a scrape for each metric of the registry. */
  readonly matches: (metric: Pick<MetricFamily, 'name' | 'type'>) => boolean;
  /**
   * The number made of the samples of the matching metrics (a histogram has its buckets, sum and count: see `averageOf`), once for each group that has equal values of the output's labels.
   * `undefined`, or a number that is not finite, leaves the series of the group out; a gauge without labels is 0 then.
   */
  readonly aggregate: (samples: readonly AggregatedSample[], labels: LabelValues<L>) => number | undefined;
}

/** `issues_success_rate`: issues that succeeded over all that ended, 0 to 1; 0 until one has. */
const successRate: GaugeRule = {
  output: issuesSuccessRate,
  matches: ({ name }) => name === issuesProcessed.name,
  aggregate: (samples) => {
    const all = sumOf(samples);
    return all === 0 ? 0 : sumOf(samples.filter(({ labels }) => labels.outcome === 'success')) / all;
  },
};

/** `issues_average_completion_duration_seconds`: the sum over the count of the histogram; 0 until an issue has ended. */
const averageDuration: GaugeRule = {
  output: issuesAverageCompletionDuration,
  matches: ({ name }) => name === issueCompletionDuration.name,
  aggregate: (samples) => averageOf(samples) ?? 0,
};

export const defaultAggregationRules: readonly GaugeRule[] = Object.freeze([successRate, averageDuration]);

/** Sum of the values. */
export function sumOf(samples: readonly AggregatedSample[]): number {
  return samples.reduce((sum, { value }) => sum + value, 0);
}

/** Sum over count of histograms or summaries, or the mean of plain samples; `undefined` where nothing was observed. */
export function averageOf(samples: readonly AggregatedSample[]): number | undefined {
  const partsOf = (suffix: string) => samples.filter(({ name }) => name.endsWith(suffix));
  const counts = partsOf('_count');
  if (counts.length === 0) return samples.length === 0 ? undefined : sumOf(samples) / samples.length;
  const count = sumOf(counts);
  return count === 0 ? undefined : sumOf(partsOf('_sum')) / count;
}

/** Whether a rule gives a number by a name; one with an `output` gives a gauge. */
export function isSampleRule(rule: Partial<GaugeRule | AggregationRule>): rule is AggregationRule {
  const { output, outputName } = rule as Partial<GaugeRule & AggregationRule>;
  return output === undefined && outputName !== undefined;
}

/** @throws ERR_METRICS_INVALID_OPTION */
export function checkRule(rule: unknown): void {
  const given = (typeof rule === 'object' && rule !== null ? rule : {}) as Partial<
    GaugeRule & AggregationRule
  >;
  const {
    output,
    outputName,
    outputLabels,
    matches,
    aggregate,
  }: Partial<Record<keyof typeof given, unknown>> = given;
  const invalid = (part: string, expected: string, received: unknown): Error =>
    metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`${part}\` of an aggregation rule: expected ${expected}, received ${shown(received)}.`,
    );
  const isOfSamples = isSampleRule(given);
  if (isOfSamples) {
    if (typeof outputName !== 'string' || outputName === '')
      throw invalid('outputName', 'a name', outputName);
    if (outputLabels !== undefined && (typeof outputLabels !== 'object' || outputLabels === null))
      throw invalid('outputLabels', 'an object of label values', outputLabels);
  } else if ((output as { type?: unknown } | null | undefined)?.type !== 'gauge')
    throw invalid('output', 'a gauge made by defineGauge (or give an `outputName`)', output);
  if (typeof matches !== 'function')
    throw invalid('matches', `a function of a ${isOfSamples ? 'sample' : 'metric'}`, matches);
  if (typeof aggregate !== 'function') throw invalid('aggregate', 'a function of samples', aggregate);
}
