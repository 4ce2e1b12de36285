/**
 * Recording that never throws into its caller: what the recorders are made of. What fails is counted in
 * `metrics_recording_errors_total` and warned of once; the series is untouched then.
 */
import type {
  CounterDefinition,
  GaugeDefinition,
  HistogramDefinition,
  LabelShape,
  LabelValues,
  MetricDefinition,
} from '../definition.js';
import { MetricsError, metricsError, shown } from '../errors.js';
import type { Series } from '../instruments/branch.js';
import type { Instrument } from '../instruments/instrument.js';
import type { MetricsRegistry, StructuralRegistry } from '../registry.js';

export type AnyRegistry = MetricsRegistry<StructuralRegistry>;

/** Takes note of a failed recording, under the reason that the error's code says. */
export function recordingFailed(registry: AnyRegistry, metric: string, error: unknown): void {
  registry.recordingFailed(metric, reasonOf(error), error);
}

/** Adds to a counter. */
export type Count<L extends LabelShape> = (labels: LabelValues<L>, amount?: number) => void;

export function containedCounter<L extends LabelShape>(
  registry: AnyRegistry,
  definition: CounterDefinition<L>,
): Count<L> {
  const counter = registry.counter(definition);
  return (labels, amount) => {
    try {
      counter.inc(labels, amount);
    } catch (error) {
      recordingFailed(registry, definition.name, error);
    }
  };
}

/** Observes how long something took, in the unit of the histogram. Nothing takes less than 0. */
export type ObserveTime<L extends LabelShape> = (labels: LabelValues<L>, time: number) => void;

export function containedTimes<L extends LabelShape>(
  registry: AnyRegistry,
  definition: HistogramDefinition<L>,
): ObserveTime<L> {
  const histogram = registry.histogram(definition);
  return (labels, time) => {
    try {
      if (!isTime(time)) throw timeError(definition.name, time);
      histogram.observe(labels, time);
    } catch (error) {
      recordingFailed(registry, definition.name, error);
    }
  };
}

/** Sets a gauge of what there cannot be less than none of. */
export type SetAmount<L extends LabelShape> = (labels: LabelValues<L>, amount: number) => void;

export function containedAmounts<L extends LabelShape>(
  registry: AnyRegistry,
  definition: GaugeDefinition<L>,
): SetAmount<L> {
  const gauge = registry.gauge(definition);
  return (labels, amount) => {
    try {
      if (!(amount >= 0 && amount < Number.POSITIVE_INFINITY)) throw amountError(definition.name, amount);
      gauge.set(labels, amount);
    } catch (error) {
      recordingFailed(registry, definition.name, error);
    }
  };
}

/** Bound series of an instrument; `undefined` where the labels cannot be used. */
export function containedSeries<D extends MetricDefinition, S extends Series>(
  registry: AnyRegistry,
  instrument: Instrument<D, S>,
): (labels: LabelValues<D['labels']>) => S | undefined {
  return (labels) => {
    try {
      return instrument.with(labels);
    } catch (error) {
      recordingFailed(registry, instrument.name, error);
      return undefined;
    }
  };
}

/** The object that a caller gave, or an empty one where it gave none: a missing label is better than a lost event. */
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

/** Whether something can have taken so long: finite, and 0 or more. */
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
  return error.code === 'ERR_METRICS_INVALID_VALUE' || error.code === 'ERR_METRICS_NEGATIVE_INCREMENT'
    ? 'value'
    : 'label';
}
