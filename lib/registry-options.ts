/** The options of a registry and of its methods. */
import type { Collect } from './instruments/instrument.js';
import type { MetricsWarning } from './metrics-warning.js';
import type { StructuralRegistry } from './structural-registry.js';
import type { MetricViews } from './views.js';

export interface MetricsRegistryOptions<R extends StructuralRegistry> {
  /** The registry that holds the instruments. Default: a new prom-client `Registry`. */
  prometheus?: R;
  /** Series a metric may have before label values are folded into `other`. Default: 1,000. */
  maxSeries?: number;
  /** Told of every warning, each once. Default: `process.emitWarning`. */
  onWarning?: (warning: MetricsWarning) => void;
  /** Other names, fewer labels, other buckets, or none of it, by metric. Default: metrics are as they are defined. */
  views?: MetricViews;
  /** `false`: nothing is recorded in it, as after `disable()`. Default: true. */
  enabled?: boolean;
}

export interface InstrumentOptions<I> {
  /** Brings the instrument up to date at each scrape. May be given by several callers: all of them run. */
  collect?: Collect<I>;
}

export interface MetricsTextOptions {
  /** Default: that of `contentType`. */
  format?: 'text' | 'openmetrics';
}
