/** What a definition is refused for, beyond names and help: options, labels, buckets. */
import { metricsError, nearest, shown } from './errors.js';
import type { Label, LabelShape } from './label.js';
import { checkLabelName } from './naming.js';

export function checkOptionNames(metric: string, options: object, known: readonly string[]): void {
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

export function checkedLabels<L extends LabelShape>(metric: string, labels: L | undefined): L {
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
      : ascendingProblem(buckets, Number.isFinite, 'finite numbers (+Inf is added by itself)');
  if (problem === undefined) return Object.freeze([...buckets]);
  throw metricsError(
    'ERR_METRICS_INVALID_BUCKETS',
    `Invalid buckets of histogram \`${metric}\`: expected ${problem}.`,
  );
}

/** What is wrong with a list that must ascend strictly, or `undefined`. */
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
