/// <reference path="./prom-client-registry.d.ts" />
/** The registry: instruments by definition, beside a plain prom-client registry that holds them and anyone's metrics. */
import type { Registry } from 'prom-client';
// Not all of prom-client, most of a service's start: whoever uses the rest gets it with this very registry in it.
import PrometheusRegistry from 'prom-client/lib/registry.js';
import { metricsCollectorErrors, metricsRecordingErrors, metricsSeriesFolded } from './catalogue/self.js';
import {
  type CounterDefinition,
  type GaugeDefinition,
  type HistogramDefinition,
  type LabelShape,
  type MetricDefinition,
  type SummaryDefinition,
  shapeOf,
} from './definition.js';
import { checkedBuckets } from './definition-checks.js';
import { metricsError, shown } from './errors.js';
import { Counter, type CounterSeries } from './instruments/counter.js';
import { Gauge } from './instruments/gauge.js';
import { Histogram } from './instruments/histogram.js';
import type { Collect, InstrumentContext } from './instruments/instrument.js';
import type { FoldListener } from './instruments/series.js';
import { Summary } from './instruments/summary.js';
import { checkOptionNames } from './option-names.js';

/** What is needed of a registry to work beside it: prom-client's and @prometheus-io/client's both have it. */
export interface StructuralRegistry {
  registerMetric(metric: never): void;
  removeSingleMetric(name: string): void;
  getSingleMetric(name: string): unknown;
  getMetricsAsArray(): readonly unknown[];
}

export interface MetricsRegistryOptions<R extends StructuralRegistry> {
  /** The registry that holds the instruments. Default: a new prom-client `Registry`. */
  prometheus?: R;
  /** Series a metric may have before label values are folded into `other`. Default: 1,000. */
  maxSeries?: number;
  /** Told of every warning, each once. Default: `process.emitWarning`. */
  onWarning?: (warning: MetricsWarning) => void;
}

/** Something an operator should know of; nothing was thrown, and the service goes on. */
export interface MetricsWarning {
  readonly code:
    | 'METRICS_SERIES_FOLDED'
    | 'METRICS_RECORDING_FAILED'
    | 'METRICS_COLLECT_FAILED'
    | 'METRICS_PUSH_FAILED'
    | 'METRICS_SNAPSHOT_FAILED'
    | 'METRICS_SNAPSHOT_LOCKED'
    | 'METRICS_SNAPSHOT_SKIPPED'
    | 'METRICS_CLUSTER_LEFT'
    | 'METRICS_CLUSTER_NO_PRIMARY'
    | 'METRICS_CLUSTER_SHARED_PORT'
    | 'METRICS_STOP_FAILED'
    | 'METRICS_TOKEN_KEPT'
    | 'METRICS_REQUESTS_UNMEASURED';
  readonly message: string;
  readonly cause?: unknown;
}

export type AnyInstrument = Counter | Gauge | Histogram | Summary;

