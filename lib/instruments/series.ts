/**
 * Series of one metric, found by their actual label values: a tree with one level a label, never a concatenated key.
 *
 * A branch keeps its only child inline and takes a Map from the second on, since most branches have one child: that is
 * half the memory of nested Maps at the same speed. A hit costs one look-up a label, allocates nothing and checks the
 * label names on the way. Whatever is not found as it stands (new, folded, in another order, not text) goes through
 * {@link SeriesTree.resolve}, the only place that normalises values.
 *
 * Memory is bounded: past the series budget, or past a label's own limit, the offending label's value becomes `other`
 * (design, "Cardinality"). Totals stay exact, since every recording still lands in a series.
 */
import { type Label, otherValue } from '../definition.js';
import {
  type Branch,
  childOf,
  childrenOf,
  dropChild,
  newBranch,
  newRoot,
  revived,
  Series,
  setChild,
  vacate,
  vacatedValues,
  type WideBranch,
  withRoom,
} from './branch.js';
import { compiledFind, findsBeforeCompiling, type QuickFind } from './compiled-find.js';
import { LabelLimits } from './label-limits.js';
import { keyOf, labelTexts, storedValue, valuesByName } from './label-values.js';

/**
 * What happened to a value that did not fit: told to the registry, which counts and warns. `budget` is how many it
 * exceeded; `undefined` for a value outside a closed set.
 */
export type FoldListener = (label: string, budget: number | undefined, value: string) => void;

export interface SeriesTreeOptions<S extends Series> {
  readonly metric: string;
  readonly labels: Readonly<Record<string, Label>>;
  /** How many series may be before folding starts. */
  readonly maxSeries: number;
  readonly onFold: FoldListener;
  readonly create: (key: string, branch: Branch) => S;
  /** Told of every series that leaves, so that it can free what it holds. */
  onRemove?(series: S): void;
  /** Told of every series that is put back into its place. */
  onReturn?(series: S): void;
}

/** A reading that lets others go on in between. */
interface Reading {
  /** Series that took a place after one had been given up: the same labels may have been read before. */
  remade: WeakSet<Series> | undefined;
}

export class SeriesTree<S extends Series> {
  readonly labelNames: readonly string[];
  /** How many series there are. */
  size = 0;

  readonly #options: SeriesTreeOptions<S>;
  readonly #labels: readonly Label[];
  readonly #limits: LabelLimits;
  readonly #root: WideBranch;
  /** `find` for the labels of this metric, once it has been asked for often enough. */
  #quickFind: QuickFind<S> | undefined;
  #finds = 0;
  /** The series without label values, once asked for. */
  #bare: S | undefined;
  /** Indices of labels in the order in which they are folded; known once the budget is used up. */
  #foldOrder: readonly number[] | undefined;
  readonly #readings = new Set<Reading>();
  /** Called when a metric that was removed is recorded on. */
  #onRecording: (() => void) | undefined;

  constructor(options: SeriesTreeOptions<S>) {
    this.#options = options;
    this.#root = newRoot(options.metric);
    this.labelNames = Object.keys(options.labels);
    this.#labels = Object.values(options.labels);
    this.#limits = new LabelLimits(this.#labels);
  }

  get metric(): string {
    return this.#root.key;
  }

  /** Takes another name for the metric. Bound series stay as they are. */
  rename(metric: string): void {
    this.#root.key = metric;
  }

