/** Resolves conflicts between the names of the families of a scrape. */
import type { ScrapeFormat, WrittenType } from './format.js';
import { counterSuffix } from './open-metrics.js';

export interface NamedFamily {
  readonly name: string;
  readonly type: WrittenType;
  /** Own families come before third-party ones of the same name. */
  readonly isOwn: boolean;
}

/**
 * The type that each family is written with. A family that is not in the map has a name that is taken. If OpenMetrics would give
 * the family of a counter `jobs_total` a name that is taken (a gauge `jobs`, or `jobs_created`), the counter keeps its name and
 * has the type `unknown`: Prometheus stores the same samples.
 */
export function writtenTypes<F extends NamedFamily>(
  families: readonly F[],
  format: ScrapeFormat,
): Map<F, WrittenType> {
  const claimed = new Set<string>();
  const types = new Map<F, WrittenType>();
  const claim = (family: F, type: WrittenType): void => {
    const others = format
      .claimedNames(family.name, type)
      .filter((name) => !types.has(family) || name !== family.name);
    if (others.some((name) => claimed.has(name))) return;
    for (const name of others) claimed.add(name);
    types.set(family, type);
  };
  const ownFirst = [...families].sort((one, other) => Number(other.isOwn) - Number(one.isOwn));
  // Own names first, so that names derived by OpenMetrics do not displace them.
  for (const family of ownFirst)
    claim(family, format.isStrict && family.type === 'counter' ? 'unknown' : family.type);
  for (const family of ownFirst)
    if (family.type === 'counter' && family.name.endsWith(counterSuffix) && types.has(family))
      claim(family, 'counter');
  return types;
}

/** The type of a family without others, as in a snapshot. */
export function writtenTypeOf({ name, type }: Omit<NamedFamily, 'isOwn'>, format: ScrapeFormat): WrittenType {
  return format.isStrict && type === 'counter' && !name.endsWith(counterSuffix) ? 'unknown' : type;
}
