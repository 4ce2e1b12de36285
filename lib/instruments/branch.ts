/** The nodes of the series tree: branches, the series at their ends, and the removals of series. */

/**
 * The parent of series or branches: one value of one label, or the root, whose key is the name of the metric. Most branches have
 * one child; they are narrow, and a branch that gets a second child is replaced by a wide one. A single type for both would cost
 * eight bytes more per branch.
 */
export type Branch = NarrowBranch | WideBranch;

export interface NarrowBranch {
  readonly key: string;
  parent: Branch | undefined;
  /** The only child, if there is one. */
  only: Branch | Series | undefined;
  readonly many?: undefined;
}

export interface WideBranch {
  /** The key of the root changes when the metric is renamed. */
  key: string;
  parent: Branch | undefined;
  /** Children by key. */
  readonly many: Map<string, Branch | Series>;
}

/** The series of an instrument for one combination of label values: the common base of `CounterSeries` and the others. */
export abstract class Series {
  /**
   * Its place in the tree; `undefined` after the series was removed. If a bound series is recorded on again, it is added again, so
   * no recording is lost.
   * @internal
   */
  branch: Branch | undefined;
  /** The value of its last label. @internal */
  readonly key: string;
  // A whole number, since V8 stores a small integer without an allocation.
  /** When it started to count, in whole seconds since 1970: the `_created` sample of OpenMetrics. Read-only. */
  created = Math.floor(Date.now() / 1_000);

  /** @internal */
  constructor(key: string, branch: Branch) {
    this.key = key;
    this.branch = branch;
  }
}

/** Where a removed series was, and where it is recorded on again. */
export interface Removal {
  readonly metric: string;
  readonly values: readonly string[];
  readonly successor: () => Series;
}

/** Not a property of the series, since few are ever removed. */
const removals = new WeakMap<Series, Removal>();

/** The series to record on in place of a removed one: itself, added again, or another one with the same labels. */
export function successorOf<S extends Series>(series: S): S {
  // The tree that removed the series had made it, so the successor has the same type.
  return (removals.get(series)?.successor() ?? series) as S;
}

/** The name of the metric of a series, for messages. */
export function metricOf(series: Series): string {
  let branch = series.branch;
  while (branch?.parent !== undefined) branch = branch.parent;
  return branch?.key ?? removals.get(series)?.metric ?? '';
}

/** Notes that a series was removed; `undefined` once it is added again. */
export function setRemoval(series: Series, removal: Removal | undefined): void {
  if (removal === undefined) removals.delete(series);
  else removals.set(series, removal);
}

/** The label values of a removed series; `undefined` for one in the tree. */
export function removedValues(series: Series): readonly string[] | undefined {
  return removals.get(series)?.values;
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

/** A branch that can take another child: itself, or the wide branch that replaces it. */
export function withCapacity(branch: Branch): Branch {
  if (branch.many !== undefined || branch.only === undefined) return branch;
  const { key, parent, only } = branch;
  const wide: WideBranch = { key, parent, many: new Map([[only.key, only]]) };
  if (only instanceof Series) only.branch = wide;
  else only.parent = wide;
  // Only the root has no parent, and it is wide.
  if (parent !== undefined) setChild(parent, wide);
  return wide;
}

/** Adds a child to a branch that can take it. */
export function setChild<C extends Branch | Series>(branch: Branch, child: C): C {
  if (branch.many === undefined) branch.only = child;
  else branch.many.set(child.key, child);
  return child;
}

/** Removes a child and returns the number of those left. */
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