export interface InstrumentOptions<I> {
  /** Brings the instrument up to date at each scrape. May be given by several callers: all of them run. */
  collect?: Collect<I>;
}

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
  readonly #onWarning: (warning: MetricsWarning) => void;
  readonly #instruments = new Map<string, AnyInstrument>();
  /** Every name that comes out -> who brings it out: a histogram `x` also owns `x_bucket`, `x_sum` and `x_count`. */
  readonly #exposedNames = new Map<string, MetricDefinition>();
  /** Buckets that replace those of definitions, by metric. */
  readonly #buckets = new Map<string, readonly number[]>();
  readonly #warned = new Set<string>();
  readonly #listeners = new Set<(instrument: AnyInstrument) => void>();

  constructor(options: MetricsRegistryOptions<R> = {}) {
    checkOptionNames('MetricsRegistry', options, { prometheus: true, maxSeries: true, onWarning: true });
    const { prometheus, maxSeries = defaultMaxSeries, onWarning = emitWarning } = options;
    checkMaxSeries(maxSeries);
    if (prometheus !== undefined && !isStructuralRegistry(prometheus)) {
      throw metricsError(
        'ERR_METRICS_INVALID_OPTION',
        `Invalid \`prometheus\` of a registry: expected a registry as prom-client has it, received ${shown(prometheus)}.`,
      );
    }
    // Without the option, R is its default.
    this.prometheus = prometheus ?? (new PrometheusRegistry() as StructuralRegistry as R);
    this.#maxSeries = maxSeries;
    this.#onWarning = onWarning;
  }

  /**
   * The counter of a definition, made where there is none.
   * @throws ERR_METRICS_DEFINITION_CONFLICT when the name, or a name that comes out with it, is taken by another
   */
  counter<L extends LabelShape>(
    definition: CounterDefinition<L>,
    options?: InstrumentOptions<Counter<L>>,
  ): Counter<L> {
    return this.#instrument('counter', definition, options, (context) => new Counter(definition, context));
  }

  /** The gauge of a definition, made where there is none. Throws as `counter` does. */
  gauge<L extends LabelShape>(
    definition: GaugeDefinition<L>,
    options?: InstrumentOptions<Gauge<L>>,
  ): Gauge<L> {
    return this.#instrument('gauge', definition, options, (context) => new Gauge(definition, context));
  }

  /** The histogram of a definition, made where there is none. Throws as `counter` does. */
  histogram<L extends LabelShape>(
    definition: HistogramDefinition<L>,
    options?: InstrumentOptions<Histogram<L>>,
  ): Histogram<L> {
    return this.#instrument('histogram', definition, options, (context) => {
      const histogram = new Histogram(definition, context);
      histogram.rebucket(this.#buckets.get(definition.name) ?? definition.buckets);
      return histogram;
    });
  }

  /** The summary of a definition, made where there is none. Throws as `counter` does. */
  summary<L extends LabelShape>(
    definition: SummaryDefinition<L>,
    options?: InstrumentOptions<Summary<L>>,
  ): Summary<L> {
    return this.#instrument('summary', definition, options, (context) => new Summary(definition, context));
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

  /** Throws as `counter` would where the definition cannot be registered, and registers nothing. */
  checkConflict(definition: MetricDefinition): void {
    if (this.#existing(definition) === undefined) this.#checkNames(definition);
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
    for (const [name, given] of buckets) {
      const bounds = checkedBuckets(name, given);
      const existing = this.#instruments.get(name);
      if (existing instanceof Histogram && !existing.rebucket(bounds)) {
        throw metricsError(
          'ERR_METRICS_INVALID_OPTION',
          `Invalid buckets of metric \`${name}\`: expected ${existing.buckets.join(', ')}, in which it has observations, received ${bounds.join(', ')}. Set buckets before anything is recorded.`,
        );
      }
      this.#buckets.set(name, bounds);
    }
  }

  /** The instrument registered under a name, if there is one. */
  get(name: string): AnyInstrument | undefined {
    return this.#instruments.get(name);
  }

  /** All instruments, in the order in which they were made. */
  instruments(): AnyInstrument[] {
    return [...this.#instruments.values()];
  }

  /**
   * Tells of every instrument that is made from now on, before its maker has it. The listener must not throw.
   * @returns a function that ends it
   */
  onInstrument(listener: (instrument: AnyInstrument) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Sets every instrument back to its beginning. Bound series stay usable; foreign metrics are left alone. */
  reset(): void {
    for (const instrument of this.#instruments.values()) instrument.reset();
  }

  /**
   * Takes note of a recording that failed where no caller can be told: counts it in `metrics_recording_errors_total`
   * and warns once for each metric and reason. Never throws.
   */
  recordingFailed(metric: string, reason: string, error: unknown): void {
    try {
      this.counter(metricsRecordingErrors).inc({ metric, reason });
    } catch {
      // The count of failures must not become one; the warning below still says what happened.
    }
    this.warnOnce(`recording ${metric} ${reason}`, () => ({
      code: 'METRICS_RECORDING_FAILED',
      message: `A recording on metric \`${metric}\` failed (${reason}): ${messageOf(error)} The call itself was not affected. Further failures are counted in \`${metricsRecordingErrors.name}\` only.`,
      cause: error,
    }));
  }

  /** Takes note of a collect function that failed at a scrape, in `metrics_collector_errors_total`. Never throws. */
  collectFailed(metric: string, error: unknown): void {
    try {
      this.counter(metricsCollectorErrors).inc({ metric });
    } catch {
      // As above.
    }
    this.warnOnce(`collect ${metric}`, () => ({
      code: 'METRICS_COLLECT_FAILED',
      message: `Collecting metric \`${metric}\` failed: ${messageOf(error)} What failed is left out of the scrape; the rest is there. Further failures are counted in \`${metricsCollectorErrors.name}\` only.`,
      cause: error,
    }));
  }

  /**
   * Tells of a warning unless one of this key has been told. Never throws.
   * @param key bounded in number: keys are kept, so they hold names of metrics, labels and targets, never values
   * @param warning asked only where it is told
   */
  warnOnce(key: string, warning: () => MetricsWarning): void {
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    try {
      this.#onWarning(warning());
    } catch {
      // A listener that throws must not reach the method that was being recorded.
    }
  }

  /**
   * Gets or makes. `I` is the precise type of the caller's instrument; inside they are all kept as `AnyInstrument`,
   * whose label types are wider than any caller's.
   */
  #instrument<I>(
    type: MetricDefinition['type'],
    definition: MetricDefinition,
    options: InstrumentOptions<I> | undefined,
    make: (context: InstrumentContext) => I,
  ): I {
    checkType(type, definition);
    if (options !== undefined) checkOptionNames(`${type} \`${definition.name}\``, options, { collect: true });
    const instrument =
      this.#existing(definition) ??
      this.#made(definition, make as (context: InstrumentContext) => AnyInstrument);
    // Someone may have cleared the prom-client registry under us: who asks again is exposed again.
    if (this.prometheus.getSingleMetric(definition.name) !== instrument) this.#register(instrument);
    if (options?.collect !== undefined) instrument.addCollect(options.collect as Collect<unknown>);
    return instrument as I;
  }

  #existing(definition: MetricDefinition): AnyInstrument | undefined {
    const existing = this.#instruments.get(definition.name);
    if (existing === undefined) return undefined;
    // Equal shapes from two places are one definition: two copies of a package must not conflict.
    if (existing.definition !== definition && shapeOf(existing.definition) !== shapeOf(definition)) {
      throw conflict(definition, shapeOf(existing.definition), definition.name);
    }
    return existing;
  }

  #made(definition: MetricDefinition, make: (context: InstrumentContext) => AnyInstrument): AnyInstrument {
    this.#checkNames(definition);
    const budget = (): number => this.#maxSeries;
    const instrument = make({
      get maxSeries() {
        return budget();
      },
      onFold: this.#foldListener(definition),
    });
    this.#register(instrument);
    this.#instruments.set(definition.name, instrument);
    for (const name of exposedNames(definition)) this.#exposedNames.set(name, definition);
    for (const listener of this.#listeners) listener(instrument);
    return instrument;
  }

  #checkNames(definition: MetricDefinition): void {
    for (const name of exposedNames(definition)) {
      const owner = this.#exposedNames.get(name);
      if (owner !== undefined) throw conflict(definition, shapeOf(owner), name);
    }
    this.#checkForeign(definition);
  }

  #checkForeign(definition: MetricDefinition): void {
    const { name } = definition;
    if (this.prometheus.getSingleMetric(name) === undefined) return;
    throw conflict(definition, `a metric of another library under \`${name}\` in the same registry`, name);
  }

  #register(instrument: AnyInstrument): void {
    this.#checkForeign(instrument.definition);
    this.prometheus.registerMetric(instrument as never);
  }

  /** Counts what is folded, and warns once a label. Bound, since an attack comes here with every call. */
  #foldListener(definition: MetricDefinition): FoldListener {
    const { name: metric } = definition;
    const foldings = new Map<string, CounterSeries | undefined>();
    return (label, budget, value) => {
      if (foldings.has(label)) {
        foldings.get(label)?.inc();
        return;
      }
      // Its own folding is not counted: counting it would fold again.
      const counted =
        metric === metricsSeriesFolded.name
          ? undefined
          : this.counter(metricsSeriesFolded).with({ metric, label });
      foldings.set(label, counted);
      counted?.inc();
      this.warnOnce(`folded ${metric} ${label}`, () => ({
        code: 'METRICS_SERIES_FOLDED',
        message:
          budget === undefined
            ? `Label \`${label}\` of metric \`${metric}\` is a closed set: expected one of ${definition.labels[label]?.values?.join(', ')}, received ${shown(value)}, which is recorded as \`other\`. Pass one of these, or add the value to the definition.`
            : `Metric \`${metric}\` is past its budget of ${budget}: new values of label \`${label}\` are recorded as \`other\`. Totals stay exact. Give the label fewer values (a closed set, a route template instead of a path), or raise the budget (\`maxSeries\` of the definition, METRICS_MAX_SERIES, or the label's own \`limit\`).`,
      }));
    };
  }
}

