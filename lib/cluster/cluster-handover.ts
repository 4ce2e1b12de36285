/** What a hub passes on to its successor, so that no total falls. */
import type { Family } from '../family.js';
import { type WrittenFamily, writtenFamily } from './cluster-messages.js';
import type { DepartedTotals } from './departed-totals.js';

/** Counters, histograms and summaries of a roster. */
export interface Handover {
  readonly departed: readonly WrittenFamily[];
  /** See {@link DepartedTotals.ids}. */
  readonly departedIds: readonly string[];
  readonly members: readonly (readonly [id: string, counts: readonly WrittenFamily[]])[];
}

export function handoverOf(
  departed: DepartedTotals,
  members: ReadonlyMap<string, { readonly counts: ReadonlyMap<string, Family> }>,
): Handover {
  return {
    departed: [...departed.families.values()].map(writtenFamily),
    departedIds: [...departed.ids],
    members: [...members].map(([id, { counts }]) => [id, [...counts.values()].map(writtenFamily)]),
  };
}
