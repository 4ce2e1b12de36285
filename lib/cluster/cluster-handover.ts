/** What whoever aggregates hands on to its successor, so that no total falls. */
import { type WrittenFamily, writtenFamily } from './cluster-messages.js';
import type { Family } from './family.js';

/** What a roster knows of counters, histograms and summaries. */
export interface Handover {
  readonly departed: readonly WrittenFamily[];
  /** Ids of those that have departed, so that nothing of theirs that comes late is counted twice. */
  readonly departedIds: readonly string[];
  readonly members: readonly (readonly [id: string, counts: readonly WrittenFamily[]])[];
}

export function handoverOf(
  departed: ReadonlyMap<string, Family>,
  departedIds: ReadonlySet<string>,
  members: ReadonlyMap<string, { readonly counts: ReadonlyMap<string, Family> }>,
): Handover {
  return {
    departed: [...departed.values()].map(writtenFamily),
    departedIds: [...departedIds],
    members: [...members].map(([id, { counts }]) => [id, [...counts.values()].map(writtenFamily)]),
  };
}