  /**
   * The series of a label object, made where there is none.
   * @throws ERR_METRICS_UNKNOWN_LABEL, ERR_METRICS_INVALID_LABEL_VALUE; no series is made then
   */
  find(labels: Readonly<Record<string, unknown>>): S {
    const quick = this.#quickFind;
    if (quick !== undefined) return quick(labels) ?? this.#findByOrder(labels);
    if (++this.#finds === findsBeforeCompiling)
      this.#quickFind = compiledFind(this.#root, this.labelNames, (values) => this.resolve(values));
    return this.#findByOrder(labels);
  }

  /** As `find`, for the labels of any metric. */
  #findByOrder(labels: Readonly<Record<string, unknown>>): S {
    const names = this.labelNames;
    let node: Branch | Series = this.#root;
    let index = 0;
    // One pass over the caller's own keys finds the series and would meet an unknown label, if they come as declared.
    for (const name in labels) {
      if (name !== names[index]) return this.#findInAnyOrder(labels);
      const key = keyOf(labels[name]);
      if (key === undefined) return this.resolve(valuesByName(labels, this.labelNames, this.metric));
      const child = childOf(node as Branch, key);
      if (child === undefined) return this.resolve(valuesByName(labels, this.labelNames, this.metric));
      node = child;
      index++;
    }
    return index > 0 && index === names.length ? (node as S) : this.#findInAnyOrder(labels);
  }

