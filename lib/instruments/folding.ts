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

/** The series of a metric past its budget. */
export interface FoldingSeries<S> {
  /** Indices of labels in the order in which they are folded. */
  readonly order: readonly number[];
  find(values: readonly string[]): S | undefined;
  attach(values: readonly string[]): S;
  /** Called with the index of every label that is folded, and its value. */
  onFold(index: number, value: string): void;
}

/**
 * A series for values past the budget: label after label becomes `other`, the most varied first, until a series is found. Folded
 * series may exceed the budget by a tenth, so that one label does not fold the others.
 */
export function foldedSeries<S>(
  values: readonly string[],
  { order, find, attach, onFold }: FoldingSeries<S>,
  size: number,
  maxSeries: number,
): S {
  const mayAttach = size < maxSeries + Math.max(16, Math.ceil(maxSeries / 10));
  const folded = [...values];
  for (const index of order) {
    const value = folded[index] ?? '';
    // An absent label cannot be the offending one.
    if (value === '') continue;
    if (value !== otherValue) {
      folded[index] = otherValue;
      onFold(index, value);
    }
    const found = find(folded);
    if (found !== undefined) return found;
    if (mayAttach) break;
  }
  return attach(folded);
}
