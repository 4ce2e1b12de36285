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
