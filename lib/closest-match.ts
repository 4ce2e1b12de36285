import { closest, distance } from 'fastest-levenshtein';

/** The candidate that is nearest to what was given, with at most so many letters changed; `undefined` where there is none. */
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
