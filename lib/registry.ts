/// <reference path="./prom-client-registry.d.ts" />
/** The registry: instruments by definition, beside a plain prom-client registry that holds them and anyone's metrics. */
import type { Registry } from 'prom-client';
// Not all of prom-client, most of a service's start: whoever uses the rest gets it with this very registry in it.
import PrometheusRegistry from 'prom-client/lib/registry.js';
import type {
  CounterDefinition,
  GaugeDefinition,
  HistogramDefinition,
  LabelShape,
  MetricDefinition,
  SummaryDefinition,
} from './definition.js';
import { metricsError, shown } from './errors.js';
import { openMetricsFormat } from './exposition/open-metrics.js';
import { scrapeToString } from './exposition/scrape.js';
import { textFormat } from './exposition/text.js';
import { noteCollectFailure, noteRecordingFailure } from './failures.js';
import { countingFolds } from './folded-series.js';
import type { AnyInstrument } from './instruments/any-instrument.js';
import { Counter } from './instruments/counter.js';
import { Gauge } from './instruments/gauge.js';
import { Histogram } from './instruments/histogram.js';
import type { Collect, InstrumentContext } from './instruments/instrument.js';
import { Summary } from './instruments/summary.js';
import { emitWarning, type MetricsWarning, WarningsOnce } from './metrics-warning.js';
import { checkOptionNames } from './option-names.js';
import { processWide, recognizeCopies } from './process-wide.js';
import { RegisteredInstruments } from './registered-instruments.js';
import { checkEnabled, checkMaxSeries, checkPrometheus, checkType } from './registry-checks.js';
import type { InstrumentOptions, MetricsRegistryOptions, MetricsTextOptions } from './registry-options.js';
import { RegistryViews } from './registry-views.js';
import type { StructuralRegistry } from './structural-registry.js';
import type { MetricViews } from './views.js';

export { type AnyInstrument, isInstrument } from './instruments/any-instrument.js';
export type { MetricsWarning } from './metrics-warning.js';
export type { InstrumentOptions, MetricsRegistryOptions, MetricsTextOptions } from './registry-options.js';
export type { StructuralRegistry } from './structural-registry.js';

/** Any of our registries, whatever holds its instruments. */
export type AnyRegistry = MetricsRegistry<StructuralRegistry>;

const formats = { text: textFormat, openmetrics: openMetricsFormat };

/** Makes the instrument of a definition, which a view may have changed. */
type Maker<I> = (viewed: MetricDefinition, context: InstrumentContext) => I;

/** Series a metric may have where nothing says otherwise. */
export const defaultMaxSeries = 1000;

/**
 * Makes instruments and keeps them by name. The same definition twice gives the same instrument. Two registries never
 * share state.
 */
export class MetricsRegistry<R extends StructuralRegistry = Registry> {
  /** The registry that holds the instruments, and anyone's own metrics: prom-client's functions work on it. */
  readonly prometheus: R;

  #maxSeries: number;
  readonly #warnings: WarningsOnce;
  readonly #registered: RegisteredInstruments;
  readonly #views: RegistryViews;
  readonly #listeners = new Set<(instrument: AnyInstrument) => void>();