/**
 * The registry that everything uses by default. Its `prometheus` is prom-client's own default registry, so metrics made
 * with prom-client without a registry, and `collectDefaultMetrics()`, come out beside ours.
 */
export const sharedRegistry: MetricsRegistry = new MetricsRegistry({
  prometheus: PrometheusRegistry.globalRegistry,
});

/** Whether a metric of a registry is one of our instruments, of whichever `MetricsRegistry`. */
export function isInstrument(metric: unknown): metric is AnyInstrument {
  return (
    metric instanceof Counter ||
    metric instanceof Gauge ||
    metric instanceof Histogram ||
    metric instanceof Summary
  );
}

/** The names under which a definition's numbers come out, with `_created` of OpenMetrics, which strict parsers reserve. */
function exposedNames({ name, type }: MetricDefinition): string[] {
  if (type === 'histogram')
    return [name, `${name}_bucket`, `${name}_sum`, `${name}_count`, `${name}_created`];
  if (type === 'summary') return [name, `${name}_sum`, `${name}_count`, `${name}_created`];
  return [name];
}

function conflict(definition: MetricDefinition, taken: string, name: string): Error {
  return metricsError(
    'ERR_METRICS_DEFINITION_CONFLICT',
    `Conflicting definitions of \`${name}\`: expected ${taken}, which has the name already, received ${shapeOf(definition)}. Use one definition for both, or another name.`,
  );
}

