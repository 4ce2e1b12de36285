/** Label values on their way into the tree: what they read as, and what of it is stored. */
import { type Label, otherValue } from '../definition.js';
import { metricsError, shown } from '../errors.js';

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
