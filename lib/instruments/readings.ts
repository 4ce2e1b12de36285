/** Readings of a series tree that let other code run in between. */
import type { Series } from './branch.js';

interface Reading {
  /** Series that were added after a removal: their label values may have been read already. */
  addedAgain: WeakSet<Series> | undefined;
}

export class Readings<S extends Series> {
  /** How often series were added or removed. */
  changes = 0;
  readonly #open = new Set<Reading>();

  noteRemoval(): void {
    this.changes++;
    for (const reading of this.#open) reading.addedAgain ??= new WeakSet();
  }

  noteAddition(series: Series): void {
    this.changes++;
    for (const reading of this.#open) reading.addedAgain?.add(series);
  }

  *read(all: Iterable<S>): IterableIterator<S> {
    const reading: Reading = { addedAgain: undefined };
    this.#open.add(reading);
    try {
      for (const series of all) if (reading.addedAgain?.has(series) !== true) yield series;
    } finally {
      this.#open.delete(reading);
    }
  }
}
