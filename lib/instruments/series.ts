/**
 * The series of one metric, found by their label values: a tree with one level per label, never a concatenated key.
 *
 * A branch keeps an only child inline, without a Map: half the memory of nested Maps at the same speed. A hit costs one look-up
 * per label, allocates nothing and checks the label names on the way. Everything else (new, folded, in another order, not a
 * string) goes through {@link SeriesTree.resolve}, the only method that normalises values.
 *
 * Memory is bounded: past the series budget or the limit of a label, the offending value becomes `other`. Totals stay exact.
 */
import { type Label, otherValue } from '../label.js';
import {
  type Branch,
  childOf,
  newRoot,
  removedValues,
  Series,
  setChild,
  setRemoval,
  successorOf,
  type WideBranch,
} from './branch.js';
import { compiledFind, findsBeforeCompiling, type QuickFind } from './compiled-find.js';
import {
  type FoldingSeries,
  foldedSeries,
  labelsByVariety,
  reportUnknownValues,
  storedValues,
} from './folding.js';
import { LabelLimits } from './label-limits.js';
import { keyOf, labelTexts, valuesByName } from './label-values.js';
import { Readings } from './readings.js';
import type { SeriesTreeOptions } from './series-options.js';
import { branchFor, pathOf, prune, seriesAt, seriesBelow, seriesInAnyOrder } from './tree-paths.js';

export class SeriesTree<S extends Series> {
  readonly labelNames: readonly string[];
  size = 0;

  readonly #options: SeriesTreeOptions<S>;
  readonly #labels: readonly Label[];
  readonly #limits: LabelLimits;
  readonly #root: WideBranch;
  /** `find` compiled for the labels of this metric, after enough look-ups. */
  #quickFind: QuickFind<S> | undefined;
  #finds = 0;
  /** The series without label values, once it was needed. */
  #unlabelled: S | undefined;
  /** How values past the budget are folded; made when the budget is used up. */
  #folding: FoldingSeries<S> | undefined;
  /** @internal */
  readonly readings = new Readings<S>();
  /** Called when a removed metric is recorded on. */
  #onRecording: (() => void) | undefined;

