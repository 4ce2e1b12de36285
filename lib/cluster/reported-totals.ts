/** What a member that joins again reported before, so that no number is reported twice. */
import type { WrittenFamily } from './cluster-messages.js';

/** The totals that the hub keeps of an earlier membership, by series and part. */
export type ReportedTotals = Map<string, number>;

/** The increase of each number since it was reported. A series that restarted, so that a number decreased, is reported as a whole. */
export function withoutReported(
  families: readonly WrittenFamily[],
  reported: ReportedTotals,
): readonly WrittenFamily[] {
  if (reported.size === 0) return families;
  return families.map((family) => ({
    ...family,
    series: family.series.map(([values, numbers]) => {
      const keys = keysOf(family, values);
      const increases = numbers.map((number, part) =>
        typeof number === 'number' ? number - (reported.get(keys[part] ?? '') ?? 0) : number,
      );
      // A sum may decrease by negative observations.
      const hasRestarted = increases.some(
        (increase, part) => Number(increase) < 0 && family.parts[part]?.[0] !== '_sum',
      );
      if (!hasRestarted) return [values, increases] as const;
      for (const key of keys) if (key !== undefined) reported.delete(key);
      return [values, numbers] as const;
    }),
  }));
}

/** All numbers with their keys in {@link ReportedTotals}. */
export function* totalsOf(families: readonly WrittenFamily[]): Generator<[key: string, number: number]> {
  for (const family of families)
    for (const [values, numbers] of family.series)
      for (const [part, key] of keysOf(family, values).entries()) {
        const number = numbers[part];
        if (typeof number === 'number' && key !== undefined) yield [key, number];
      }
}

/** A key per part, independent of the order of the labels; `undefined` for a quantile, which is no total. */
function keysOf(
  { name, type, labels, parts }: WrittenFamily,
  values: readonly string[],
): (string | undefined)[] {
  const pairs = labels.flatMap((label, index) => (values[index] ? [`${label}=${values[index]}`] : []));
  const series = JSON.stringify([name, ...pairs.sort()]);
  return parts.map(([suffix, bound]) =>
    type === 'summary' && bound !== undefined ? undefined : `${series} ${suffix} ${bound}`,
  );
}