  /** As `find`, for labels in another order than declared, or with some missing: a second pass counts the keys. */
  #findInAnyOrder(labels: Readonly<Record<string, unknown>>): S {
    const names = this.labelNames;
    let node: Branch | Series | undefined = this.#root;
    let expected = 0;
    for (let index = 0; index < names.length && node !== undefined; index++) {
      const value = labels[names[index] ?? ''];
      if (value !== undefined) expected++;
      const key = value === undefined ? '' : keyOf(value);
      node = key === undefined ? undefined : childOf(node as Branch, key);
    }
    let given = 0;
    for (const _ in labels) given++;
    return node instanceof Series && given === expected
      ? (node as S)
      : this.resolve(valuesByName(labels, this.labelNames, this.metric));
  }

  /** The series of label values in declared order: what a caller that knows the order uses. */
  at(values: readonly unknown[]): S {
    let node: Branch | Series | undefined = this.#root;
    for (let index = 0; index < values.length && node !== undefined; index++) {
      const value: unknown = values[index];
      // A `Series` here means too many values, which are counted below.
      if (node instanceof Series || typeof value !== 'string') node = undefined;
      else node = childOf(node, value);
    }
    return node instanceof Series
      ? (node as S)
      : this.resolve(labelTexts(values, this.labelNames, this.metric));
  }

  /** The series with no label values at all: the only one of a metric without labels. */
  bare(): S {
    const bare = this.#bare;
    if (bare !== undefined) return bare.branch === undefined ? revived(bare) : bare;
    const found = this.resolve(this.labelNames.map(() => ''));
    // For want of room it may be another's, and not for good.
    if (this.valuesOf(found).every((value) => value === '')) this.#bare = found;
    return found;
  }

  /** The series of a label object, or `undefined`: makes none. */
  peek(labels: Readonly<Record<string, unknown>>): S | undefined {
    return this.#descend(this.#normalised(valuesByName(labels, this.labelNames, this.metric)));
  }

  /** The series of label values in declared order, or `undefined`: makes none. */
  peekAt(values: readonly unknown[]): S | undefined {
    return this.#descend(this.#normalised(labelTexts(values, this.labelNames, this.metric)));
  }

  /** The series that have these values of some labels: none for a value that a closed set does not hold. */
  where(labels: Readonly<Record<string, unknown>>): S[] {
    const given = valuesByName(labels, this.labelNames, this.metric);
    const wanted = this.#normalised(given);
    if (wanted.some((value, index) => value === otherValue && given[index] !== otherValue)) return [];
    const asked = this.labelNames.map((name) => Object.hasOwn(labels, name));
    return [...this].filter((series) => {
      const values = this.valuesOf(series);
      return asked.every((isAsked, index) => !isAsked || values[index] === wanted[index]);
    });
  }

  /** Finds or makes the series of text values in declared order, closed sets, limits and budget applied. */
  resolve(values: readonly string[]): S {
    this.#announce();
    const wanted = this.#normalised(values);
    if (wanted !== values) this.#tellClosed(values);
    const found = this.#descend(wanted);
    if (found !== undefined) return found;
    const limited = this.#withinLimits(wanted);
    const existing = limited === wanted ? undefined : this.#descend(limited);
    if (existing !== undefined) return existing;
    return this.size < this.#options.maxSeries ? this.#attach(limited) : this.#folded(limited);
  }

  /** Label values of a series, in declared order. */
  valuesOf(series: Series): string[] {
    const vacated = vacatedValues(series);
    if (vacated !== undefined) return [...vacated];
    if (this.labelNames.length === 0) return [];
    const values = [series.key];
    for (let branch = series.branch; branch?.parent !== undefined; branch = branch.parent)
      values.push(branch.key);
    return values.reverse();
  }

  /** Removes one series. Its numbers are gone; who holds it bound may record on it again, from 0. */
  remove(series: S): void {
    const branch = series.branch;
    if (branch === undefined) return;
    const values = this.valuesOf(series);
    vacate(series, {
      metric: this.metric,
      values,
      takeAgain: () => this.#takeAgain(series, values),
    });
    this.#options.onRemove?.(series);
    series.branch = undefined;
    this.size--;
    this.#limits.count(values, -1);
    for (const reading of this.#readings) reading.remade ??= new WeakSet();
    let key = series.key;
    for (let at: Branch | undefined = branch; at !== undefined; at = at.parent) {
      if (dropChild(at, key) > 0) break;
      key = at.key;
    }
    if (this.size < this.#options.maxSeries) this.#foldOrder = undefined;
  }

  /** Removes all series. */
  clear(): void {
    for (const series of [...this]) this.remove(series);
  }

  /** Removes all series of a metric that was removed itself, and calls back once before one is made again. */
  forget(onRecording: () => void): void {
    this.clear();
    this.#onRecording = onRecording;
  }

  /** Whether nothing was recorded since the metric was removed. */
  get isForgotten(): boolean {
    return this.#onRecording !== undefined;
  }

  comeBack(): void {
    this.#onRecording = undefined;
  }

  /** A series that is in no place, and is never exposed. */
  detached(): S {
    return this.#options.create('', newRoot(this.metric));
  }

  /** Hands every series over to another tree: who holds one bound records on its successor there from now on. */
  handOver(successor: SeriesTree<S>): void {
    for (const series of [...this]) {
      const values = this.valuesOf(series);
      successor.at(values);
      this.remove(series);
      vacate(series, { metric: successor.metric, values, takeAgain: () => successor.at(values) });
    }
  }

  /**
   * Every series, for a reader that lets others go on in between: no label values come twice, also where series are removed
   * and made again meanwhile. Those made again come with the next reading.
   */
  *read(): IterableIterator<S> {
    const reading: Reading = { remade: undefined };
    this.#readings.add(reading);
    try {
      for (const series of this) if (reading.remade?.has(series) !== true) yield series;
    } finally {
      this.#readings.delete(reading);
    }
  }

  /** Every series, those of one value of the first label together. Safe against changes on the way. */
  *[Symbol.iterator](): IterableIterator<S> {
    const stack: Iterator<Branch | Series>[] = [childrenOf(this.#root)];
    for (let children = stack.at(-1); children !== undefined; children = stack.at(-1)) {
      const next = children.next();
      if (next.done) stack.pop();
      else if (next.value instanceof Series) yield next.value as S;
      else stack.push(childrenOf(next.value));
    }
  }

  /** Tells that a metric which was removed is recorded on. */
  #announce(): void {
    const onRecording = this.#onRecording;
    this.#onRecording = undefined;
    onRecording?.();
  }

  #takeAgain(series: S, values: readonly string[]): S {
    this.#announce();
    const successor = this.#descend(values);
    if (successor !== undefined) return successor;
    const hasRoom = this.size < this.#options.maxSeries;
    if (!hasRoom || values.some((value, index) => this.#limits.isPast(index, value)))
      return this.resolve(values);
    vacate(series, undefined);
    return this.#attach(values, series);
  }

  #descend(values: readonly string[]): S | undefined {
    let node: Branch | Series | undefined = values.length === 0 ? childOf(this.#root, '') : this.#root;
    for (let index = 0; index < values.length && node !== undefined; index++) {
      node = childOf(node as Branch, values[index] ?? '');
    }
    return node as S | undefined;
  }

  #attach(values: readonly string[], returning?: S): S {
    let branch: Branch = this.#root;
    for (let index = 0; index < values.length - 1; index++) {
      const key = values[index] ?? '';
      const child = childOf(branch, key);
      if (child === undefined) branch = withRoom(branch);
      branch = child === undefined ? setChild(branch, newBranch(key, branch)) : (child as Branch);
    }
    branch = withRoom(branch);
    const key = values.at(-1) ?? '';
    this.size++;
    this.#limits.count(values, 1);
    const series = returning ?? this.#options.create(key, branch);
    for (const reading of this.#readings) reading.remade?.add(series);
    if (returning === undefined) return setChild(branch, series);
    returning.branch = branch;
    returning.created = Math.floor(Date.now() / 1_000);
    this.#options.onReturn?.(returning);
    return setChild(branch, returning);
  }

  /** Values as they are stored; the same list where nothing changes. */
  #normalised(values: readonly string[]): readonly string[] {
    let changed: string[] | undefined;
    for (let index = 0; index < values.length; index++) {
      const value = values[index] ?? '';
      const stored = storedValue(value, this.#labels[index]);
      if (stored === value) continue;
      changed ??= [...values];
      changed[index] = stored;
    }
    return changed ?? values;
  }

  /** Tells of the values that a closed set does not hold. */
  #tellClosed(values: readonly string[]): void {
    for (const [index, label] of this.#labels.entries()) {
      const value = values[index] ?? '';
      if (label.values === undefined || value === otherValue) continue;
      if (storedValue(value, label) === otherValue)
        this.#options.onFold(this.labelNames[index] ?? '', undefined, value);
    }
  }

  #withinLimits(values: readonly string[]): readonly string[] {
    let changed: string[] | undefined;
    for (let index = 0; index < values.length; index++) {
      const value = values[index] ?? '';
      if (!this.#limits.isPast(index, value)) continue;
      changed ??= [...values];
      changed[index] = otherValue;
      this.#options.onFold(this.labelNames[index] ?? '', this.#labels[index]?.limit, value);
    }
    return changed ?? values;
  }

  /**
   * A series for values that no longer fit the budget: label after label becomes `other`, the most varied first, until
   * a series is found. Series with folded values may take a tenth on top of the budget, so that one offending label
   * does not take the others with it.
   */
  #folded(values: readonly string[]): S {
    const { maxSeries, onFold } = this.#options;
    if (values.length === 0) return this.#attach(values);
    this.#foldOrder ??= this.#labelsByVariety();
    const reserve = Math.max(16, Math.ceil(maxSeries / 10));
    const folded = [...values];
    for (let step = 0; step < this.#foldOrder.length; step++) {
      const index = this.#foldOrder[step] ?? 0;
      const value = folded[index] ?? '';
      // A label that is absent is not what grew.
      if (value === '') continue;
      if (value !== otherValue) {
        folded[index] = otherValue;
        onFold(this.labelNames[index] ?? '', maxSeries, value);
      }
      const found = this.#descend(folded);
      if (found !== undefined) return found;
      if (this.size < maxSeries + reserve || step === this.#foldOrder.length - 1) return this.#attach(folded);
    }
    return this.#attach(folded);
  }

  /** Labels by how many values they have now; closed sets last, they cannot be what grew. */
  #labelsByVariety(): readonly number[] {
    const distinct = this.#labels.map(() => new Set<string>());
    for (const series of this) {
      for (const [index, value] of this.valuesOf(series).entries()) distinct[index]?.add(value);
    }
    const weight = (index: number): number =>
      this.#labels[index]?.values === undefined ? (distinct[index]?.size ?? 0) : 0;
    return this.#labels.map((_, index) => index).sort((a, b) => weight(b) - weight(a));
  }
}
