/** Converts label values to stored values. */

import { type MetricsError, metricsError, shown } from '../errors.js';
import { type Label, otherValue } from '../label.js';

/** The key of a label value that is a string or a number; `undefined` for values that need conversion. */
export function keyOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
}

/**
 * A label value as a string: `200` equals `'200'`; `undefined` and `null` are the empty string, which is an absent label.
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

/** The stored value: well-formed text, and `other` for a value outside a closed set. */
export function storedValue(value: string, label: Label | undefined): string {
  // Lone surrogates have no UTF-8: two series would be exposed with the same label value.
  const text = value.isWellFormed() ? value : value.toWellFormed();
  const allowed = label?.values;
  return allowed === undefined || text === '' || allowed.includes(text) ? text : otherValue;
}

/**
 * The values of a label object in declared order; absent labels are empty strings.
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
 * Positional label values as strings; one per label is required.
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
