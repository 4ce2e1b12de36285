/** The string-keyed facade: metrics by name, for code without access to the definitions. */
import type { Registry } from 'prom-client';
import { bucketSetOf } from './bucket-sets.js';
import { catalogue, catalogueDefinition } from './catalogue/catalogue.js';
import { defaultMetricsConfig } from './config.js';
import type { BucketSets } from './config-settings.js';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from './define.js';
import { type MetricDefinition, type MetricType, shapeOf } from './definition.js';
import { metricsError, nearest, shown } from './errors.js';
import { scrapeToString } from './exposition/scrape.js';
import type { AnyInstrument } from './instruments/any-instrument.js';
import { checkFactoryOptions } from './option-checks.js';
import {
  type AnyMetricDefinition,
  definitionOf,
  openLabels,
  type PlainMetricDefinition,
} from './plain-definition.js';
import { type AnyRegistry, type MetricsRegistry, sharedRegistry } from './registry.js';
import type { StructuralRegistry } from './structural-registry.js';

/**
 * Labels of a recording by name. A name may be written in camelCase: `issueType` is the label `issue_type`.
 *
 * The identifiers `workflowId`, `stepId` and `userId` are dropped unless the metric declares them. A definition that declares
 * one gets a finding of the lint, since every value is a series.
 */
export interface MetricLabels {
  /** AI provider, such as `anthropic-claude`. */
  provider?: string;
  /** Git platform, such as `github`. */
  platform?: string;
  /** Type of an issue, such as `bug`: the label `issue_type`. */
  issueType?: string;
  /** How the work ended. */
  outcome?: 'success' | 'failure' | 'escalation' | (string & {});
  /** Identifier of a workflow run. */
  workflowId?: string;
  /** Identifier of a step. */
  stepId?: string;
  /** Identifier of a user. */
  userId?: string;
  /** Repository, such as `acme/app`. */
  repository?: string;
  /** Class name of an error: the label `error_type`. */
  errorType?: string;
  /** How urgently a human is needed. */
  severity?: 'low' | 'medium' | 'high' | 'critical' | (string & {});
  /** Any other label that the metric declares. `undefined` is an absent label. */
  [name: string]: string | number | boolean | undefined;
}

/**
 * Records on metrics by name.
 *
 * The methods of `PrometheusMetricsCollector` throw ERR_METRICS_UNKNOWN_METRIC for an unregistered name,
 * ERR_METRICS_WRONG_TYPE for a metric of another type, ERR_METRICS_UNKNOWN_LABEL for a label that the metric does not have, and
 * ERR_METRICS_INVALID_VALUE for a value that is not finite. Then nothing is recorded.
 */
export interface MetricsCollector {
  /** Adds `value` (default 1) to a counter. */
  incrementCounter(name: string, labels?: MetricLabels, value?: number): void;
  /** Sets a gauge. */
  setGauge(name: string, value: number, labels?: MetricLabels): void;
  /** Adds `value` (default 1) to a gauge. */
  incrementGauge(name: string, labels?: MetricLabels, value?: number): void;
  /** Subtracts `value` (default 1) from a gauge. */
  decrementGauge(name: string, labels?: MetricLabels, value?: number): void;
  /** Observes a value of a histogram. */
  observeHistogram(name: string, value: number, labels?: MetricLabels): void;
  /** Observes a value of a summary. Not every collector has summaries; `PrometheusMetricsCollector` does. */
  observeSummary?(name: string, value: number, labels?: MetricLabels): void;
  /**
   * Starts a timer; the returned function observes the seconds on the histogram. That of `PrometheusMetricsCollector`, which
   * times summaries too, returns them as well.
   */
  startTimer(name: string, labels?: MetricLabels): () => void;
}

/** Options of {@link PrometheusMetricsCollector}. */
export interface PrometheusMetricsCollectorOptions<R extends StructuralRegistry> {
  /** The registry of the metrics. Default: `sharedRegistry`. */
  registry?: MetricsRegistry<R>;
  /** Buckets of histograms registered without any, by the unit in their name. Default: those of `defaultMetricsConfig`. */
  buckets?: BucketSets;
  /**
   * Whether the register methods refuse the names of the catalogue. With `false`, as in `createMetrics`, the first registration
   * or use of a name takes it. Default: true.
   */
  reserveCatalogue?: boolean;
}

/**
 * A collector over a registry. It has all metrics of the catalogue, which are registered when first recorded; other metrics are
 * registered by name.
 * @example
 * const collector = new PrometheusMetricsCollector();
 * collector.incrementCounter('prs_created_total', { platform: 'github', repository: 'acme/app' });
 */
