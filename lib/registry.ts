/// <reference path="./prom-client-registry.d.ts" />
/** The registry: instruments by definition, inside a plain prom-client registry that can also hold other metrics. */
import type { Registry } from 'prom-client';
// Only this file of prom-client, for a fast start: the whole of prom-client uses the same Registry class.
import PrometheusRegistry from 'prom-client/lib/registry.js';
import type {
  CounterDefinition,
  GaugeDefinition,
  HistogramDefinition,
  MetricDefinition,
  SummaryDefinition,
} from './definition.js';
import { changeExemplars, type ExemplarOptions, exemplarSettings } from './exemplar-options.js';
import { noteCollectFailure, noteRecordingFailure } from './failures.js';
import { countingFolds } from './folded-series.js';
import { type AnyInstrument, makeInstrument } from './instruments/any-instrument.js';
import type { Counter } from './instruments/counter.js';
import type { Gauge } from './instruments/gauge.js';
import type { Histogram } from './instruments/histogram.js';
import type { CollectFunction, InstrumentContext } from './instruments/instrument.js';
import type { Summary } from './instruments/summary.js';
import type { LabelShape } from './label.js';
import { emitWarning, type MetricsWarning, WarningsOnce } from './metrics-warning.js';
import type { NativeHistogramOptions } from './native-histogram.js';
import { checkOptionNames } from './option-names.js';
import { processWide, recognizeCopies } from './process-wide.js';
import { RegisteredInstruments } from './registered-instruments.js';
import { checkMaxSeries, checkRegistryOptions, checkType } from './registry-checks.js';
import {
  defaultMaxSeries,
  type InstrumentOptions,
  type MetricsRegistryOptions,
  type MetricsTextOptions,
} from './registry-options.js';
import { contentTypeOf, registryText } from './registry-text.js';
import { RegistryViews } from './registry-views.js';
import type { StructuralRegistry } from './structural-registry.js';
import type { MetricViews } from './views.js';

/** A `MetricsRegistry` over any prom-client-like registry. */
export type AnyRegistry = MetricsRegistry<StructuralRegistry>;

/**
 * Makes instruments from definitions and keeps them by name. A definition always gives the same instrument.
 * @typeParam R the type of the wrapped registry; prom-client's `Registry` by default
 * @example
 * const registry = new MetricsRegistry({ maxSeries: 500 });
 * const processed = registry.counter(issuesProcessed);
 * processed.inc({ provider: 'anthropic', outcome: 'success' });
 * response.end(await registry.metrics());
 * @see https://prometheus.io/docs/instrumenting/writing_clientlibs/#overall-structure
 */
export class MetricsRegistry<R extends StructuralRegistry = Registry> {
  /** The wrapped registry, which holds the instruments and may hold other metrics. All functions of prom-client work on it. */
  readonly prometheus: R;

  /** What the instruments read, also later changes of it. */
  readonly #context: InstrumentContext & { maxSeries: number };
  readonly #warnings: WarningsOnce;
  readonly #registered: RegisteredInstruments;
  readonly #views: RegistryViews;
  readonly #listeners = new Set<(instrument: AnyInstrument) => void>();