  constructor(options: SeriesTreeOptions<S>) {
    this.#options = options;
    this.#root = newRoot(options.metric);
    options.onRoot?.(this.#root);
    this.labelNames = Object.keys(options.labels);
    this.#labels = Object.values(options.labels);
    this.#limits = new LabelLimits(this.#labels);
  }

  get metric(): string {
    return this.#root.key;
  }

  /** Renames the metric. Bound series stay valid. */
  rename(metric: string): void {
    this.#root.key = metric;
  }

  /**
   * The series of a label object, made if it does not exist.
   * @throws ERR_METRICS_UNKNOWN_LABEL, ERR_METRICS_INVALID_LABEL_VALUE, without making a series
   */
  find(labels: Readonly<Record<string, unknown>>): S {
    const quick = this.#quickFind;
    if (quick !== undefined) return quick(labels) ?? this.#findByOrder(labels);
    if (++this.#finds === findsBeforeCompiling)
      this.#quickFind = compiledFind(this.#root, this.labelNames, (values) => this.resolve(values));
    return this.#findByOrder(labels);
  }

  #findByOrder(labels: Readonly<Record<string, unknown>>): S {
    const names = this.labelNames;
    let node: Branch | Series = this.#root;
    let index = 0;
    // If the keys come in declared order, one pass over them finds the series and detects unknown labels.
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

  /** As `find`, for labels in another order or with some missing: a second pass counts the keys. */
  #findInAnyOrder(labels: Readonly<Record<string, unknown>>): S {
    return (
      seriesInAnyOrder<S>(this.#root, this.labelNames, labels) ??
      this.resolve(valuesByName(labels, this.labelNames, this.metric))
    );
  }

  /** The series of label values in declared order. */
  at(values: readonly unknown[]): S {
    let node: Branch | Series | undefined = this.#root;
    for (let index = 0; index < values.length && node !== undefined; index++) {
      const value: unknown = values[index];
      // A `Series` here means too many values, which `labelTexts` rejects.
      if (node instanceof Series || typeof value !== 'string') node = undefined;
      else node = childOf(node, value);
    }
    return node instanceof Series
      ? (node as S)
      : this.resolve(labelTexts(values, this.labelNames, this.metric));
  }

  /** The series without label values: the only one of a metric without labels. */
  unlabelled(): S {
    const unlabelled = this.#unlabelled;
    if (unlabelled?.branch !== undefined) return unlabelled;
    if (unlabelled !== undefined) return successorOf(unlabelled);
    const found = this.resolve(this.labelNames.map(() => ''));
    // A folded series, which replaces it while the budget is used up, must not be cached.
    if (this.valuesOf(found).every((value) => value === '')) this.#unlabelled = found;
    return found;
  }

  /** The series of a label object, or `undefined`; never makes one. */
  peek(labels: Readonly<Record<string, unknown>>): S | undefined {
    const values = valuesByName(labels, this.labelNames, this.metric);
    return seriesAt<S>(this.#root, storedValues(values, this.#labels));
  }

  /** The series of label values in declared order, or `undefined`; never makes one. */
  peekAt(values: readonly unknown[]): S | undefined {
    return seriesAt<S>(
      this.#root,
      storedValues(labelTexts(values, this.labelNames, this.metric), this.#labels),
    );
  }

  /** The series with these values of some labels; none for a value outside a closed set. */
  where(labels: Readonly<Record<string, unknown>>): S[] {
    const given = valuesByName(labels, this.labelNames, this.metric);
    const wanted = storedValues(given, this.#labels);
    if (wanted.some((value, index) => value === otherValue && given[index] !== otherValue)) return [];
    const isGiven = this.labelNames.map((name) => Object.hasOwn(labels, name));
    return [...this].filter((series) => {
      const values = this.valuesOf(series);
      return isGiven.every((given, index) => !given || values[index] === wanted[index]);
    });
  }

  /** Finds or makes the series of strings in declared order. Applies closed sets, limits and the budget. */
  resolve(values: readonly string[]): S {
    this.#announce();
    const wanted = storedValues(values, this.#labels);
    if (wanted !== values) reportUnknownValues(values, this.#labels, this.labelNames, this.#options.onFold);
    const found = seriesAt<S>(this.#root, wanted);
    if (found !== undefined) return found;
    const limited = this.#limits.apply(wanted, this.labelNames, this.#options.onFold);
    const existing = limited === wanted ? undefined : seriesAt<S>(this.#root, limited);
    if (existing !== undefined) return existing;
    return this.size < this.#options.maxSeries ? this.#attach(limited) : this.#folded(limited);
  }

  /** Label values of a series, in declared order. */
  valuesOf(series: Series): string[] {
    const removed = removedValues(series);
    if (removed !== undefined) return [...removed];
    return this.labelNames.length === 0 ? [] : pathOf(series);
  }

  /** Removes one series and its value. A bound series that is recorded on again starts from 0. */
  remove(series: S): void {
    const branch = series.branch;
    if (branch === undefined) return;
    const values = this.valuesOf(series);
    setRemoval(series, {
      metric: this.metric,
      values,
      successor: () => this.#addAgain(series, values),
    });
    this.#options.onRemove?.(series);
    series.branch = undefined;
    this.size--;
    this.#limits.count(values, -1);
    this.readings.noteRemoval();
    prune(branch, series.key);
    if (this.size < this.#options.maxSeries) this.#folding = undefined;
  }

  clear(): void {
    for (const series of [...this]) this.remove(series);
  }
  /** Removes all series of a removed metric. Calls back once, before the next series is made. */
  forget(onRecording: () => void): void {
    this.clear();
    this.#onRecording = onRecording;
  }

  /** Whether nothing has been recorded since the metric was removed. */
  get isForgotten(): boolean {
    return this.#onRecording !== undefined;
  }

  /** Notes that the removed metric is registered again. */
  registeredAgain(): void {
    this.#onRecording = undefined;
  }

  /** A series that is not part of the tree and is never exposed. */
  detached(): S {
    return this.#options.create('', newRoot(this.metric));
  }

  /** Moves every series to another tree: bound series record on their successors there. */
  handOver(successor: SeriesTree<S>): void {
    for (const series of [...this]) {
      const values = this.valuesOf(series);
      successor.at(values);
      this.remove(series);
      setRemoval(series, { metric: successor.metric, values, successor: () => successor.at(values) });
    }
  }

  /**
   * Iterates over all series, for a reader that awaits in between: no label values come twice, even if series are made again.
   */
  read(): IterableIterator<S> {
    return this.readings.read(this);
  }

  /** Iterates over all series, grouped by the value of the first label. The tree may change during the iteration. */
  [Symbol.iterator](): IterableIterator<S> {
    return seriesBelow(this.#root) as IterableIterator<S>;
  }

  /** Reports that a removed metric is recorded on. */
  #announce(): void {
    const onRecording = this.#onRecording;
    this.#onRecording = undefined;
    onRecording?.();
  }

  #addAgain(series: S, values: readonly string[]): S {
    this.#announce();
    const successor = seriesAt<S>(this.#root, values);
    if (successor !== undefined) return successor;
    const hasCapacity = this.size < this.#options.maxSeries;
    if (!hasCapacity || values.some((value, index) => this.#limits.isPast(index, value)))
      return this.resolve(values);
    setRemoval(series, undefined);
    return this.#attach(values, series);
  }

  #attach(values: readonly string[], returning?: S): S {
    const branch = branchFor(this.#root, values);
    const key = values.at(-1) ?? '';
    this.size++;
    this.#limits.count(values, 1);
    const series = returning ?? this.#options.create(key, branch);
    this.readings.noteAddition(series);
    if (returning === undefined) return setChild(branch, series);
    returning.branch = branch;
    returning.created = Math.floor(Date.now() / 1_000);
    this.#options.onReturn?.(returning);
    return setChild(branch, returning);
  }

  #folded(values: readonly string[]): S {
    const { maxSeries, onFold } = this.#options;
    this.#folding ??= {
      order: labelsByVariety(
        this.#labels,
        [...this].map((series) => this.valuesOf(series)),
      ),
      find: (folded) => seriesAt<S>(this.#root, folded),
      attach: (folded) => this.#attach(folded),
      onFold: (index, value) => onFold(this.labelNames[index] ?? '', this.#options.maxSeries, value),
    };
    return foldedSeries(values, this.#folding, this.size, maxSeries);
  }
}
