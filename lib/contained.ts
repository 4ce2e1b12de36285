/**
 * Recording that never throws into its caller; the recorders are built on it. A definition is registered when it is first
 * recorded, so that a service exposes only the metrics that it uses. A failure is counted in `metrics_recording_errors_total`,
 * warned of once, and changes no series.
 */
import type {
  CounterDefinition,
  GaugeDefinition,
  HistogramDefinition,
  MetricDefinition,
} from './definition.js';
import { MetricsError, metricsError, shown } from './errors.js';
import type { Series } from './instruments/branch.js';
import type { Counter } from './instruments/counter.js';
import type { Gauge } from './instruments/gauge.js';
import type { Histogram } from './instruments/histogram.js';
import type { Instrument } from './instruments/instrument.js';
import type { LabelShape, LabelValues } from './label.js';
import type { AnyRegistry } from './registry.js';

/** Reports a failed recording, with a reason by the code of the error. */
export function recordingFailed(registry: AnyRegistry, metric: string, error: unknown): void {
  registry.recordingFailed(metric, reasonOf(error), error);
}

/** Adds to a counter. */
export type Count<L extends LabelShape> = (labels: LabelValues<L>, amount?: number) => void;

export function containedCounter<L extends LabelShape>(
  registry: AnyRegistry,
  definition: CounterDefinition<L>,
): Count<L> {
  let counter: Counter<L> | undefined;
  return (labels, amount) => {
    try {
      counter ??= registry.counter(definition);
      counter.inc(labels, amount);
    } catch (error) {
      recordingFailed(registry, definition.name, error);
    }
  };
}

/** Observes a duration of 0 or more, in the unit of the histogram. */
export type ObserveTime<L extends LabelShape> = (labels: LabelValues<L>, time: number) => void;

export function containedTimes<L extends LabelShape>(
  registry: AnyRegistry,
  definition: HistogramDefinition<L>,
): ObserveTime<L> {
  let histogram: Histogram<L> | undefined;
  return (labels, time) => {
    try {
      if (!isTime(time)) throw timeError(definition.name, time);
      histogram ??= registry.histogram(definition);
      histogram.observe(labels, time);
    } catch (error) {
      recordingFailed(registry, definition.name, error);
    }
  };
}

/** Sets a gauge to an amount of 0 or more. */
export type SetAmount<L extends LabelShape> = (labels: LabelValues<L>, amount: number) => void;

export function containedAmounts<L extends LabelShape>(
  registry: AnyRegistry,
  definition: GaugeDefinition<L>,
): SetAmount<L> {
  let gauge: Gauge<L> | undefined;
  return (labels, amount) => {
    try {
      if (!(amount >= 0 && amount < Number.POSITIVE_INFINITY)) throw amountError(definition.name, amount);
      gauge ??= registry.gauge(definition);
      gauge.set(labels, amount);
    } catch (error) {
      recordingFailed(registry, definition.name, error);
    }
  };
}

/**
 * Bound series of an instrument; `undefined` for invalid labels.
 * @param instrumentOf gets the instrument from the registry at the first use
 */
export function containedSeries<D extends MetricDefinition, S extends Series>(
  registry: AnyRegistry,
  definition: D,
  instrumentOf: (definition: D) => Instrument<D, S>,
): (labels: LabelValues<D['labels']>) => S | undefined {
  let instrument: Instrument<D, S> | undefined;
  return (labels) => {
    try {
      instrument ??= instrumentOf(definition);
      return instrument.with(labels);
    } catch (error) {
      recordingFailed(registry, definition.name, error);
      return undefined;
    }
  };
}

/** The given object, or an empty one for any other value: a missing label is better than a lost event. */
export function givenObject<T extends object>(
  registry: AnyRegistry,
  metric: string,
  what: string,
  value: T,
): Partial<T> {
  if (typeof value === 'object' && value !== null) return value;
  recordingFailed(
    registry,
    metric,
    metricsError(
      'ERR_METRICS_INVALID_VALUE',
      `Invalid ${what} of metric \`${metric}\`: expected an object, received ${shown(value)}. It was recorded without labels.`,
    ),
  );
  return {};
}

/** Whether a value is a valid duration: finite, and 0 or more. */
export function isTime(time: unknown): boolean {
  return typeof time === 'number' && time >= 0 && time < Number.POSITIVE_INFINITY;
}

function timeError(metric: string, time: unknown): MetricsError {
  return metricsError(
    'ERR_METRICS_INVALID_VALUE',
    `Invalid duration of metric \`${metric}\`: expected a finite number of 0 or more, received ${shown(time)}.`,
  );
}

function amountError(metric: string, amount: unknown): MetricsError {
  return metricsError(
    'ERR_METRICS_INVALID_VALUE',
    `Invalid value of gauge \`${metric}\`: expected a finite number of 0 or more, received ${shown(amount)}.`,
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof MetricsError)) return 'error';
  return reasons[error.code] ?? 'label';
}

/** Values of the label `reason` by error code. */
const reasons: Readonly<Record<string, string>> = {
  ERR_METRICS_INVALID_VALUE: 'value',
  ERR_METRICS_NEGATIVE_INCREMENT: 'value',
  ERR_METRICS_DEFINITION_CONFLICT: 'conflict',
};