  /** @throws ERR_METRICS_INVALID_OPTION for an unknown or invalid option; as {@link MetricsRegistry.setViews} for views */
  constructor(options: MetricsRegistryOptions<R> = {}) {
    checkRegistryOptions(options);
    const { prometheus, maxSeries = defaultMaxSeries, onWarning = emitWarning, views, exemplars } = options;
    // Without the option, R is its default.
    this.prometheus = prometheus ?? (new PrometheusRegistry() as StructuralRegistry as R);
    this.#registered = new RegisteredInstruments(this.prometheus, {
      onRegister: (instrument) => {
        this.#views.applyBuckets(instrument);
        for (const listener of this.#listeners) listener(instrument);
      },
      onLostRecording: ({ name }, error) => this.recordingFailed(name, 'removed', error),
    });
    this.#context = { maxSeries, newFolds: () => countingFolds(this), exemplars: exemplarSettings(this) };
    this.#warnings = new WarningsOnce(onWarning);
    if (exemplars !== undefined) this.setExemplars(exemplars);
    this.#views = new RegistryViews(this.#registered);
    if (views !== undefined) this.setViews(views);
    if (options.enabled === false) this.disable();
  }

  /**
   * The counter of a definition, made if it does not exist.
   * @throws ERR_METRICS_DEFINITION_CONFLICT if the name, or an exposed name such as `x_sum`, is taken by another metric;
   *   ERR_METRICS_WRONG_TYPE, ERR_METRICS_INVALID_COLLECTOR; ERR_METRICS_INVALID_VIEW if its view does not fit
   */
  counter<L extends LabelShape>(
    definition: CounterDefinition<L>,
    options?: InstrumentOptions<Counter<L>>,
  ): Counter<L> {
    return this.#instrument('counter', definition, options);
  }

  /** The gauge of a definition, made if it does not exist. @throws as {@link MetricsRegistry.counter} does */
  gauge<L extends LabelShape>(
    definition: GaugeDefinition<L>,
    options?: InstrumentOptions<Gauge<L>>,
  ): Gauge<L> {
    return this.#instrument('gauge', definition, options);
  }

  /** The histogram of a definition, made if it does not exist. @throws as {@link MetricsRegistry.counter} does */
  histogram<L extends LabelShape>(
    definition: HistogramDefinition<L>,
    options?: InstrumentOptions<Histogram<L>>,
  ): Histogram<L> {
    return this.#instrument('histogram', definition, options);
  }

  /** The summary of a definition, made if it does not exist. @throws as {@link MetricsRegistry.counter} does */
  summary<L extends LabelShape>(
    definition: SummaryDefinition<L>,
    options?: InstrumentOptions<Summary<L>>,
  ): Summary<L> {
    return this.#instrument('summary', definition, options);
  }

  /** The instrument of a definition of any type. @throws as {@link MetricsRegistry.counter} does */
  instrument(definition: MetricDefinition): AnyInstrument {
    return this.#instrument(definition.type, definition, undefined);
  }

  /** Throws as `counter` would, but registers nothing. @internal */
  checkConflict(definition: MetricDefinition): void {
    if (!this.#views.isOff(definition)) this.#registered.check(this.#views.viewed(definition));
  }

  /**
   * Changes how metrics are exposed, by the names of their definitions. It applies to existing and future instruments; the last
   * view of a metric wins. Metrics of other libraries have no views. If it throws, nothing is changed.
   * @throws ERR_METRICS_INVALID_VIEW for a view that does not fit its metric, that would lose recorded values, or that switches
   *   a metric on again; ERR_METRICS_INVALID_OPTION for an unknown setting; ERR_METRICS_INVALID_NAME;
   *   ERR_METRICS_INVALID_BUCKETS; ERR_METRICS_DEFINITION_CONFLICT for a name that is taken. A view of a metric that does not
   *   exist yet is checked when the instrument is made.
   * @example
   * registry.setViews({ http_server_request_duration_seconds: { dropLabels: ['route'] }, queue_depth: { enabled: false } });
   */
  setViews(views: MetricViews): void {
    this.#views.add(views);
  }

  /** `false` after {@link MetricsRegistry.disable}. */
  get isEnabled(): boolean {
    return this.#views.isEnabled;
  }

  /**
   * Permanently switches off all existing and future instruments: nothing is recorded or exposed. Recorded values are lost.
   */
  disable(): void {
    this.#views.disable();
  }

  /** Warns of views without a metric. @param known names of metrics that may still be made @internal */
  warnOfUnusedViews(known: readonly string[]): void {
    this.#views.warnOfUnused(known, (key, warning) => this.warnOnce(key, warning));
  }

  /**
   * Changes the series budget of metrics without a `maxSeries` of their own. Existing series stay.
   * @throws ERR_METRICS_INVALID_OPTION unless it is a positive integer
   */
  setMaxSeries(maxSeries: number): void {
    checkMaxSeries(maxSeries);
    this.#context.maxSeries = maxSeries;
  }

  /** Switches exemplars on or off, or selects the labels of `withLabels` that they get. @throws ERR_METRICS_INVALID_OPTION */
  setExemplars(exemplars: boolean | ExemplarOptions): void {
    changeExemplars(this.#context.exemplars, exemplars);
  }

  /**
   * Replaces the buckets of histograms, by name. A view with `buckets` takes precedence.
   * @throws ERR_METRICS_INVALID_BUCKETS for bounds that are not ascending; ERR_METRICS_INVALID_OPTION for a histogram that has
   *   observations in other buckets. The entries after the invalid one are not applied.
   */
  setBuckets(buckets: ReadonlyMap<string, readonly number[]>): void {
    this.#views.setBuckets(buckets);
  }

  /** Adds native buckets to histograms, by name. @throws ERR_METRICS_INVALID_DEFINITION; ERR_METRICS_INVALID_OPTION after observations */
  setNativeHistograms(histograms: ReadonlyMap<string, NativeHistogramOptions>): void {
    this.#views.setNativeHistograms(histograms);
  }

  /** The instrument by the name in its definition, which a view may have renamed; `undefined` if there is none. */
  get(name: string): AnyInstrument | undefined {
    return this.#views.declared(name);
  }

  /** All exposed instruments, in the order of their registration. */
  instruments(): AnyInstrument[] {
    return this.#registered.all();
  }

  /**
   * Calls a listener with every instrument that is registered from now on, also again after a removal. It must not throw.
   * @returns a function that removes the listener
   * @internal
   */
  onInstrument(listener: (instrument: AnyInstrument) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /**
   * All metrics of the registry, those of other libraries included, in an exposition format of Prometheus: the response of
   * `metricsRouter`, for other servers.
   * @throws ERR_METRICS_INVALID_OPTION for an unknown format
   * @see https://prometheus.io/docs/instrumenting/exposition_formats/
   * @example
   * response.setHeader('Content-Type', registry.contentType);
   * response.end(await registry.metrics());
   */
  async metrics(options: MetricsTextOptions = {}): Promise<string> {
    return registryText(this, options);
  }

  /** The content type of `metrics()`: text 0.0.4, or OpenMetrics if `prometheus.setContentType` selected it. */
  get contentType(): string {
    return contentTypeOf(this.prometheus);
  }

  /**
   * Removes a metric, also one of another library. Its name becomes free; its values and collect functions are lost. An
   * instrument that is recorded on afterwards is registered again and starts from 0, unless its name has been taken.
   * @returns whether the metric existed
   */
  remove(name: string): boolean {
    return this.#registered.remove(this.get(name)?.name ?? name);
  }

  /** Removes every metric as {@link MetricsRegistry.remove} does, those of other libraries included. */
  clear(): void {
    this.#registered.clear();
  }

  /** Resets every instrument to its initial state. Bound series stay usable; third-party metrics are not affected. */
  reset(): void {
    for (const instrument of this.#registered.all()) instrument.reset();
  }

  /**
   * Counts a failed recording in `metrics_recording_errors_total`, and warns once per metric and reason. Never throws.
   * @internal
   */
  recordingFailed(metric: string, reason: string, error: unknown): void {
    noteRecordingFailure(this, metric, reason, error);
  }

  /** Reports a collect function that failed during a scrape, in `metrics_collector_errors_total`. Never throws. @internal */
  collectFailed(metric: string, error: unknown): void {
    noteCollectFailure(this, metric, error);
  }

  /**
   * Emits a warning once per key. Never throws.
   * @param key keys are kept for ever, so they must be bounded: names of metrics, labels and targets, never values
   * @param warning called only if the warning is emitted
   * @internal
   */
  warnOnce(key: string, warning: () => MetricsWarning): void {
    this.#warnings.warn(key, warning);
  }

  /** Gets or makes. `I` is the caller's type of instrument; `AnyInstrument` is wider in its label types. */
  #instrument<I>(
    type: MetricDefinition['type'],
    definition: MetricDefinition,
    options: InstrumentOptions<I> | undefined,
  ): I {
    checkType(type, definition);
    if (options !== undefined) checkOptionNames(`${type} \`${definition.name}\``, options, { collect: true });
    const instrument = this.#views.isOff(definition)
      ? this.#views.silent(definition, () => makeInstrument(definition, this.#context))
      : this.#registered.findOrAdd(this.#views.viewed(definition), (viewed) =>
          makeInstrument(viewed, this.#context),
        );
    if (options?.collect !== undefined) instrument.addCollect(options.collect as CollectFunction<unknown>);
    return instrument as I;
  }
}

recognizeCopies(MetricsRegistry, 'MetricsRegistry');

/**
 * The default registry. It wraps prom-client's global registry, so metrics that prom-client registers by default, such as those
 * of `collectDefaultMetrics()`, are exposed too.
 */
export const sharedRegistry: MetricsRegistry = processWide(
  'sharedRegistry',
  () => new MetricsRegistry({ prometheus: PrometheusRegistry.globalRegistry }),
);
