/** Labels of a definition: open, closed or limited. */
import { metricsError, shown } from './errors.js';
import { checkOptionNames } from './option-names.js';

/**
 * The specification of a label, made by {@link label}.
 * @typeParam V the values that a recording may pass; `string` for an open label
 */
export interface Label<out V extends string = string> {
  /** The closed set of values; `undefined` for an open label. */
  readonly values: readonly V[] | undefined;
  /** Maximum number of distinct values; `undefined` for no limit. */
  readonly limit: number | undefined;
}

/** The labels of a definition by name, in output order. */
export type LabelShape = Readonly<Record<string, Label>>;

/** The shape of a metric without labels. */
export type NoLabels = Record<never, never>;

/** The type of a label value: a closed set takes its own values only, an open label strings, numbers and booleans. */
export type LabelInput<L extends Label> =
  L extends Label<infer V> ? (string extends V ? string | number | boolean : V) : never;

/** The label object of a recording. */
export type LabelValues<L extends LabelShape> = { readonly [K in keyof L]: LabelInput<L[K]> };

/** The value that replaces values outside a closed set or past a limit. */
export const otherValue = 'other';

/**
 * Specifies one label. `label()` takes any string; `label('a', 'b')` is a closed set: other values do not compile and become
 * `other` at run time; `label({ limit: 50 })` keeps the first 50 distinct values, further values become `other`.
 * @throws ERR_METRICS_INVALID_LABEL for empty or duplicate values, or a limit that is not a positive integer;
 *   ERR_METRICS_INVALID_OPTION for an unknown option
 * @example
 * label(); // any string
 * label('success', 'failure'); // a closed set
 * label({ limit: 50 }); // at most 50 distinct values
 * @see https://prometheus.io/docs/practices/naming/#labels
 */
export function label(): Label<string>;
/** A label that keeps its first `limit` distinct values. */
export function label(options: { limit: number }): Label<string>;
/** A closed set: a label that takes these values only. */
export function label<const V extends string>(...values: readonly [V, ...V[]]): Label<V>;
export function label(...args: readonly unknown[]): Label<string> {
  const [first] = args;
  if (args.length === 0) return openLabel;
  if (args.length === 1 && typeof first === 'object' && first !== null) {
    checkOptionNames('label', first, { limit: true });
    const limit = 'limit' in first ? first.limit : undefined;
    if (typeof limit === 'number' && Number.isInteger(limit) && limit > 0)
      return Object.freeze({ values: undefined, limit });
    throw metricsError(
      'ERR_METRICS_INVALID_LABEL',
      `Invalid \`limit\` of a label: expected a positive integer, received ${shown(limit)}.`,
    );
  }
  const values: string[] = [];
  for (const value of args) {
    if (typeof value !== 'string' || value === '' || values.includes(value)) {
      throw metricsError(
        'ERR_METRICS_INVALID_LABEL',
        `Invalid value \`${shown(value)}\` in a closed label set: expected distinct, non-empty strings, received ${shown(args)}.`,
      );
    }
    values.push(value);
  }
  return Object.freeze({ values: Object.freeze(values), limit: undefined });
}

const openLabel: Label<string> = Object.freeze({ values: undefined, limit: undefined });
