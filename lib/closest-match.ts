import { closest, distance } from 'fastest-levenshtein';

/** The nearest candidate within a maximum edit distance; `undefined` if there is none. */
export function closestMatch(
  given: string,
  candidates: readonly string[],
  maxDistance: number,
): string | undefined {
  // Others are further away, however long they are.
  const possible = candidates.filter(({ length }) => Math.abs(length - given.length) <= maxDistance);
  if (possible.length === 0) return undefined;
  const nearest = closest(given, possible);
  return distance(given, nearest) <= maxDistance ? nearest : undefined;
}
