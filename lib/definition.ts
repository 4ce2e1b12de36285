/**
 * Definitions: typed, frozen data, and the only place where a metric's name, help, unit, labels and buckets are written.
 * Code, documentation, rules, dashboards and tests read them; nothing here records anything.
 */
import type { LabelShape, LabelValues, NoLabels } from './label.js';
import { conventionFindings, type LintFinding, type LintRule } from './naming.js';
import type { NativeHistogramOptions, NativeHistogramSettings } from './native-histogram.js';

/** How the values of several processes are aggregated; prom-client's names. */
export type Aggregator = 'sum' | 'first' | 'min' | 'max' | 'average' | 'omit';

/** Conventions that a definition breaks on purpose. */
export interface LintExemption {
  /** The rules that are not applied. */
  readonly allow: readonly LintRule[];
  /** The reason, for the next reader. Required. */
  readonly why: string;
}

/** The properties that all types of definitions share. */
export interface DefinitionBase<L extends LabelShape> {
  /** Prometheus name. */
  readonly name: string;
  /** Help text, one sentence. */
  readonly help: string;
  /** Label specifications by name, in output order. */
  readonly labels: L;
  /** How the values of several processes are aggregated. */
  readonly aggregator: Aggregator;
  /** Series budget of this metric; `undefined` for that of the registry. */
  readonly maxSeries: number | undefined;
  /** Conventions that the metric breaks on purpose. */
  readonly lint: LintExemption | undefined;
}

/** A counter, made by `defineCounter`. */
export interface CounterDefinition<L extends LabelShape = LabelShape> extends DefinitionBase<L> {
  /** Type of the metric. */
  readonly type: 'counter';
}

/** A gauge, made by `defineGauge`. */
export interface GaugeDefinition<L extends LabelShape = LabelShape> extends DefinitionBase<L> {
  /** Type of the metric. */
  readonly type: 'gauge';
  /** Seconds without a recording after which a series is removed; `undefined` keeps all series. */
  readonly expireAfterSeconds: number | undefined;
  /** Whether snapshots restore its values after a restart. */
  readonly restore: boolean;
}

/** A histogram, made by `defineHistogram`. */
export interface HistogramDefinition<L extends LabelShape = LabelShape> extends DefinitionBase<L> {
  /** Type of the metric. */
  readonly type: 'histogram';
  /** Upper bounds, ascending, without +Inf. Empty if it is only native. */
  readonly buckets: readonly number[];
  /** The native histogram; `undefined` if there is none. */
  readonly native: NativeHistogramSettings | undefined;
}

/** A summary, made by `defineSummary`. */
export interface SummaryDefinition<L extends LabelShape = LabelShape> extends DefinitionBase<L> {
  /** Type of the metric. */
  readonly type: 'summary';
  /** Quantiles to expose, ascending, each within 0 to 1. */
  readonly quantiles: readonly number[];
  /** Length of the sliding window of the quantiles, in seconds. */
  readonly maxAgeSeconds: number;
  /** Number of steps in which the window slides. */
  readonly ageBuckets: number;
}

/** A definition of any type. */
export type MetricDefinition<L extends LabelShape = LabelShape> =
  | CounterDefinition<L>
  | GaugeDefinition<L>
  | HistogramDefinition<L>
  | SummaryDefinition<L>;

/** `counter`, `gauge`, `histogram` or `summary`. */
export type MetricType = MetricDefinition['type'];

/** The label object of a definition: `LabelsOf<typeof issuesProcessed>`. */
export type LabelsOf<D extends MetricDefinition> = LabelValues<D['labels']>;

/** Options of `defineCounter`, and common options of the other `define` functions. */
export interface DefinitionOptions<L extends LabelShape = NoLabels> {
  /** Prometheus name: snake_case, the base unit as suffix, `_total` for a counter. */
  name: string;
  /** One sentence that says what is counted or measured. */
  help: string;
  /** Label specifications by name, in output order. Default: none. */
  labels?: L;
  /** How the values of several processes are aggregated. Default: `sum`. */
  aggregator?: Aggregator;
  /** Series budget of this metric, a positive integer. Default: that of the registry (1,000). */
  maxSeries?: number;
  /** Conventions that the metric breaks on purpose. Default: none. */
  lint?: LintExemption;
}

