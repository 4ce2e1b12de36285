/**
 * Definitions: typed, frozen data, and the only place where a metric's name, help, unit, labels and buckets stand.
 * Code, documentation, rules, dashboards and tests read them; nothing here records anything.
 */
import { ascendingProblem, checkedBuckets, checkedLabels, checkOptionNames } from './definition-checks.js';
import { metricsError, shown } from './errors.js';
import type { LabelShape, LabelValues, NoLabels } from './label.js';
import {
  checkHelp,
  checkMetricName,
  conventionFindings,
  type LintFinding,
  type LintRule,
  lintRules,
  warnedRules,
} from './naming.js';

// ---- types ------------------------------------------------------------------------------------------------------

export {
  type Label,
  type LabelInput,
  type LabelShape,
  type LabelValues,
  label,
  type NoLabels,
  otherValue,
} from './label.js';

/** How the values of several processes become one, with prom-client's names. */
export type Aggregator = 'sum' | 'first' | 'min' | 'max' | 'average' | 'omit';

export interface LintExemption {
  readonly allow: readonly LintRule[];
  /** The reason, required: an exemption is read by the next person. */
  readonly why: string;
}

interface DefinitionBase<L extends LabelShape> {
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

// ---- definitions ------------------------------------------------------------------------------------------------

/** Bounds for durations of work, in seconds: a millisecond to an hour. */
export const durationBuckets: readonly number[] = Object.freeze([
  0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600,
]);

/**
 * Defines a counter: a number that only goes up.
 * @throws ERR_METRICS_INVALID_NAME, _INVALID_HELP, _INVALID_LABEL, _RESERVED_LABEL, _INVALID_DEFINITION
 * @example
 * const issuesProcessed = defineCounter({
 *   name: 'issues_processed_total',
 *   help: 'Issues processed, by outcome.',
 *   labels: { provider: label(), outcome: label('success', 'failure') },
 * });
 */
export function defineCounter<const L extends LabelShape = NoLabels>(
  options: DefinitionOptions<L>,
): CounterDefinition<L> {
  return finished({ type: 'counter', ...commonParts(options, 'defineCounter') });
}

/**
 * Defines a gauge: a number that goes up and down. Throws as {@link defineCounter} does; ERR_METRICS_INVALID_DEFINITION also for
 * an `expireAfter` that is no positive number of seconds, and a `restore` that is no boolean.
 */
export function defineGauge<const L extends LabelShape = NoLabels>(
  options: GaugeOptions<L>,
): GaugeDefinition<L> {
  const common = commonParts(options, 'defineGauge', ['expireAfter', 'restore']);
  const { expireAfter, restore = false } = options;
  if (expireAfter !== undefined && !(Number.isFinite(expireAfter) && expireAfter > 0)) {
    throw metricsError(
      'ERR_METRICS_INVALID_DEFINITION',
      `Invalid \`expireAfter\` of metric \`${common.name}\`: expected a positive number of seconds, received ${shown(expireAfter)}.`,
    );
  }
  if (expireAfter !== undefined && Object.keys(common.labels).length === 0) {
    throw metricsError(
      'ERR_METRICS_INVALID_DEFINITION',
      `Invalid \`expireAfter\` of metric \`${common.name}\`: expected labels, received none. The one series of a gauge without labels is always there: it would not go, but become 0.`,
    );
  }
  if (typeof restore !== 'boolean') {
    throw metricsError(
      'ERR_METRICS_INVALID_DEFINITION',
      `Invalid \`restore\` of metric \`${common.name}\`: expected true or false, received ${shown(restore)}.`,
    );
  }
  return finished({ type: 'gauge', ...common, expireAfter, restore });
}

/**
 * Defines a histogram: how often values fell into buckets, and their sum and count.
 * @throws as {@link defineCounter} does, and ERR_METRICS_INVALID_BUCKETS
 */
export function defineHistogram<const L extends LabelShape = NoLabels>(
  options: HistogramOptions<L>,
): HistogramDefinition<L> {
  const common = commonParts(options, 'defineHistogram', ['buckets']);
  return finished({
    type: 'histogram',
    ...common,
    buckets: checkedBuckets(common.name, options.buckets ?? durationBuckets),
  });
}

/**
 * Defines a summary: sum and count, and quantiles over a sliding window where asked for.
 * @throws as {@link defineCounter} does, and ERR_METRICS_INVALID_QUANTILES
 */
export function defineSummary<const L extends LabelShape = NoLabels>(
  options: SummaryOptions<L>,
): SummaryDefinition<L> {
  const common = commonParts(options, 'defineSummary', ['quantiles', 'maxAgeSeconds', 'ageBuckets']);
  const { quantiles = [], maxAgeSeconds = 600, ageBuckets = 5 } = options;
  const problem =
    ascendingProblem(quantiles, (value) => value >= 0 && value <= 1, 'numbers within 0 to 1') ??
    (Number.isFinite(maxAgeSeconds) && maxAgeSeconds > 0
      ? undefined
      : `\`maxAgeSeconds\` of a positive number of seconds, received ${shown(maxAgeSeconds)}`) ??
    (Number.isInteger(ageBuckets) && ageBuckets > 0
      ? undefined
      : `\`ageBuckets\` of a positive integer, received ${shown(ageBuckets)}`);
  if (problem !== undefined) {
    throw metricsError(
      'ERR_METRICS_INVALID_QUANTILES',
      `Invalid quantiles of summary \`${common.name}\`: expected ${problem}.`,
    );
  }
  return finished({
    type: 'summary',
    ...common,
    quantiles: Object.freeze([...quantiles]),
    maxAgeSeconds,
    ageBuckets,
  });
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

// ---- checks ----------------------------------------------------------------------------------------------------------

const aggregators: readonly string[] = [
  'sum',
  'first',
  'min',
  'max',
  'average',
  'omit',
] satisfies Aggregator[];
const commonOptions: readonly string[] = ['name', 'help', 'labels', 'aggregator', 'maxSeries', 'lint'];

function commonParts<L extends LabelShape>(
  options: DefinitionOptions<L>,
  factory: string,
  ownOptions: readonly string[] = [],
): DefinitionBase<L> {
  if (typeof options !== 'object' || options === null) {
    throw metricsError(
      'ERR_METRICS_INVALID_DEFINITION',
      `Invalid argument of \`${factory}\`: expected \`{ name, help, labels? }\`, received ${shown(options)}.`,
    );
  }
  const { name, help, labels, aggregator = 'sum', maxSeries, lint } = options;
  checkMetricName(name);
  checkHelp(name, help);
  checkOptionNames(name, options, [...commonOptions, ...ownOptions]);
  if (!aggregators.includes(aggregator)) {
    throw metricsError(
      'ERR_METRICS_INVALID_DEFINITION',
      `Invalid \`aggregator\` of metric \`${name}\`: expected one of ${aggregators.join(', ')}, received ${shown(aggregator)}.`,
    );
  }
  if (maxSeries !== undefined && !(Number.isInteger(maxSeries) && maxSeries > 0)) {
    throw metricsError(
      'ERR_METRICS_INVALID_DEFINITION',
      `Invalid \`maxSeries\` of metric \`${name}\`: expected a positive integer, received ${shown(maxSeries)}.`,
    );
  }
  return {
    name,
    help,
    labels: checkedLabels(name, labels),
    aggregator,
    maxSeries,
    lint: checkedExemption(name, lint),
  };
}

function checkedExemption(metric: string, lint: LintExemption | undefined): LintExemption | undefined {
  if (lint === undefined) return undefined;
  const { allow, why } = lint;
  const unknown = Array.isArray(allow) ? allow.find((rule) => !Object.hasOwn(lintRules, rule)) : allow;
  if (!Array.isArray(allow) || unknown !== undefined) {
    throw metricsError(
      'ERR_METRICS_INVALID_DEFINITION',
      `Invalid \`lint.allow\` of metric \`${metric}\`: expected some of ${Object.keys(lintRules).join(', ')}, received ${shown(unknown)}.`,
    );
  }
  if (typeof why !== 'string' || why.trim() === '') {
    throw metricsError(
      'ERR_METRICS_INVALID_DEFINITION',
      `Missing \`lint.why\` of metric \`${metric}\`: expected the reason for the exemption, received ${shown(why)}.`,
    );
  }
  return Object.freeze({ allow: Object.freeze([...allow]), why });
}

function shownAll(values: readonly number[]): string {
  return `[${values.join(', ')}]`;
}

/** Freezes the definition and reports, once, where it breaks a convention it does not exempt. */
function finished<D extends MetricDefinition>(definition: D): D {
  for (const { message, rule } of lintDefinition(definition)) {
    if (!warnedRules.has(rule)) continue;
    process.emitWarning(message, {
      type: 'MetricsLintWarning',
      code: `METRICS_LINT_${rule.replaceAll('-', '_').toUpperCase()}`,
    });
  }
  return Object.freeze(definition);
}
