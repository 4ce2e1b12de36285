/** Walks through the series tree. */
import {
  type Branch,
  childOf,
  childrenOf,
  dropChild,
  newBranch,
  Series,
  setChild,
  withCapacity,
} from './branch.js';
import { keyOf } from './label-values.js';

/** The keys from below the root to a series: its label values in declared order. */
export function pathOf(series: Series): string[] {
  const values = [series.key];
  for (let branch = series.branch; branch?.parent !== undefined; branch = branch.parent)
    values.push(branch.key);
  return values.reverse();
}

/** Iterates over all series below a branch, depth first. The tree may change during the iteration. */
export function* seriesBelow(root: Branch): IterableIterator<Series> {
  const stack: Iterator<Branch | Series>[] = [childrenOf(root)];
  for (let children = stack.at(-1); children !== undefined; children = stack.at(-1)) {
    const next = children.next();
    if (next.done) stack.pop();
    else if (next.value instanceof Series) yield next.value;
    else stack.push(childrenOf(next.value));
  }
}

/** The series of stored values in declared order, or `undefined`. */
export function seriesAt<S extends Series>(root: Branch, values: readonly string[]): S | undefined {
  let node: Branch | Series | undefined = values.length === 0 ? childOf(root, '') : root;
  for (let index = 0; index < values.length && node !== undefined; index++) {
    node = childOf(node as Branch, values[index] ?? '');
  }
  return node as S | undefined;
}

/** The series of a label object whose keys are in any order, or `undefined`. Counts the keys to detect unknown labels. */
export function seriesInAnyOrder<S extends Series>(
  root: Branch,
  names: readonly string[],
  labels: Readonly<Record<string, unknown>>,
): S | undefined {
  let node: Branch | Series | undefined = root;
  let expected = 0;
  for (let index = 0; index < names.length && node !== undefined; index++) {
    const value = labels[names[index] ?? ''];
    if (value !== undefined) expected++;
    const key = value === undefined ? '' : keyOf(value);
    node = key === undefined ? undefined : childOf(node as Branch, key);
  }
  let given = 0;
  for (const _ in labels) given++;
  return node instanceof Series && given === expected ? (node as S) : undefined;
}

/** The branch for a series of these values, with missing branches made and capacity for the series. */
export function branchFor(root: Branch, values: readonly string[]): Branch {
  let branch = root;
  for (let index = 0; index < values.length - 1; index++) {
    const key = values[index] ?? '';
    const child = childOf(branch, key);
    if (child === undefined) branch = withCapacity(branch);
    branch = child === undefined ? setChild(branch, newBranch(key, branch)) : (child as Branch);
  }
  return withCapacity(branch);
}

/** Removes a child, and the branches that have no child left. */
export function prune(branch: Branch, child: string): void {
  let key = child;
  for (let at: Branch | undefined = branch; at !== undefined; at = at.parent) {
    if (dropChild(at, key) > 0) break;
    key = at.key;
  }
}
