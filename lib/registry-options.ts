/** The options of a registry and of its methods. */
import type { ExemplarOptions } from './exemplar-options.js';
import type { CollectFunction } from './instruments/instrument.js';
import type { MetricsWarning } from './metrics-warning.js';
import type { StructuralRegistry } from './structural-registry.js';
import type { MetricViews } from './views.js';

/** Series budget of a metric by default. */
export const defaultMaxSeries = 1000;

/** Options of `MetricsRegistry`. */
export interface MetricsRegistryOptions<R extends StructuralRegistry> {
  /** The registry to wrap. Default: a new prom-client `Registry`. */
  prometheus?: R;
  /** Series budget per metric: beyond it, label values are folded into `other`. A positive integer. Default: 1,000. */
  maxSeries?: number;
  /** Called with every warning, once per warning and cause. Default: `process.emitWarning`. */
  onWarning?: (warning: MetricsWarning) => void;
  /** Changes to how metrics are exposed, by the name of the definition. Default: none. */
  views?: MetricViews;
  /**
   * Exemplars of counters and histograms: `false` takes none, an object selects the labels of `withLabels` that they get.
   * Default: true, which costs nothing unless recordings have a source of exemplars, such as spans of OpenTelemetry.
   */
  exemplars?: boolean | ExemplarOptions;
  /** `false` records nothing, as after `disable()`. Default: true. */
  enabled?: boolean;
}

/** Options of `counter`, `gauge`, `histogram` and `summary` of a registry. */
export interface InstrumentOptions<I> {
  /** Updates the instrument before each scrape. If several callers pass one, all of them run. */
  collect?: CollectFunction<I>;
}

/** Options of `MetricsRegistry.metrics`. */
export interface MetricsTextOptions {
  /** The exposition format. Default: the one of `MetricsRegistry.contentType`. */
  format?: 'text' | 'openmetrics';
}
