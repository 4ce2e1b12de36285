/** Folding: label values outside a closed set, or past a limit or budget, become `other`. */
import { type Label, otherValue } from '../label.js';
import { storedValue } from './label-values.js';

/**
 * Called with every folded value; the registry counts it and warns. `budget` is the exceeded limit, or `undefined` for a value
 * outside a closed set.
 */
export type FoldListener = (label: string, budget: number | undefined, value: string) => void;

/** Values as they are stored; the same array if nothing changes. */
export function storedValues(values: readonly string[], labels: readonly Label[]): readonly string[] {
  let changed: string[] | undefined;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? '';
    const stored = storedValue(value, labels[index]);
    if (stored === value) continue;
    changed ??= [...values];
    changed[index] = stored;
  }
  return changed ?? values;
}

/** Reports the values that are outside the closed set of their label. */
export function reportUnknownValues(
  values: readonly string[],
  labels: readonly Label[],
  names: readonly string[],
  onFold: FoldListener,
): void {
  for (const [index, label] of labels.entries()) {
    const value = values[index] ?? '';
    if (label.values === undefined || value === otherValue) continue;
    if (storedValue(value, label) === otherValue) onFold(names[index] ?? '', undefined, value);
  }
}

/** Indices of labels by their number of distinct values; closed sets last, since they cannot grow. */
export function labelsByVariety(
  labels: readonly Label[],
  allValues: Iterable<readonly string[]>,
): readonly number[] {
  const distinct = labels.map(() => new Set<string>());
  for (const values of allValues) {
    for (const [index, value] of values.entries()) distinct[index]?.add(value);
  }
  const weight = (index: number): number =>
    labels[index]?.values === undefined ? (distinct[index]?.size ?? 0) : 0;
  return labels.map((_, index) => index).sort((a, b) => weight(b) - weight(a));
}

/** The series of a metric, for {@link foldedValues}. */
export interface FoldingSeries {
  /** Indices of labels in the order in which they are folded. */
  readonly order: readonly number[];
  /** How many series there are. */
  readonly size: number;
  readonly maxSeries: number;
  exists(values: readonly string[]): boolean;
  /** Called with the index of every label that is folded, and its value. */
  onFold?(index: number, value: string): void;
}

/**
 * The values to record under past the budget: label after label becomes `other`, the most varied first, until a series exists.
 * Folded series may exceed the budget by a tenth, so that one label does not fold the others.
 */
export function foldedValues(values: readonly string[], series: FoldingSeries): readonly string[] {
  const { order, size, maxSeries } = series;
  const mayAdd = size < maxSeries + Math.max(16, Math.ceil(maxSeries / 10));
  const folded = [...values];
  for (const index of order) {
    const value = folded[index] ?? '';
    // An absent label cannot be the offending one.
    if (value === '') continue;
    if (value !== otherValue) {
      folded[index] = otherValue;
      series.onFold?.(index, value);
    }
    if (mayAdd || series.exists(folded)) break;
  }
  return folded;
}
