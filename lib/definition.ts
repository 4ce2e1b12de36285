/**
 * Definitions: typed, frozen data, and the only place where a metric's name, help, unit, labels and buckets are written.
 * Code, documentation, rules, dashboards and tests read them; nothing here records anything.
 */
import type { LabelShape, LabelValues, NoLabels } from './label.js';
import { conventionFindings, type LintFinding, type LintRule } from './naming.js';

/** How the values of several processes become one, with prom-client's names. */
export type Aggregator = 'sum' | 'first' | 'min' | 'max' | 'average' | 'omit';

export interface LintExemption {
  readonly allow: readonly LintRule[];
  /** The reason, required: an exemption is read by the next person. */
  readonly why: string;
}

/** The properties that all types of definitions share. */
export interface DefinitionBase<L extends LabelShape> {
  readonly name: string;
  readonly help: string;
  readonly labels: L;
  readonly aggregator: Aggregator;
  /** Series budget of this metric; `undefined` takes the registry's. */
  readonly maxSeries: number | undefined;
  readonly lint: LintExemption | undefined;
}

export interface CounterDefinition<L extends LabelShape = LabelShape> extends DefinitionBase<L> {
  readonly type: 'counter';
}

export interface GaugeDefinition<L extends LabelShape = LabelShape> extends DefinitionBase<L> {
  readonly type: 'gauge';
  /** Seconds after which a series that nobody records on is removed; `undefined` keeps all. */
  readonly expireAfter: number | undefined;
  /** Whether its values outlive the process, where snapshots are kept. */
  readonly restore: boolean;
}

export interface HistogramDefinition<L extends LabelShape = LabelShape> extends DefinitionBase<L> {
  readonly type: 'histogram';
  /** Upper bounds, ascending, without +Inf. */
  readonly buckets: readonly number[];
}

export interface SummaryDefinition<L extends LabelShape = LabelShape> extends DefinitionBase<L> {
  readonly type: 'summary';
  /** Quantiles to expose, ascending, each within 0 to 1; none by default, they cannot be aggregated. */
  readonly quantiles: readonly number[];
  /** Length of the sliding window of the quantiles, in seconds. */
  readonly maxAgeSeconds: number;
  /** Steps in which the window slides. */
  readonly ageBuckets: number;
}

export type MetricDefinition<L extends LabelShape = LabelShape> =
  | CounterDefinition<L>
  | GaugeDefinition<L>
  | HistogramDefinition<L>
  | SummaryDefinition<L>;

export type MetricType = MetricDefinition['type'];

/** The label object of a definition: `LabelsOf<typeof issuesProcessed>`. */
export type LabelsOf<D extends MetricDefinition> = LabelValues<D['labels']>;

export interface DefinitionOptions<L extends LabelShape = NoLabels> {
  /** Prometheus name: snake_case, base unit as suffix, `_total` for a counter. */
  name: string;
  /** One sentence that says what is counted or measured. */
  help: string;
  /** Label name -> `label(...)`, in the order in which they come out. Default: none. */
  labels?: L;
  /** How processes are aggregated. Default: `sum`. */
  aggregator?: Aggregator;
  /** Series budget of this metric. Default: the registry's (1,000). */
  maxSeries?: number;
  /** Conventions this metric breaks knowingly. */
  lint?: LintExemption;
}

export interface GaugeOptions<L extends LabelShape = NoLabels> extends DefinitionOptions<L> {
  /**
   * Seconds after which a series that nobody records on is removed, at the next scrape: for labels that come and go, a worker
   * or a connection. For gauges that are `set`: one that counts up and down would lose what it had counted. Default: series stay.
   */
  expireAfter?: number;
  /**
   * `true`: where snapshots are kept, a restart takes over its values: for what is known only when it changes, a number of
   * approvals that wait for instance, and not for what is in progress in the process. Default: false.
   */
  restore?: boolean;
}

export interface HistogramOptions<L extends LabelShape = NoLabels> extends DefinitionOptions<L> {
  /** Upper bounds, ascending, without +Inf. Default: {@link durationBuckets}. */
  buckets?: readonly number[];
}

export interface SummaryOptions<L extends LabelShape = NoLabels> extends DefinitionOptions<L> {
  /** Quantiles to expose, ascending, each within 0 to 1. Default: none. */
  quantiles?: readonly number[];
  /** Length of the sliding window in seconds. Default: 600. */
  maxAgeSeconds?: number;
  /** Steps in which the window slides. Default: 5. */
  ageBuckets?: number;
}

/** What of a definition breaks Prometheus' conventions and is not exempted. Pure; an empty list is good. */
export function lintDefinition(definition: MetricDefinition): LintFinding[] {
  return conventionFindings(definition).filter((finding) => !definition.lint?.allow.includes(finding.rule));
}

/** Name, type, labels and the rest that makes two definitions the same, readable: for messages and comparison. */
export function shapeOf(definition: MetricDefinition): string {
  const labels = Object.entries(definition.labels).map(([name, { values, limit }]) => {
    if (values !== undefined) return `${name}(${values.join('|')})`;
    return limit === undefined ? name : `${name}(limit ${limit})`;
  });
  const parts = [`${definition.type} \`${definition.name}\` {${labels.join(', ')}}`];
  if (definition.type === 'histogram') parts.push(`buckets ${shownAll(definition.buckets)}`);
  if (definition.type === 'summary') {
    parts.push(
      `quantiles ${shownAll(definition.quantiles)}`,
      `window ${definition.maxAgeSeconds} s in ${definition.ageBuckets}`,
    );
  }
  if (definition.type === 'gauge' && definition.expireAfter !== undefined)
    parts.push(`expireAfter ${definition.expireAfter} s`);
  if (definition.type === 'gauge' && definition.restore) parts.push('restore');
  if (definition.aggregator !== 'sum') parts.push(`aggregator ${definition.aggregator}`);
  if (definition.maxSeries !== undefined) parts.push(`maxSeries ${definition.maxSeries}`);
  parts.push(`help ${JSON.stringify(definition.help)}`);
  return parts.join(', ');
}

function shownAll(values: readonly number[]): string {
  return `[${values.join(', ')}]`;
}
