/** Targets that a run has missed: where the time or the memory goes, and the next best design that was tried. */
import type { Verdict } from './verdict.js';

export interface Miss {
  /** The start of the claim of the target. */
  readonly claim: string;
  /** Where the time or the memory goes. */
  readonly profile: string;
  /** The next best design, and what it gave. */
  readonly tried: string;
}

export const misses: readonly Miss[] = [];

/** What is known of a missed target. */
export function missOf({ claim }: Verdict): Miss | undefined {
  return misses.find((miss) => claim.startsWith(miss.claim));
}

/** The missed targets of a run, as Markdown; empty if there is none. */
export function missTable(verdicts: readonly Verdict[]): string {
  const missed = verdicts.filter(({ reached }) => !reached);
  if (missed.length === 0) return '';
  const rows = missed.map((verdict) => {
    const { profile = 'not known', tried = 'none yet' } = missOf(verdict) ?? {};
    return `| ${verdict.claim} | ${profile} | ${tried} |`;
  });
  return [
    '| missed target | where it goes | the next best design that was tried |',
    '|---|---|---|',
    ...rows,
  ].join('\n');
}
