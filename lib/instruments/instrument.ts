/** The base of all instruments: series by label, collection at scrape, and the shape of a prom-client metric. */
import type { Aggregator, MetricDefinition, MetricType } from '../definition.js';
import { metricsError, shown } from '../errors.js';
import type { LabelValues } from '../label.js';
import { declaredDefinition } from '../views.js';
import type { Series } from './branch.js';
import { type ExemplarSettings, type SampleExemplar, setExemplarSettings } from './exemplars.js';
import type { FoldListener } from './folding.js';
import { MergedSeries } from './merged-series.js';
import type { NativeBuckets } from './native-buckets.js';
import type { BoundMethods, PromClientArgument, PromClientReading } from './prom-client-shape.js';
import { SeriesTree } from './series.js';
import type { SeriesTreeOptions } from './series-options.js';

/** A function that updates an instrument at each scrape, before it is read. Named as in prom-client. */
export type CollectFunction<I> = (this: I, instrument: I) => void | Promise<void>;

/** What an instrument needs of its registry. */
export interface InstrumentContext {
  /** Read for each new series, so that the budget can change. */
  readonly maxSeries: number;
  /** Makes the listener of one instrument. */
  readonly newFolds: () => (definition: MetricDefinition, ...fold: Parameters<FoldListener>) => void;
  readonly exemplars: ExemplarSettings;
}

/** How a type of instrument makes and removes its series. */
export type SeriesKind<S extends Series> = Pick<SeriesTreeOptions<S>, 'create' | 'onRemove' | 'onReturn'>;

/** One value of a series, in the shape of prom-client's `get()`. */
export interface Sample {
  /** A number in the unit of the metric. */
  readonly value: number;
  /** Label values by name, without absent labels. A bucket has `le`, a quantile has `quantile`. */
  readonly labels: Readonly<Record<string, string | number>>;
  /** Name of the sample (`..._bucket`, `..._sum`, `..._count`) if it differs from that of the metric. */
  readonly metricName?: string;
  /** The native buckets of the series, with the count of a native histogram. */
  readonly native?: NativeBuckets;
  /** Of a counter or a bucket, if it has one. */
  readonly exemplar?: SampleExemplar;
}

/** A metric with its values, in the shape of prom-client's `get()`. */
export interface MetricSnapshot extends Pick<MetricDefinition, 'name' | 'help' | 'aggregator'> {
  /** `counter`, `gauge`, `histogram` or `summary`. */
  readonly type: MetricType;
  /** The samples of all series, in the order of the output. */
  readonly values: readonly Sample[];
}

/** The label values of a series, without absent labels. */
export type SampleLabels = Record<string, string | number>;

/**
 * The common base of `Counter`, `Gauge`, `Histogram` and `Summary`. It has the shape that prom-client's `Registry.registerMetric`
 * takes but extends no class of prom-client, so a registry of any version, or of a compatible library, can hold it.
 */
export abstract class Instrument<D extends MetricDefinition, S extends Series> {
  /** The exposed definition: a view may have changed its name, labels or buckets. */
  definition: D;
  /** Help text of the metric. */
  readonly help: string;
  /** `counter`, `gauge`, `histogram` or `summary`. */
  readonly type: D['type'];
  /** How the values of several processes are aggregated. */
  readonly aggregator: Aggregator;
  /** The labels of the series, without those that a view drops. */
  labelNames: readonly string[];
  /** The series, for exposition and aggregation; record with the methods. @internal */
  series: SeriesTree<S>;
  /** Whether it is switched off: nothing is recorded or exposed. */
  isOff = false;

  /** By the given function: the same function, bound to this instrument. */
  readonly #collectors = new Map<unknown, () => void | Promise<void>>();
  /** The name prom-client wrote before it reads; see `name`. */
  #writtenName: string | undefined;
  readonly #context: InstrumentContext;
  readonly #kind: SeriesKind<S>;

  /** @internal */
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

  /** The declared definition, without the changes of a view. */
  get declared(): D {
    return declaredDefinition(this.definition);
  }

  /**
   * Replaces the exposed definition. Bound series stay usable. @internal
   * @returns `false`, and nothing is changed, if the labels differ and something was recorded
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
    const onFold = context.newFolds();
    const options: SeriesTreeOptions<S> = {
      ...this.#kind,
      onRoot: (root) => setExemplarSettings(root, context.exemplars),
      metric: definition.name,
      labels: definition.labels,
      get maxSeries() {
        return definition.maxSeries ?? context.maxSeries;
      },
      onFold: (label, budget, value) => onFold(this.definition, label, budget, value),
    };
    const declared = Object.keys(declaredDefinition(definition).labels);
    return declared.length === Object.keys(definition.labels).length
      ? new SeriesTree(options)
      : new MergedSeries(options, declared);
  }

  /**
   * Exposed name of the metric. prom-client's OpenMetrics output sets the name of a counter without `_total` and then reads the
   * metric. That name applies to the next `get()` only, whereas prom-client's own counters stay renamed.
   */
  get name(): string {
    return this.definition.name;
  }

  set name(name: string) {
    this.#writtenName = name;
  }

