/** The distinct values of labels that have a `limit`. */
import { type Label, otherValue } from '../label.js';
import type { FoldListener } from './folding.js';

export class LabelLimits {
  readonly #limits: readonly (number | undefined)[];
  /** Per label with a limit: its values, and how many series have each. */
  readonly #known: readonly (Map<string, number> | undefined)[];

  constructor(labels: readonly Label[]) {
    this.#limits = labels.map(({ limit }) => limit);
    this.#known = labels.map(({ limit }) => (limit === undefined ? undefined : new Map()));
  }

  /** Whether a new value would exceed the limit of its label. */
  isPast(index: number, value: string): boolean {
    const known = this.#known[index];
    const limit = this.#limits[index];
    if (known === undefined || limit === undefined || isFree(value)) return false;
    return !known.has(value) && known.size >= limit;
  }

  /** Replaces values past their limit with `other` and reports them; the same array if nothing changes. */
  apply(values: readonly string[], names: readonly string[], onFold: FoldListener): readonly string[] {
    let changed: string[] | undefined;
    for (let index = 0; index < values.length; index++) {
      const value = values[index] ?? '';
      if (!this.isPast(index, value)) continue;
      changed ??= [...values];
      changed[index] = otherValue;
      onFold(names[index] ?? '', this.#limits[index], value);
    }
    return changed ?? values;
  }

  /** Counts a series that was added (1) or removed (-1). A value without series no longer counts against the limit. */
  count(values: readonly string[], change: 1 | -1): void {
    for (const [index, known] of this.#known.entries()) {
      const value = values[index] ?? '';
      if (known === undefined || isFree(value)) continue;
      const count = (known.get(value) ?? 0) + change;
      if (count > 0) known.set(value, count);
      else known.delete(value);
    }
  }
}

/** Absent and folded values do not count against the limit. */
function isFree(value: string): boolean {
  return value === '' || value === otherValue;
}
