/**
 * The errors of this package. `lib/errors.md` documents each code, and a test compares both. All errors are made by
 * {@link metricsError}, so every code is in the table.
 */

import { closestMatch } from './closest-match.js';
import { recognizeCopies } from './process-wide.js';

/**
 * The meaning of each error code, in one line. `lib/errors.md` explains how to fix each error.
 * @example
 * console.log(errorCodes[error.code]);
 */
export const errorCodes = {
  ERR_METRICS_INVALID_NAME: 'A metric name is not a valid Prometheus name.',
  ERR_METRICS_INVALID_HELP: 'A definition has no help text.',
  ERR_METRICS_INVALID_LABEL: 'A label of a definition has an invalid name or an invalid specification.',
  ERR_METRICS_RESERVED_LABEL: 'A label of a definition has a name that is reserved by Prometheus.',
  ERR_METRICS_INVALID_BUCKETS: 'Histogram buckets are empty, not finite, unsorted or duplicated.',
  ERR_METRICS_INVALID_QUANTILES:
    'Summary quantiles are outside 0 to 1, unsorted or duplicated, or the window is invalid.',
  ERR_METRICS_INVALID_DEFINITION: 'A definition has an unknown or invalid option.',
  ERR_METRICS_DEFINITION_CONFLICT:
    'Two different definitions claim one name, or names that collide in the output.',
  ERR_METRICS_ALREADY_REGISTERED: 'A metric is registered twice through the string-keyed facade.',
  ERR_METRICS_UNKNOWN_METRIC: 'No metric is registered under a name.',
  ERR_METRICS_WRONG_TYPE: 'A metric is used as a metric of another type.',
  ERR_METRICS_INVALID_VALUE: 'A recorded value is NaN, infinite or not a number.',
  ERR_METRICS_NEGATIVE_INCREMENT: 'A counter was incremented by a negative number.',
  ERR_METRICS_UNKNOWN_LABEL: 'A recorded label is not declared by the metric.',
  ERR_METRICS_LABEL_COUNT:
    'The number of positional label values differs from the number of declared labels.',
  ERR_METRICS_INVALID_LABEL_VALUE: 'A label value is a symbol, an object or a function.',
  ERR_METRICS_INVALID_COLLECTOR: 'A collect option is not a function.',
  ERR_METRICS_INVALID_OPTION: 'An option of a factory or a decorator is invalid.',
  ERR_METRICS_INVALID_VIEW: 'A view does not fit its metric, or is set too late.',
  ERR_METRICS_INVALID_CONFIG: 'One or more environment variables are invalid.',
  ERR_METRICS_LISTEN: 'The metrics server cannot listen on the configured address.',
  ERR_METRICS_INVALID_DECORATION: 'A decorator decorates something that it cannot instrument.',
  ERR_METRICS_INVALID_MONITORING:
    'A rule, an SLO, a threshold or an option of the monitoring bundle does not fit the definitions.',
  ERR_METRICS_NOT_KOA: 'Koa middleware is called by something that is not Koa.',
  ERR_METRICS_MISSING_PACKAGE: 'A package that only the monitoring bundle needs is not installed.',
  ERR_METRICS_NOTHING_RECORDED: 'A test expected a recording, and there was none.',
  ERR_METRICS_BUNDLE_FOLDER: 'The folder of a monitoring bundle has files that are not its own.',
  ERR_METRICS_FILE_EXISTS: 'A file that `tamma-metrics init` would write exists.',
} as const;

/** A key of {@link errorCodes}. */
export type MetricsErrorCode = keyof typeof errorCodes;

/**
 * An error of this package. `code` is stable and documented in `lib/errors.md`; `message` names the invalid value, what was
 * expected and what was received.
 * @example
 * if (error instanceof MetricsError && error.code === 'ERR_METRICS_LISTEN') process.exit(1);
 */
export class MetricsError extends Error {
  /** Stable code, a key of {@link errorCodes}. */
  readonly code: MetricsErrorCode;

  constructor(code: MetricsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

recognizeCopies(MetricsError, 'MetricsError');

// On the prototype, as with built-in errors: an own property would be printed with every error.
Object.defineProperty(MetricsError.prototype, 'name', {
  value: 'MetricsError',
  configurable: true,
  writable: true,
});

/** Makes the error of a code; `throw metricsError(…)` keeps the stack at the offending line. */
export function metricsError(code: MetricsErrorCode, message: string, options?: ErrorOptions): MetricsError {
  const error = new MetricsError(code, message, options);
  Error.captureStackTrace?.(error, metricsError);
  return error;
}

/** A received value for a message: short, on one line, strings quoted. */
export function shown(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value))
    return `[${value.slice(0, 20).map(shown).join(', ')}${value.length > 20 ? ', ...' : ''}]`;
  if (typeof value === 'object' && value !== null) {
    const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
    return typeof name === 'string' && name !== 'Object' ? `an object (${name})` : 'an object';
  }
  return String(value);
}

/** The candidate nearest to `given`, for "did you mean"; `undefined` if none is near. */
export function nearest(given: string, candidates: Iterable<string>): string | undefined {
  return closestMatch(given, [...candidates], Math.max(2, Math.floor(given.length * 0.4)));
}

/** The hint at the end of an error about a misspelt name, with a leading space; empty if no candidate is near. */
export function didYouMean(given: string, candidates: Iterable<string>): string {
  const meant = nearest(given, candidates);
  return meant === undefined ? '' : ` Did you mean \`${meant}\`?`;
}