/** Options of `defineGauge`. */
export interface GaugeOptions<L extends LabelShape = NoLabels> extends DefinitionOptions<L> {
  /**
   * Seconds without a recording after which a series is removed, at the next scrape. Use it for labels that come and go, such as
   * workers, and only on gauges that are `set`: a gauge that is incremented and decremented would lose its value. It requires
   * labels. Default: series stay.
   */
  expireAfterSeconds?: number;
  /** The name of `expireAfterSeconds` in 0.1. @deprecated Use `expireAfterSeconds`. */
  expireAfter?: number;
  /**
   * `true` lets snapshots restore its values after a restart. Use it for values that are reported only when they change, such as
   * pending approvals, and not for work in progress in this process. Default: false.
   */
  restore?: boolean;
}

/** Options of `defineHistogram`. */
export interface HistogramOptions<L extends LabelShape = NoLabels> extends DefinitionOptions<L> {
  /** Upper bounds, ascending, without +Inf. Default: `durationBuckets`; none beside `native`. */
  buckets?: readonly number[];
  /**
   * Makes a native histogram: exponential buckets of high resolution that exist once something is observed in them. Prometheus
   * scrapes them by protobuf; text formats show its sum and count. With `buckets`, both are recorded. Default: none.
   */
  native?: NativeHistogramOptions;
}

/** Options of `defineSummary`. */
export interface SummaryOptions<L extends LabelShape = NoLabels> extends DefinitionOptions<L> {
  /** Quantiles to expose, ascending, each within 0 to 1. Default: none, since quantiles cannot be aggregated. */
  quantiles?: readonly number[];
  /** Length of the sliding window in seconds. Default: 600. */
  maxAgeSeconds?: number;
  /** Number of steps in which the window slides. Default: 5. */
  ageBuckets?: number;
}

/**
 * The conventions of Prometheus that a definition breaks and does not exempt; empty if there are none.
 * @example
 * t.deepEqual(Object.values(myMetrics).flatMap(lintDefinition), []);
 * @see https://prometheus.io/docs/practices/naming/
 */
export function lintDefinition(definition: MetricDefinition): LintFinding[] {
  return conventionFindings(definition).filter((finding) => !definition.lint?.allow.includes(finding.rule));
}

/** Whether a value has the shape of a definition. */
export function isDefinition(value: unknown): value is MetricDefinition {
  return (
    typeof value === 'object' && value !== null && 'type' in value && 'name' in value && 'labels' in value
  );
}

/** All properties that make two definitions equal, as text for messages and comparisons. */
export function shapeOf(definition: MetricDefinition): string {
  const labels = Object.entries(definition.labels).map(([name, { values, limit }]) => {
    if (values !== undefined) return `${name}(${values.join('|')})`;
    return limit === undefined ? name : `${name}(limit ${limit})`;
  });
  const parts = [`${definition.type} \`${definition.name}\` {${labels.join(', ')}}`];
  if (definition.type === 'histogram') parts.push(`buckets ${shownAll(definition.buckets)}`);
  if (definition.type === 'histogram' && definition.native !== undefined)
    parts.push(`native ${JSON.stringify(definition.native)}`);
  if (definition.type === 'summary') {
    parts.push(
      `quantiles ${shownAll(definition.quantiles)}`,
      `window ${definition.maxAgeSeconds} s in ${definition.ageBuckets}`,
    );
  }
  if (definition.type === 'gauge' && definition.expireAfterSeconds !== undefined)
    parts.push(`expireAfterSeconds ${definition.expireAfterSeconds}`);
  if (definition.type === 'gauge' && definition.restore) parts.push('restore');
  if (definition.aggregator !== 'sum') parts.push(`aggregator ${definition.aggregator}`);
  if (definition.maxSeries !== undefined) parts.push(`maxSeries ${definition.maxSeries}`);
  parts.push(`help ${JSON.stringify(definition.help)}`);
  return parts.join(', ');
}

function shownAll(values: readonly number[]): string {
  return `[${values.join(', ')}]`;
}
