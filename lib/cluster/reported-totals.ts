/** What a member that joins again reported before, so that no number is reported twice. */
import { bucketsSince, flatBuckets, readFlatBuckets } from '../instruments/native-buckets.js';
import type { WrittenFamily } from './cluster-messages.js';

/** The totals that the hub keeps of an earlier membership, by series and part. Native buckets are a list. */
export type ReportedTotals = Map<string, number | readonly number[]>;

/** The increase of each number since it was reported. A series that restarted, so that a number decreased, is reported as a whole. */
export function withoutReported(
  families: readonly WrittenFamily[],
  reported: ReportedTotals,
): readonly WrittenFamily[] {
  if (reported.size === 0) return families;
  return families.map((family) => ({
    ...family,
    series: family.series.map((series) => {
      const [values, numbers, native] = series;
      const keys = keysOf(family, values);
      const increases = numbers.map((number, part) =>
        typeof number === 'number' ? number - Number(reported.get(keys[part] ?? '') ?? 0) : number,
      );
      const nativeKey = keyOfNative(family, values);
      const nativeIncrease = nativeSince(native, reported.get(nativeKey));
      // A sum may decrease by negative observations.
      const hasRestarted = increases.some(
        (increase, part) => Number(increase) < 0 && family.parts[part]?.[0] !== '_sum',
      );
      if (!hasRestarted && nativeIncrease !== 'restarted')
        return nativeIncrease === undefined
          ? ([values, increases] as const)
          : ([values, increases, nativeIncrease] as const);
      for (const key of [...keys, nativeKey]) if (key !== undefined) reported.delete(key);
      return series;
    }),
  }));
}

/** All numbers with their keys in {@link ReportedTotals}. */
export function* totalsOf(
  families: readonly WrittenFamily[],
): Generator<[key: string, total: number | readonly number[]]> {
  for (const family of families)
    for (const [values, numbers, native] of family.series) {
      if (native !== undefined) yield [keyOfNative(family, values), native];
      for (const [part, key] of keysOf(family, values).entries()) {
        const number = numbers[part];
        if (typeof number === 'number' && key !== undefined) yield [key, number];
      }
    }
}

function nativeSince(
  native: readonly number[] | undefined,
  reported: ReturnType<ReportedTotals['get']>,
): readonly number[] | undefined | 'restarted' {
  if (native === undefined || typeof reported !== 'object') return native;
  const [now, earlier] = [readFlatBuckets(native), readFlatBuckets(reported)];
  const since = now && earlier && bucketsSince(now, earlier);
  return since === undefined ? 'restarted' : flatBuckets(since);
}

function keyOfNative(family: WrittenFamily, values: readonly string[]): string {
  return `${keyOfSeries(family, values)} native`;
}

/** A key per part, independent of the order of the labels; `undefined` for a quantile, which is no total. */
function keysOf(family: WrittenFamily, values: readonly string[]): (string | undefined)[] {
  const { type, parts } = family;
  const series = keyOfSeries(family, values);
  return parts.map(([suffix, bound]) =>
    type === 'summary' && bound !== undefined ? undefined : `${series} ${suffix} ${bound}`,
  );
}

function keyOfSeries({ name, labels }: WrittenFamily, values: readonly string[]): string {
  const pairs = labels.flatMap((label, index) => (values[index] ? [`${label}=${values[index]}`] : []));
  return JSON.stringify([name, ...pairs.sort()]);
}
