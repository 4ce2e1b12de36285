/** Label values on their way into the tree: what they read as, and what of it is stored. */

import { type MetricsError, metricsError, shown } from '../errors.js';
import { type Label, otherValue } from '../label.js';

/** A label value as a key of the tree, where that takes no thought: text, and numbers as the text they read as. */
export function keyOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
}

/**
 * A label value as text: `200` and `'200'` are one, nothing is an empty value, which is an absent label.
 * @throws ERR_METRICS_INVALID_LABEL_VALUE for a symbol, an object or a function
 */
export function labelText(value: unknown, label: string, metric: string): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'undefined':
      return '';
    default:
      if (value === null) return '';
      throw metricsError(
        'ERR_METRICS_INVALID_LABEL_VALUE',
        `Invalid value of label \`${label}\` of metric \`${metric}\`: expected text, a number or a boolean, received ${shown(value)}.`,
      );
  }
}

/** A value as it is stored: well-formed text, and `other` for what a closed set does not hold. */
export function storedValue(value: string, label: Label | undefined): string {
  // A lone surrogate cannot be written as UTF-8: two series would come out as one.
  const text = value.isWellFormed() ? value : value.toWellFormed();
  const allowed = label?.values;
  return allowed === undefined || text === '' || allowed.includes(text) ? text : otherValue;
}

/**
 * Values in declared order of an object in any order; absent ones are empty.
 * @throws ERR_METRICS_UNKNOWN_LABEL, ERR_METRICS_INVALID_LABEL_VALUE
 */
export function valuesByName(
  labels: Readonly<Record<string, unknown>>,
  names: readonly string[],
  metric: string,
): string[] {
  const values = names.map(() => '');
  for (const name in labels) {
    const index = names.indexOf(name);
    if (index === -1) {
      const expected = names.length === 0 ? 'no labels' : `some of ${names.join(', ')}`;
      throw metricsError(
        'ERR_METRICS_UNKNOWN_LABEL',
        `Unknown label \`${name}\` of metric \`${metric}\`: expected ${expected}, received ${shown(Object.keys(labels))}.`,
      );
    }
    values[index] = labelText(labels[name], name, metric);
  }
  return values;
}

/**
 * Positional label values as text; there must be one for each label.
 * @throws ERR_METRICS_LABEL_COUNT, ERR_METRICS_INVALID_LABEL_VALUE
 */
export function labelTexts(values: readonly unknown[], names: readonly string[], metric: string): string[] {
  if (values.length !== names.length) throw labelCountError(values, names, metric);
  return names.map((name, index) => labelText(values[index], name, metric));
}

export function labelCountError(
  values: readonly unknown[],
  names: readonly string[],
  metric: string,
): MetricsError {
  return metricsError(
    'ERR_METRICS_LABEL_COUNT',
    `Wrong number of label values for metric \`${metric}\`: expected ${names.length}${names.length === 0 ? '' : ` (${names.join(', ')})`}, received ${values.length}: ${shown(values)}.`,
  );
}