export class PrometheusMetricsCollector<R extends StructuralRegistry = Registry> implements MetricsCollector {
  /** The registry of the metrics. */
  readonly registry: MetricsRegistry<R>;
  readonly #buckets: BucketSets;
  readonly #reservesCatalogue: boolean;

  /** @throws ERR_METRICS_INVALID_OPTION for unknown options or a registry that is not a `MetricsRegistry` */
  constructor(options: PrometheusMetricsCollectorOptions<R> = {}) {
    checkFactoryOptions('PrometheusMetricsCollector', options, {
      registry: true,
      buckets: true,
      reserveCatalogue: true,
    });
    this.#buckets = options.buckets ?? defaultMetricsConfig.buckets;
    this.#reservesCatalogue = options.reserveCatalogue ?? true;
    // Without the option, R is prom-client's Registry, which is what the shared registry has.
    this.registry = options.registry ?? (sharedRegistry as AnyRegistry as MetricsRegistry<R>);
  }

  /**
   * Registers a metric by its definition: a plain object, or the result of a `define` function.
   * @throws ERR_METRICS_ALREADY_REGISTERED, ERR_METRICS_INVALID_DEFINITION and what the `define` functions throw
   * @example
   * collector.register({ name: 'jobs_total', type: 'counter', help: 'Jobs.', labels: ['queue'] });
   */
  register(definition: AnyMetricDefinition): void {
    const typed = definitionOf(this.#withBuckets(definition));
    this.#register(typed.name, () => typed);
  }

  /** Registers a counter. @throws ERR_METRICS_ALREADY_REGISTERED, and the errors of `defineCounter` */
  registerCounter(name: string, help: string, labelNames: readonly string[] = []): void {
    this.#register(name, () => defineCounter({ name, help, labels: openLabels(labelNames) }));
  }

  /** Registers a gauge. @throws ERR_METRICS_ALREADY_REGISTERED, and the errors of `defineGauge` */
  registerGauge(name: string, help: string, labelNames: readonly string[] = []): void {
    this.#register(name, () => defineGauge({ name, help, labels: openLabels(labelNames) }));
  }

  /**
   * Registers a histogram.
   * @param buckets upper bounds, ascending, without +Inf. Default: those of the unit in the name
   * @throws ERR_METRICS_ALREADY_REGISTERED, and the errors of `defineHistogram`
   */
  registerHistogram(
    name: string,
    help: string,
    labelNames: readonly string[] = [],
    buckets?: readonly number[],
  ): void {
    this.#register(name, () =>
      defineHistogram({
        name,
        help,
        labels: openLabels(labelNames),
        buckets: buckets ?? this.#buckets[bucketSetOf(name)],
      }),
    );
  }

