/** The nodes of the series tree: branches, the series at their ends, and the places of series that were removed. */

/**
 * Where a series hangs: one value of one label, or the root, whose key is the metric's name. Most branches have one
 * child; they are narrow, and a branch that gets a second one is replaced by a wide one. A single kind with room for both
 * would cost each branch eight bytes more.
 */
export type Branch = NarrowBranch | WideBranch;

export interface NarrowBranch {
  readonly key: string;
  parent: Branch | undefined;
  /** The child, if there is one. */
  only: Branch | Series | undefined;
  readonly many?: undefined;
}

export interface WideBranch {
  /** That of the root changes with the metric's name. */
  key: string;
  parent: Branch | undefined;
  /** Children by key. */
  readonly many: Map<string, Branch | Series>;
}

/**
 * What every kind of series is, beside its numbers. `branch` is `undefined` once the series was removed: a bound
 * series that is recorded on again then takes its place anew, so no recording is lost.
 */
export abstract class Series {
  branch: Branch | undefined;
  readonly key: string;
  /** When it began to count, in whole seconds since 1970: a small integer, which takes no memory of its own. */
  created = Math.floor(Date.now() / 1_000);

  constructor(key: string, branch: Branch) {
    this.key = key;
    this.branch = branch;
  }
}

/** Where a removed series belongs, should it be recorded on again. */
export interface VacatedPlace {
  readonly metric: string;
  readonly values: readonly string[];
  readonly takeAgain: () => Series;
}

/** Beside the series and not in them, since few are ever removed. */
const vacatedPlaces = new WeakMap<Series, VacatedPlace>();

/** The series to record on in place of a removed one: itself, back in its place, or its successor. */
export function revived<S extends Series>(series: S): S {
  // The tree that removed the series had made it, so what takes its place is of the same kind.
  return (vacatedPlaces.get(series)?.takeAgain() ?? series) as S;
}

/** Name of the metric that a series belongs to, for messages. */
export function metricOf(series: Series): string {
  let branch = series.branch;
  while (branch?.parent !== undefined) branch = branch.parent;
  return branch?.key ?? vacatedPlaces.get(series)?.metric ?? '';
}

/** Notes where a series stood; `undefined` once it is back. */
export function vacate(series: Series, place: VacatedPlace | undefined): void {
  if (place === undefined) vacatedPlaces.delete(series);
  else vacatedPlaces.set(series, place);
}

/** The label values of a removed series; `undefined` for one that is in its place. */
export function vacatedValues(series: Series): readonly string[] | undefined {
  return vacatedPlaces.get(series)?.values;
}

export function newBranch(key: string, parent: Branch): NarrowBranch {
  return { key, parent, only: undefined };
}

/** The root is wide from the start, so that it is never replaced. */
export function newRoot(metric: string): WideBranch {
  return { key: metric, parent: undefined, many: new Map() };
}

export function childOf(branch: Branch, key: string): Branch | Series | undefined {
  if (branch.many !== undefined) return branch.many.get(key);
  return branch.only?.key === key ? branch.only : undefined;
}

/** The branch with room for another child: itself, or the wide one that has just taken its place. */
export function withRoom(branch: Branch): Branch {
  if (branch.many !== undefined || branch.only === undefined) return branch;
  const { key, parent, only } = branch;
  const wide: WideBranch = { key, parent, many: new Map([[only.key, only]]) };
  if (only instanceof Series) only.branch = wide;
  else only.parent = wide;
  // Only the root has no parent, and it is wide.
  if (parent !== undefined) setChild(parent, wide);
  return wide;
}

/** Adds a child to a branch that has room for it. */
export function setChild<C extends Branch | Series>(branch: Branch, child: C): C {
  if (branch.many === undefined) branch.only = child;
  else branch.many.set(child.key, child);
  return child;
}

/** Drops a child and tells how many are left. */
export function dropChild(branch: Branch, key: string): number {
  if (branch.many !== undefined) {
    branch.many.delete(key);
    return branch.many.size;
  }
  branch.only = undefined;
  return 0;
}

export function* childrenOf(branch: Branch): IterableIterator<Branch | Series> {
  if (branch.many !== undefined) yield* branch.many.values();
  else if (branch.only !== undefined) yield branch.only;
}
