/** What the four kinds of instrument share: series by label, collection at scrape, and prom-client's metric shape. */
import type { Aggregator, MetricDefinition, MetricType } from '../definition.js';
import { metricsError, shown } from '../errors.js';
import type { LabelValues } from '../label.js';
import { declaredDefinition } from '../views.js';
import type { Series } from './branch.js';
import type { FoldListener } from './folding.js';
import { MergedSeries } from './merged-series.js';
import type { BoundMethods, PromClientArgument, PromClientReading } from './prom-client-shape.js';
import { SeriesTree, type SeriesTreeOptions } from './series.js';

/** A function that brings an instrument up to date, run at each scrape, before its numbers are read. */
export type Collect<I> = (this: I, instrument: I) => void | Promise<void>;

/** What a registry gives the instruments it makes. */
export interface InstrumentContext {
  /** Read whenever a series is to be made: a budget that changes holds from then on. */
  readonly maxSeries: number;
  readonly onFold: (definition: MetricDefinition, ...fold: Parameters<FoldListener>) => void;
}

/** What a kind of instrument does with its series. */
export type SeriesKind<S extends Series> = Pick<SeriesTreeOptions<S>, 'create' | 'onRemove' | 'onReturn'>;

/** One number of a series, as prom-client's `get()` has it. */
export interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  /** Name of the part (`..._bucket`, `..._sum`, `..._count`) where it is not the metric's own. */
  readonly metricName?: string;
}

/** A metric with its numbers, as prom-client's `get()` has it. */
export interface MetricSnapshot {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly aggregator: Aggregator;
  readonly values: readonly Sample[];
}

/** Label values of a series with the absent ones left out, as samples carry them. */
export type SampleLabels = Record<string, string | number>;

/**
 * The shape prom-client's `Registry.registerMetric` takes, by composition: no prom-client class is extended, so any
 * version and any structural registry can hold an instrument.
 */
export abstract class Instrument<D extends MetricDefinition, S extends Series> {
  /** As it is exposed: a view may have changed its name, labels or buckets. */
  definition: D;
  readonly help: string;
  readonly type: D['type'];
  readonly aggregator: Aggregator;
  /** Labels of the series, without those that a view drops. */
  labelNames: readonly string[];
  /** The series of this instrument. For exposition and aggregation; recording goes through the methods. */
  series: SeriesTree<S>;
  /** Whether it is switched off: nothing is recorded, and nothing is exposed. */
  isOff = false;

  /** Given function -> the same, called on this instrument. */
  readonly #collectors = new Map<unknown, () => void | Promise<void>>();
  /** The name prom-client wrote before it reads; see `name`. */
  #writtenName: string | undefined;
  readonly #context: InstrumentContext;
  readonly #kind: SeriesKind<S>;

  constructor(definition: D, context: InstrumentContext, kind: SeriesKind<S>) {
    this.definition = definition;
    this.help = definition.help;
    this.type = definition.type;
    this.aggregator = definition.aggregator;
    this.#context = context;
    this.#kind = kind;
    this.series = this.#treeOf(definition);
    this.labelNames = this.series.labelNames;
  }

  /** The definition as code has it, whatever a view changes of it. */
  get declared(): D {
    return declaredDefinition(this.definition);
  }

  /**
   * Takes the definition that another view makes. Bound series stay usable.
   * @returns whether it is in force: not where labels change and something was recorded
   * @internal
   */
  redefine(definition: D): boolean {
    const hasSameLabels = String(Object.keys(definition.labels)) === String(this.labelNames);
    if (!hasSameLabels) {
      if (this.#isRecorded()) return false;
      const tree = this.#treeOf(definition);
      this.series.handOver(tree);
      this.series = tree;
      this.labelNames = tree.labelNames;
    }
    this.definition = definition;
    this.series.rename(definition.name);
    this.zeroBare();
    return true;
  }

  #isRecorded(): boolean {
    return this.samples().some(({ value }) => value !== 0 && !Number.isNaN(value));
  }