  constructor(options: MetricsRegistryOptions<R> = {}) {
    checkOptionNames('MetricsRegistry', options, {
      prometheus: true,
      maxSeries: true,
      onWarning: true,
      views: true,
      enabled: true,
    });
    const {
      prometheus,
      maxSeries = defaultMaxSeries,
      onWarning = emitWarning,
      views,
      enabled = true,
    } = options;
    checkMaxSeries(maxSeries);
    checkEnabled(enabled);
    checkPrometheus(prometheus);
    // Without the option, R is its default.
    this.prometheus = prometheus ?? (new PrometheusRegistry() as StructuralRegistry as R);
    this.#registered = new RegisteredInstruments(this.prometheus, {
      onRegister: (instrument) => this.#prepare(instrument),
      onLostRecording: ({ name }, error) => this.recordingFailed(name, 'removed', error),
    });
    this.#maxSeries = maxSeries;
    this.#warnings = new WarningsOnce(onWarning);
    this.#views = new RegistryViews(this.#registered);
    if (views !== undefined) this.setViews(views);
    if (!enabled) this.disable();
  }

  /**
   * The counter of a definition, made where there is none.
   * @throws ERR_METRICS_DEFINITION_CONFLICT when the name, or a name that comes out with it, is taken by another
   */
  counter<L extends LabelShape>(
    definition: CounterDefinition<L>,
    options?: InstrumentOptions<Counter<L>>,
  ): Counter<L> {
    return this.#instrument(
      'counter',
      definition,
      options,
      (viewed, context) => new Counter(viewed as CounterDefinition<L>, context),
    );
  }

  /** The gauge of a definition, made where there is none. Throws as `counter` does. */
  gauge<L extends LabelShape>(
    definition: GaugeDefinition<L>,
    options?: InstrumentOptions<Gauge<L>>,
  ): Gauge<L> {
    return this.#instrument(
      'gauge',
      definition,
      options,
      (viewed, context) => new Gauge(viewed as GaugeDefinition<L>, context),
    );
  }

  /** The histogram of a definition, made where there is none. Throws as `counter` does. */
  histogram<L extends LabelShape>(
    definition: HistogramDefinition<L>,
    options?: InstrumentOptions<Histogram<L>>,
  ): Histogram<L> {
    return this.#instrument(
      'histogram',
      definition,
      options,
      (viewed, context) => new Histogram(viewed as HistogramDefinition<L>, context),
    );
  }

  /** The summary of a definition, made where there is none. Throws as `counter` does. */
  summary<L extends LabelShape>(
    definition: SummaryDefinition<L>,
    options?: InstrumentOptions<Summary<L>>,
  ): Summary<L> {
    return this.#instrument(
      'summary',
      definition,
      options,
      (viewed, context) => new Summary(viewed as SummaryDefinition<L>, context),
    );
  }

  /** The instrument of a definition, whatever its type. Throws as `counter` does. */
  instrument(definition: MetricDefinition): AnyInstrument {
    switch (definition.type) {
      case 'counter':
        return this.counter(definition);
      case 'gauge':
        return this.gauge(definition);
      case 'histogram':
        return this.histogram(definition);
      case 'summary':
        return this.summary(definition);
    }
  }

  /** Throws as `counter` would where the definition cannot be registered, and registers nothing. @internal */
  checkConflict(definition: MetricDefinition): void {
    if (!this.#views.isOff(definition)) this.#registered.check(this.#views.viewed(definition));
  }

  /**
   * Changes how metrics are exposed, by the names of their definitions: those that are made from now on, and those that are there.
   * Of several views of one metric the last one counts. Other libraries' metrics have no views.
   * @throws ERR_METRICS_INVALID_VIEW for a view that does not fit its metric, that comes after recordings which it would lose, or that
   *   switches a metric on again; ERR_METRICS_INVALID_OPTION for an unknown setting; ERR_METRICS_INVALID_NAME;
   *   ERR_METRICS_INVALID_BUCKETS; ERR_METRICS_DEFINITION_CONFLICT for a name that is taken. Nothing is changed then. A view of a metric
   *   that is made later is checked then, by `counter` and its like.
   * @example
   * registry.setViews({ http_server_request_duration_seconds: { dropLabels: ['route'] }, queue_depth: { enabled: false } });
   */
  setViews(views: MetricViews): void {
    this.#views.add(views);
  }

  /** Whether anything is recorded in it. */
  get isEnabled(): boolean {
    return this.#views.isEnabled;
  }

  /**
   * Switches every instrument off, those that are there and those to come, for good: nothing is recorded or exposed any more,
   * and a recording costs next to nothing. Numbers that were recorded are gone. Other libraries' metrics are left alone.
   */
  disable(): void {
    this.#views.disable();
  }

  /** Warns of views that no metric has. `known` are names of metrics that may still be made. @internal */
  warnOfUnusedViews(known: readonly string[]): void {
    this.#views.warnOfUnused(known, (key, warning) => this.warnOnce(key, warning));
  }

  /**
   * Changes the series budget of metrics whose definition has none of its own, from now on: series that are there stay.
   * @throws ERR_METRICS_INVALID_OPTION for anything but a positive integer
   */
  setMaxSeries(maxSeries: number): void {
    checkMaxSeries(maxSeries);
    this.#maxSeries = maxSeries;
  }

  /**
   * Gives histograms other buckets than their definitions have, from now on, by name.
   * @throws ERR_METRICS_INVALID_BUCKETS for bounds that do not ascend; ERR_METRICS_INVALID_OPTION for a histogram that has
   *   observations in other buckets. Nothing more is changed then.
   */
  setBuckets(buckets: ReadonlyMap<string, readonly number[]>): void {
    this.#views.setBuckets(buckets);
  }

  /** The instrument whose definition has a name, if there is one, whatever a view changes of it. */
  get(name: string): AnyInstrument | undefined {
    return this.#views.declared(name);
  }

  /** All instruments that are exposed, in the order in which they were made. */
  instruments(): AnyInstrument[] {
    return this.#registered.all();
  }

  /**
   * Tells of every instrument that is made from now on, or comes back after its removal, before its maker has it. The listener must not throw.
   * @returns a function that ends it
   * @internal
   */
  onInstrument(listener: (instrument: AnyInstrument) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /**
   * Everything that the registry holds, other libraries' metrics too, as Prometheus reads it. What `metricsRouter` serves, for
   * servers of another kind.
   * @throws ERR_METRICS_INVALID_OPTION for an unknown format
   * @example
   * response.setHeader('Content-Type', registry.contentType);
   * response.end(await registry.metrics());
   */
  async metrics(options: MetricsTextOptions = {}): Promise<string> {
    checkOptionNames('MetricsRegistry.metrics', options, { format: true });
    const { format = this.#format() } = options;
    if (Object.hasOwn(formats, format)) return scrapeToString(this, { format: formats[format] });
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`format\` of \`metrics\`: expected ${Object.keys(formats).join(' or ')}, received ${shown(format)}.`,
    );
  }

  /** The content type of `metrics()`: text 0.0.4, or OpenMetrics where `prometheus.setContentType` chose it. */
  get contentType(): string {
    return formats[this.#format()].contentType;
  }

  /**
   * Removes a metric, ours or another library's. Its name is free and its numbers and collect functions are gone. An
   * instrument that is recorded on afterwards, bound or by a decorator, comes back from 0, unless its name is taken by then.
   * @returns whether it was there
   */
  remove(name: string): boolean {
    const exposed = this.get(name)?.name ?? name;
    const isThere = this.prometheus.getSingleMetric(exposed) !== undefined;
    this.prometheus.removeSingleMetric(exposed);
    this.#registered.forgetRemoved();
    return isThere;
  }

  /** Removes every metric, ours and other libraries', as `remove` does. */
  clear(): void {
    if (this.prometheus.clear !== undefined) this.prometheus.clear();
    else {
      for (const { name } of this.prometheus.getMetricsAsArray() as readonly { name: string }[])
        this.prometheus.removeSingleMetric(name);
    }
    this.#registered.forgetRemoved();
  }

  /** Sets every instrument back to its beginning. Bound series stay usable; foreign metrics are left alone. */
  reset(): void {
    for (const instrument of this.#registered.all()) instrument.reset();
  }

  /**
   * Takes note of a recording that failed where no caller can be told: counts it in `metrics_recording_errors_total`
   * and warns once for each metric and reason. Never throws.
   * @internal
   */
  recordingFailed(metric: string, reason: string, error: unknown): void {
    noteRecordingFailure(this, metric, reason, error);
  }

  /** Takes note of a collect function that failed at a scrape, in `metrics_collector_errors_total`. Never throws. @internal */
  collectFailed(metric: string, error: unknown): void {
    noteCollectFailure(this, metric, error);
  }

  /**
   * Tells of a warning unless one of this key has been told. Never throws.
   * @param key bounded in number: keys are kept, so they hold names of metrics, labels and targets, never values
   * @param warning asked only where it is told
   * @internal
   */
  warnOnce(key: string, warning: () => MetricsWarning): void {
    this.#warnings.warn(key, warning);
  }

  /**
   * Gets or makes. `I` is the precise type of the caller's instrument; inside they are all kept as `AnyInstrument`,
   * whose label types are wider than any caller's.
   */
  #instrument<I>(
    type: MetricDefinition['type'],
    definition: MetricDefinition,
    options: InstrumentOptions<I> | undefined,
    make: Maker<I>,
  ): I {
    checkType(type, definition);
    if (options !== undefined) checkOptionNames(`${type} \`${definition.name}\``, options, { collect: true });
    const instrument = this.#views.isOff(definition)
      ? this.#views.silent(definition, () => this.#made(definition, make))
      : this.#exposed(this.#views.viewed(definition), make);
    if (options?.collect !== undefined) instrument.addCollect(options.collect as Collect<unknown>);
    return instrument as I;
  }

  #exposed<I>(definition: MetricDefinition, make: Maker<I>): AnyInstrument {
    return this.#registered.find(definition) ?? this.#registered.add(this.#made(definition, make));
  }

  #made<I>(definition: MetricDefinition, make: Maker<I>): AnyInstrument {
    const budget = (): number => this.#maxSeries;
    return make(definition, {
      get maxSeries() {
        return budget();
      },
      onFold: countingFolds(this),
    }) as AnyInstrument;
  }

  #prepare(instrument: AnyInstrument): void {
    this.#views.applyBuckets(instrument);
    for (const listener of this.#listeners) listener(instrument);
  }

  /** That of the prom-client registry, where it says one. */
  #format(): keyof typeof formats {
    return Reflect.get(this.prometheus, 'contentType') === openMetricsFormat.contentType
      ? 'openmetrics'
      : 'text';
  }
}

recognizeCopies(MetricsRegistry, 'MetricsRegistry');

/**
 * The registry that everything uses by default. Its `prometheus` is prom-client's own default registry, so metrics made
 * with prom-client without a registry, and `collectDefaultMetrics()`, come out beside ours.
 */
export const sharedRegistry: MetricsRegistry = processWide(
  'sharedRegistry',
  () => new MetricsRegistry({ prometheus: PrometheusRegistry.globalRegistry }),
);
