/** Checks the options, labels and buckets of definitions. */
import type { Aggregator, DefinitionBase, DefinitionOptions, LintExemption } from './definition.js';
import { metricsError, nearest, shown } from './errors.js';
import type { Label, LabelShape } from './label.js';
import { checkHelp, checkLabelName, checkMetricName, lintRules } from './naming.js';

function checkOptionNames(metric: string, options: object, known: readonly string[]): void {
  for (const option of Object.keys(options)) {
    if (known.includes(option)) continue;
    const meant =
      option === 'labelNames' ? 'labels' : option === 'percentiles' ? 'quantiles' : nearest(option, known);
    throw metricsError(
      'ERR_METRICS_INVALID_DEFINITION',
      `Unknown option \`${option}\` of metric \`${metric}\`: expected one of ${known.join(', ')}.${meant === undefined ? '' : ` Did you mean \`${meant}\`?`}`,
    );
  }
}

function checkedLabels<L extends LabelShape>(metric: string, labels: L | undefined): L {
  if (labels !== undefined && (typeof labels !== 'object' || labels === null || Array.isArray(labels))) {
    throw metricsError(
      'ERR_METRICS_INVALID_LABEL',
      `Invalid \`labels\` of metric \`${metric}\`: expected an object such as { provider: label() }, received ${shown(labels)}.`,
    );
  }
  const checked: Record<string, Label> = {};
  for (const [name, specification] of Object.entries(labels ?? {})) {
    checkLabelName(metric, name);
    if (
      typeof specification !== 'object' ||
      specification === null ||
      !('values' in specification) ||
      !('limit' in specification)
    ) {
      throw metricsError(
        'ERR_METRICS_INVALID_LABEL',
        `Invalid specification of label \`${name}\` of metric \`${metric}\`: expected \`label()\`, \`label('a', 'b')\` or \`label({ limit })\`, received ${shown(specification)}.`,
      );
    }
    checked[name] = specification;
  }
  return Object.freeze(checked) as L;
}

export function checkedBuckets(metric: string, buckets: readonly number[]): readonly number[] {
  const problem =
    Array.isArray(buckets) && buckets.length === 0
      ? 'at least one upper bound, received []'
      : ascendingProblem(buckets, Number.isFinite, 'finite numbers (+Inf is added automatically)');
  if (problem === undefined) return Object.freeze([...buckets]);
  throw metricsError(
    'ERR_METRICS_INVALID_BUCKETS',
    `Invalid buckets of histogram \`${metric}\`: expected ${problem}.`,
  );
}

/** The problem of an array that must be strictly ascending, or `undefined`. */
export function ascendingProblem(
  values: readonly number[],
  allowed: (value: number) => boolean,
  expected: string,
): string | undefined {
  if (!Array.isArray(values)) return `an array of ${expected}, received ${shown(values)}`;
  for (const [index, value] of values.entries()) {
    if (typeof value !== 'number' || !allowed(value))
      return `${expected}, received ${shown(value)} at index ${index} of ${shown(values)}`;
    const before = values[index - 1];
    if (before !== undefined && before >= value)
      return `strictly ascending numbers, received ${value} after ${before} in ${shown(values)}`;
  }
  return undefined;
}

const aggregators: readonly string[] = [
  'sum',
  'first',
  'min',
  'max',
  'average',
  'omit',
] satisfies Aggregator[];
const commonOptions: readonly string[] = ['name', 'help', 'labels', 'aggregator', 'maxSeries', 'lint'];

/** The parts that all types of definitions share, checked. */
export function commonParts<L extends LabelShape>(
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