  #treeOf(definition: D): SeriesTree<S> {
    const context = this.#context;
    const options: SeriesTreeOptions<S> = {
      ...this.#kind,
      metric: definition.name,
      labels: definition.labels,
      get maxSeries() {
        return definition.maxSeries ?? context.maxSeries;
      },
      onFold: (label, budget, value) => context.onFold(this.definition, label, budget, value),
    };
    const declared = Object.keys(declaredDefinition(definition).labels);
    return declared.length === Object.keys(definition.labels).length
      ? new SeriesTree(options)
      : new MergedSeries(options, declared);
  }

  get name(): string {
    return this.definition.name;
  }

  /**
   * prom-client's OpenMetrics output writes a counter's name without `_total` and reads the metric at once. The written
   * name holds for that one reading; prom-client's own counters stay renamed for good.
   */
  set name(name: string) {
    this.#writtenName = name;
  }

  /**
   * The bound series of these label values: a counter's `inc` on it is one property add. It is made now, at 0, so that
   * it is exposed before the first recording.
   * @throws ERR_METRICS_UNKNOWN_LABEL, ERR_METRICS_INVALID_LABEL_VALUE
   */
  with(labels: LabelValues<D['labels']>): S {
    return this.series.find(labels);
  }

  /**
   * prom-client's way to a bound series: label values in declared order, or one label object. Its methods may be taken off:
   * `const { inc } = counter.labels('a')`. `with` checks the labels, and allocates nothing.
   */
  labels(...values: readonly (string | number | boolean)[]): BoundMethods<S, D['labels']>;
  labels(none: PromClientArgument<D['labels']>): BoundMethods<S, D['labels']>;
  labels(labels: Partial<LabelValues<D['labels']>>): BoundMethods<S, D['labels']>;
  labels(...values: readonly unknown[]): BoundMethods<S, D['labels']> {
    const [first] = values;
    return this.methodsOf(
      typeof first === 'object' && first !== null ? this.series.find({ ...first }) : this.series.at(values),
    );
  }

  /** Removes one series, named as in `labels`. What is not there is not an error. */
  remove(...values: readonly (string | number | boolean)[]): void;
  remove(none: PromClientArgument<D['labels']>): void;
  remove(labels: Partial<LabelValues<D['labels']>>): void;
  remove(...values: readonly unknown[]): void {
    const [first] = values;
    const series =
      typeof first === 'object' && first !== null
        ? this.series.peek({ ...first })
        : this.series.peekAt(values);
    if (series !== undefined) this.series.remove(series);
    this.zeroBare();
  }

  /**
   * Removes every series that has these label values, whatever its others: those of a tenant or a worker that is gone.
   * @returns how many
   * @throws ERR_METRICS_UNKNOWN_LABEL, ERR_METRICS_INVALID_LABEL_VALUE; ERR_METRICS_INVALID_OPTION without any label, which would
   *   be all of them: `reset` says so
   */
  removeWhere(labels: Partial<LabelValues<D['labels']>>): number {
    if (!isLabels(labels) || Object.keys(labels).length === 0) {
      throw metricsError(
        'ERR_METRICS_INVALID_OPTION',
        `Invalid labels of removeWhere on metric \`${this.name}\`: expected some of ${this.labelNames.join(', ') || 'no labels, since it has none'} with a value, received ${shown(labels)}. \`reset()\` removes all series.`,
      );
    }
    const gone = this.series.where({ ...labels });
    for (const series of gone) this.series.remove(series);
    this.zeroBare();
    return gone.length;
  }

  /** Removes all series; a metric without labels starts again at 0. Bound series stay usable. */
  reset(): void {
    this.series.clear();
    this.zeroBare();
  }

  /**
   * Drops all series and collect functions, since the instrument was removed from its registry.
   * @param onRecording called once, by the next recording, before it takes effect
   * @internal
   */
  forget(onRecording: () => void): void {
    this.series.forget(onRecording);
    this.#collectors.clear();
  }

  /** Starts again at 0, back in its registry. @internal */
  registeredAgain(): void {
    this.series.registeredAgain();
    this.zeroBare();
  }

  /** Adds a function that is run at each scrape; returns a function that takes it off again. */
  addCollect(collect: Collect<this>): () => void {
    if (typeof collect !== 'function') {
      throw metricsError(
        'ERR_METRICS_INVALID_COLLECTOR',
        `Invalid \`collect\` of metric \`${this.name}\`: expected a function, received ${shown(collect)}.`,
      );
    }
    this.#collectors.set(collect, () => collect.call(this, this));
    return () => {
      this.#collectors.delete(collect);
    };
  }

  /** Runs the collect functions, if any, and settles when all have. */
  collect(): void | Promise<void> {
    if (this.#collectors.size === 0) return;
    const pending: Promise<void>[] = [];
    for (const collect of this.#collectors.values()) {
      const result = collect();
      if (result !== undefined) pending.push(result);
    }
    if (pending.length > 0) return Promise.all(pending).then(() => undefined);
  }

  /** The metric with all its numbers, collected anew: prom-client's registries read it. */
  get(): Promise<MetricSnapshot>;
  get(): Promise<PromClientReading<D['labels']>>;
  get(): Promise<MetricSnapshot & PromClientReading<D['labels']>> {
    const name = this.#writtenName ?? this.name;
    this.#writtenName = undefined;
    return this.#snapshot(name) as Promise<MetricSnapshot & PromClientReading<D['labels']>>;
  }

  /** As `get()`; prom-client prefers it for text where it exists. */
  getForPromString(): Promise<MetricSnapshot> {
    return this.get();
  }

  /** The methods of a series, bound to it. */
  protected abstract methodsOf(series: S): BoundMethods<S, D['labels']>;

  /** The labels of a series with those that are given when a timer of it ends. */
  protected endLabels(series: S, labels: unknown): LabelValues<D['labels']> {
    return { ...this.#labelsOf(series), ...(labels as object) } as LabelValues<D['labels']>;
  }

  /** The numbers of one series, in output order. */
  protected abstract samplesOf(series: S, labels: SampleLabels): Sample[];

  /** Brings the one series of a metric without labels into being: such metrics start at 0. */
  protected zeroBare(): void {
    if (this.labelNames.length === 0 && !this.series.isForgotten) this.series.unlabelled();
  }

  /** All numbers as they stand: no collect function runs. */
  samples(): Sample[] {
    const values: Sample[] = [];
    for (const series of this.series) values.push(...this.samplesOf(series, this.#labelsOf(series)));
    return values;
  }

  async #snapshot(name: string): Promise<MetricSnapshot> {
    await this.collect();
    return { name, help: this.help, type: this.type, aggregator: this.aggregator, values: this.samples() };
  }

  #labelsOf(series: S): SampleLabels {
    const values = this.series.valuesOf(series);
    const labels: SampleLabels = {};
    for (const [index, name] of this.labelNames.entries()) {
      const value = values[index];
      if (value !== undefined && value !== '') labels[name] = value;
    }
    return labels;
  }
}

/** Whether the first argument of a recording call is a label object. */
export function isLabels(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
