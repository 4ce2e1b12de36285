/** Totals of members that have left the cluster, so that no total falls. */
import type { Family, FamilySeries } from '../family.js';
import type { AnyRegistry } from '../registry.js';
import { mergedFamily } from './merged-family.js';

export interface DepartedTotals {
  /** By metric. */
  readonly families: ReadonlyMap<string, Family>;
  /** Ids of members, so that reports of theirs that arrive late are not counted twice. */
  readonly ids: ReadonlySet<string>;
  /** Adds the last numbers of a member. */
  addMember(id: string, counts: ReadonlyMap<string, Family>): void;
  /** Adds totals of an earlier hub, and the ids of their members. */
  inherit(families: readonly Family[], ids: readonly string[]): void;
}

/** Maximum number of remembered ids. */
const maxIds = 1_000;

/** @param maxSeries series per metric after which label values become `other` */
export function departedTotals(registry: AnyRegistry, maxSeries: number): DepartedTotals {
  const families = new Map<string, Family>();
  const ids = new Set<string>();
  const addFamily = (family: Family): void => {
    const { name } = family;
    const before = families.get(name);
    let conflict: Error | undefined;
    const merged = mergedFamily(before === undefined ? [family] : [before, family], {
      maxSeries,
      onConflict: (error) => {
        conflict = error;
      },
    });
    if (conflict !== undefined) registry.collectFailed(name, conflict);
    // The member that left last has the newer definition, as the workers that still run.
    families.set(name, conflict === undefined ? merged : family);
  };
  return {
    families,
    ids,
    addMember(id, counts) {
      ids.add(id);
      const [oldest] = ids;
      if (ids.size > maxIds && oldest !== undefined) ids.delete(oldest);
      for (const family of counts.values()) if (isTotal(family)) addFamily(withoutQuantiles(family));
    },
    inherit(inherited, inheritedIds) {
      for (const family of inherited) addFamily(family);
      for (const id of inheritedIds) ids.add(id);
    },
  };
}

/** A minimum, an average or a first value of processes that have ended says nothing. */
function isTotal({ type, aggregator }: Family): boolean {
  return type !== 'gauge' && !['first', 'min', 'average', 'omit'].includes(aggregator);
}

function withoutQuantiles(family: Family): Family {
  if (family.type !== 'summary') return family;
  const kept = family.parts.flatMap(([, bound], index) => (bound === undefined ? [index] : []));
  return {
    ...family,
    parts: kept.map((index) => family.parts[index] ?? ['']),
    series: family.series.map(
      ({ values, numbers }): FamilySeries => ({ values, numbers: kept.map((index) => numbers[index]) }),
    ),
  };
}