  /**
   * The bound series of these label values, for hot paths: a recording on it needs no look-up. The series is made immediately, at
   * 0, so that it is exposed before the first recording.
   * @throws ERR_METRICS_UNKNOWN_LABEL, ERR_METRICS_INVALID_LABEL_VALUE
   */
  with(labels: LabelValues<D['labels']>): S {
    return this.series.find(labels);
  }

  /**
   * The bound series as in prom-client: by label values in declared order, or by one label object. Its methods may be detached:
   * `const { inc } = counter.labels('a')`. Prefer `with`, which checks the types of the labels and allocates nothing.
   */
  labels(...values: readonly (string | number | boolean)[]): BoundMethods<S, D['labels']>;
  labels(none: PromClientArgument<D['labels']>): BoundMethods<S, D['labels']>;
  /** The bound series of one label object. */
  labels(labels: Partial<LabelValues<D['labels']>>): BoundMethods<S, D['labels']>;
  labels(...values: readonly unknown[]): BoundMethods<S, D['labels']> {
    const [first] = values;
    return this.methodsOf(
      typeof first === 'object' && first !== null ? this.series.find({ ...first }) : this.series.at(values),
    );
  }

  /** Removes one series, identified as in `labels`. Does nothing if it does not exist. */
  remove(...values: readonly (string | number | boolean)[]): void;
  remove(none: PromClientArgument<D['labels']>): void;
  /** Removes the series of one label object. */
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
   * Removes every series with these values of some labels, for example those of a deleted tenant.
   * @returns the number of removed series
   * @throws ERR_METRICS_UNKNOWN_LABEL, ERR_METRICS_INVALID_LABEL_VALUE; ERR_METRICS_INVALID_OPTION without any label
   */
  removeWhere(labels: Partial<LabelValues<D['labels']>>): number {
    if (typeof labels !== 'object' || labels === null || Object.keys(labels).length === 0) {
      throw metricsError(
        'ERR_METRICS_INVALID_OPTION',
        `Invalid labels of removeWhere on metric \`${this.name}\`: expected some of ${this.labelNames.join(', ') || 'no labels, since it has none'} with a value, received ${shown(labels)}. \`reset()\` removes all series.`,
      );
    }
    const matching = this.series.where({ ...labels });
    for (const series of matching) this.series.remove(series);
    this.zeroBare();
    return matching.length;
  }

  /** Removes all series; a metric without labels restarts at 0. Bound series stay usable. */
  reset(): void {
    this.series.clear();
    this.zeroBare();
  }

  /**
   * Drops all series and collect functions, since the instrument was removed from its registry. @internal
   * @param onRecording called once, by the next recording, before it takes effect
   */
  forget(onRecording: () => void): void {
    this.series.forget(onRecording);
    this.#collectors.clear();
  }

  /** Notes that it is registered again, and restarts at 0. @internal */
  registeredAgain(): void {
    this.series.registeredAgain();
    this.zeroBare();
  }

  /** Adds a function that updates the instrument at each scrape. @returns a function that removes it @throws ERR_METRICS_INVALID_COLLECTOR */
  addCollect(collect: CollectFunction<this>): () => void {
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

  /** Runs the collect functions, and resolves when all have settled. */
  collect(): void | Promise<void> {
    if (this.#collectors.size === 0) return;
    const results = [...this.#collectors.values()].map((collect) => collect());
    const pending = results.filter((result) => result !== undefined);
    if (pending.length > 0) return Promise.all(pending).then(() => undefined);
  }

  /** Collects and returns the metric with all its values, as prom-client's registries read it. */
  get(): Promise<MetricSnapshot>;
  get(): Promise<PromClientReading<D['labels']>>;
  async get(): Promise<MetricSnapshot & PromClientReading<D['labels']>> {
    const name = this.#writtenName ?? this.name;
    this.#writtenName = undefined;
    await this.collect();
    const { help, type, aggregator } = this;
    const snapshot: MetricSnapshot = { name, help, type, aggregator, values: this.samples() };
    return snapshot as MetricSnapshot & PromClientReading<D['labels']>;
  }

  /** As `get()`; prom-client prefers this method for text. */
  getForPromString(): Promise<MetricSnapshot> {
    return this.get();
  }

  /** The methods of a series, bound to it. @internal */
  protected abstract methodsOf(series: S): BoundMethods<S, D['labels']>;

  /** The labels of a series, overridden by those given at the end of a timer. @internal */
  protected endLabels(series: S, labels: unknown): LabelValues<D['labels']> {
    return { ...this.#labelsOf(series), ...(labels as object) } as LabelValues<D['labels']>;
  }

  /** The samples of one series, in output order. @internal */
  protected abstract samplesOf(series: S, labels: SampleLabels): Sample[];

  /** Makes the only series of a metric without labels, which starts at 0. @internal */
  protected zeroBare(): void {
    if (this.labelNames.length === 0 && !this.series.isForgotten) this.series.unlabelled();
  }

  /** All samples, without running the collect functions. */
  samples(): Sample[] {
    return [...this.series].flatMap((series) => this.samplesOf(series, this.#labelsOf(series)));
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