/** @throws ERR_METRICS_INVALID_DEFINITION, ERR_METRICS_WRONG_TYPE */
function checkType(type: MetricDefinition['type'], definition: unknown): void {
  const given = (typeof definition === 'object' && definition !== null ? definition : {}) as {
    type?: unknown;
    name?: unknown;
  };
  if (given.type === type) return;
  if (typeof given.name !== 'string' || typeof given.type !== 'string') {
    throw metricsError(
      'ERR_METRICS_INVALID_DEFINITION',
      `Invalid definition of a ${type}: expected what define${type[0]?.toUpperCase()}${type.slice(1)} gives, received ${shown(definition)}.`,
    );
  }
  throw metricsError(
    'ERR_METRICS_WRONG_TYPE',
    `Metric \`${given.name}\` cannot be had as a ${type}: expected a definition of a ${type}, received one of a ${given.type}.`,
  );
}

function checkMaxSeries(maxSeries: unknown): void {
  if (Number.isInteger(maxSeries) && (maxSeries as number) > 0) return;
  throw metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`maxSeries\` of a registry: expected a positive integer, received ${shown(maxSeries)}.`,
  );
}

function isStructuralRegistry(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const methods = ['registerMetric', 'removeSingleMetric', 'getSingleMetric', 'getMetricsAsArray'] as const;
  return methods.every(
    (method) => method in value && typeof (value as Record<string, unknown>)[method] === 'function',
  );
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : shown(error);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function emitWarning({ code, message }: MetricsWarning): void {
  process.emitWarning(message, { type: 'MetricsWarning', code });
}
