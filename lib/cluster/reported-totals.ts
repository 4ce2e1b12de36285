/** What a member that joins again has told before, so that no number is told twice. */
import type { WrittenFamily } from './cluster-messages.js';

/** What the primary keeps of a membership that has ended: its numbers by series and part. */
export type Report = Map<string, number>;

/** What of each number has come since it was told. Of a series that has begun anew (more than a sum went down), all has from now on. */
export function since(families: readonly WrittenFamily[], told: Report): readonly WrittenFamily[] {
  if (told.size === 0) return families;
  return families.map((family) => ({
    ...family,
    series: family.series.map(([values, numbers]) => {
      const keys = keysOf(family, values);
      const left = numbers.map((number, part) =>
        typeof number === 'number' ? number - (told.get(keys[part] ?? '') ?? 0) : number,
      );
      const isAnew = left.some((number, part) => Number(number) < 0 && family.parts[part]?.[0] !== '_sum');
      if (!isAnew) return [values, left] as const;
      for (const key of keys) if (key !== undefined) told.delete(key);
      return [values, numbers] as const;
    }),
  }));
}

export function* numbersOf(families: readonly WrittenFamily[]): Generator<[key: string, number: number]> {
  for (const family of families)
    for (const [values, numbers] of family.series)
      for (const [part, key] of keysOf(family, values).entries()) {
        const number = numbers[part];
        if (typeof number === 'number' && key !== undefined) yield [key, number];
      }
}

/** What the numbers of a series are found by, in whichever order its labels come; quantiles by nothing, as they do not add up. */
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
