/** Checks of recorded values and their errors. The hot path calls them for invalid values only. */
import { type MetricsError, metricsError, shown } from '../errors.js';

/** The error for an invalid increment of a counter. */
export function counterError(metric: string, value: unknown): MetricsError {
  // Every other finite number is valid.
  if (Number.isFinite(value)) {
    return metricsError(
      'ERR_METRICS_NEGATIVE_INCREMENT',
      `Negative increment of counter \`${metric}\`: expected a number of 0 or more, received ${shown(value)}. Use a gauge for what goes down.`,
    );
  }
  return valueError('increment of counter', metric, value);
}

/**
 * The value of a call without labels: `inc(2)`, or `inc(undefined, 2)` by a caller with optional labels.
 * @throws ERR_METRICS_INVALID_VALUE for two values, one of which would be lost
 */
export function bareNumber<V>(metric: string, first: V, second: number | undefined): V | number | undefined {
  if (second === undefined) return first ?? undefined;
  if (first === undefined || first === null) return second;
  throw metricsError(
    'ERR_METRICS_INVALID_VALUE',
    `Invalid arguments of a recording on metric \`${metric}\`: expected one number, or labels and a number, received ${shown(first)} and ${shown(second)}.`,
  );
}

/** The error for an invalid value. @param what which value of which type of metric */
export function valueError(
  what: string,
  metric: string,
  value: unknown,
  expected = 'a finite number',
): MetricsError {
  return metricsError(
    'ERR_METRICS_INVALID_VALUE',
    `Invalid ${what} \`${metric}\`: expected ${expected}, received ${shown(value)}.`,
  );
}

/** Throws unless the value is a finite number. */
export function checkFinite(what: string, metric: string, value: unknown): asserts value is number {
  if (!Number.isFinite(value)) throw valueError(what, metric, value);
}

/** Whether the first argument of a recording call is a label object. */
export function isLabels(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
