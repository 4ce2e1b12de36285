/** How many values the labels with a limit of their own have, so that one too many is known. */
import { type Label, otherValue } from '../definition.js';

export class LabelLimits {
  readonly #limits: readonly (number | undefined)[];
  /** Values of each label that has a limit, with how many series have them. */
  readonly #known: readonly (Map<string, number> | undefined)[];

  constructor(labels: readonly Label[]) {
    this.#limits = labels.map(({ limit }) => limit);
    this.#known = labels.map(({ limit }) => (limit === undefined ? undefined : new Map()));
  }

  /** Whether a value is one too many for its label. */
  isPast(index: number, value: string): boolean {
    const known = this.#known[index];
    const limit = this.#limits[index];
    if (known === undefined || limit === undefined || isFree(value)) return false;
    return !known.has(value) && known.size >= limit;
  }

  /** A series with these values has come (1) or gone (-1): a value that none has any more makes room. */
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

/** An absent label takes no room, and what is folded has had to. */
function isFree(value: string): boolean {
  return value === '' || value === otherValue;
}