  /**
   * Registers a summary.
   * @param quantiles the quantiles to expose, ascending, each within 0 to 1. Default: none
   * @throws ERR_METRICS_ALREADY_REGISTERED, and the errors of `defineSummary`
   */
  registerSummary(
    name: string,
    help: string,
    labelNames: readonly string[] = [],
    quantiles?: readonly number[],
  ): void {
    this.#register(name, () =>
      defineSummary({ name, help, labels: openLabels(labelNames), ...(quantiles && { quantiles }) }),
    );
  }

  /** Adds `value` (default 1) to a counter. @throws ERR_METRICS_NEGATIVE_INCREMENT, the errors of {@link MetricsCollector} */
  incrementCounter(name: string, labels?: MetricLabels, value?: number): void {
    const counter = this.#find(name, 'counter');
    counter.inc(declaredLabels(counter, labels), value);
  }

  /** Sets a gauge. @throws the errors of {@link MetricsCollector} */
  setGauge(name: string, value: number, labels?: MetricLabels): void {
    const gauge = this.#find(name, 'gauge');
    gauge.set(declaredLabels(gauge, labels), value);
  }

  /** Adds `value` (default 1) to a gauge. @throws the errors of {@link MetricsCollector} */
  incrementGauge(name: string, labels?: MetricLabels, value?: number): void {
    const gauge = this.#find(name, 'gauge');
    gauge.inc(declaredLabels(gauge, labels), value);
  }

  /** Subtracts `value` (default 1) from a gauge. @throws the errors of {@link MetricsCollector} */
  decrementGauge(name: string, labels?: MetricLabels, value?: number): void {
    const gauge = this.#find(name, 'gauge');
    gauge.dec(declaredLabels(gauge, labels), value);
  }

  /** Observes a value of a histogram. @throws the errors of {@link MetricsCollector} */
  observeHistogram(name: string, value: number, labels?: MetricLabels): void {
    const histogram = this.#find(name, 'histogram');
    histogram.observe(declaredLabels(histogram, labels), value);
  }

  /** Observes a value of a summary. @throws the errors of {@link MetricsCollector} */
  observeSummary(name: string, value: number, labels?: MetricLabels): void {
    const summary = this.#find(name, 'summary');
    summary.observe(declaredLabels(summary, labels), value);
  }

  /** Starts a timer; the returned function observes the seconds and returns them. @throws the errors of {@link MetricsCollector} */
  startTimer(name: string, labels?: MetricLabels): () => number {
    const instrument = this.#find(name, 'histogram', 'summary');
    return instrument.with(declaredLabels(instrument, labels)).startTimer();
  }

  /** All metrics of the registry, third-party metrics included, in the text format of Prometheus. */
  getMetrics(): Promise<string> {
    return scrapeToString(this.registry);
  }

  /** A histogram that names no buckets has those of its unit. */
  #withBuckets(definition: AnyMetricDefinition): AnyMetricDefinition {
    const { type, name, buckets } = { ...definition } as Partial<PlainMetricDefinition>;
    if (type !== 'histogram' || typeof name !== 'string' || buckets !== undefined) return definition;
    return { ...definition, buckets: this.#buckets[bucketSetOf(name)] } as PlainMetricDefinition;
  }

  #register(name: string, define: () => MetricDefinition): void {
    const taken =
      this.registry.get(name)?.definition ??
      (this.#reservesCatalogue ? catalogueDefinition(name) : undefined);
    if (taken !== undefined) {
      throw metricsError(
        'ERR_METRICS_ALREADY_REGISTERED',
        `Metric \`${name}\` is registered already: expected a new name, received that of a ${shapeOf(taken)}.`,
      );
    }
    this.registry.instrument(define());
  }

  #find<T extends MetricType>(
    name: string,
    ...types: readonly T[]
  ): Extract<AnyInstrument, { readonly type: T }> {
    const instrument = this.registry.get(name) ?? this.#ofCatalogue(name, types);
    if (instrument === undefined) {
      const known = [
        ...this.registry.instruments().map(({ declared }) => declared),
        ...Object.values(catalogue),
      ];
      const meant = nearest(name, new Set(known.map((each) => each.name)));
      throw metricsError(
        'ERR_METRICS_UNKNOWN_METRIC',
        `Unknown metric \`${name}\`: expected a registered name${meant === undefined ? '' : `, nearest is \`${meant}\``}, received ${shown(name)}. Register it first.`,
      );
    }
    if (!types.some((type) => type === instrument.type)) throw wrongType(name, types, instrument.type);
    return instrument as Extract<AnyInstrument, { readonly type: T }>;
  }

  /** Registers a metric of the catalogue at its first use, unless it is recorded as another type. */
  #ofCatalogue(name: string, types: readonly MetricType[]): AnyInstrument | undefined {
    const definition = catalogueDefinition(name);
    if (definition === undefined) return undefined;
    if (!types.includes(definition.type)) throw wrongType(name, types, definition.type);
    return this.registry.instrument(definition);
  }
}

function wrongType(name: string, expected: readonly MetricType[], received: MetricType): Error {
  return metricsError(
    'ERR_METRICS_WRONG_TYPE',
    `Wrong type of metric \`${name}\`: expected a ${expected.join(' or ')}, received a ${received}.`,
  );
}

/** Labels of `MetricLabels` that are identifiers, dropped unless the metric declares them. */
const identifiers: ReadonlySet<string> = new Set(['workflowId', 'stepId', 'userId']);

/** The instrument checks the values. */
type DeclaredLabels = Record<string, string | number | boolean>;

/** Labels by the names that the metric declares, such as `issue_type` for `issueType`; undeclared identifiers are dropped. */
function declaredLabels(instrument: AnyInstrument, labels: MetricLabels | undefined): DeclaredLabels {
  const known = instrument.declared.labels;
  const declared: DeclaredLabels = {};
  for (const [name, value] of Object.entries(labels ?? {})) {
    if (value === undefined) continue;
    const snakeCase = name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
    if (Object.hasOwn(known, name)) declared[name] = value;
    else if (Object.hasOwn(known, snakeCase)) declared[snakeCase] = value;
    else if (!identifiers.has(name)) declared[name] = value;
  }
  return declared;
}
