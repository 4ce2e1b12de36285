/**
 * Every error this package throws on purpose, in one table: `lib/errors.md` documents each code, and a test holds
 * the two together. The layers above throw through {@link metricsError}, so a code cannot exist outside the table.
 */

import { closestMatch } from './closest-match.js';
import { recognizeCopies } from './process-wide.js';

/** Code -> what it means, in one line. The documentation tells how to mend each. */
export const errorCodes = {
  ERR_METRICS_INVALID_NAME: 'A metric name is no valid Prometheus name.',
  ERR_METRICS_INVALID_HELP: 'A definition has no help text.',
  ERR_METRICS_INVALID_LABEL: 'A label of a definition has an invalid name or an invalid specification.',
  ERR_METRICS_RESERVED_LABEL: 'A label of a definition has a name that Prometheus keeps for itself.',
  ERR_METRICS_INVALID_BUCKETS: 'Histogram buckets are empty, not finite, unsorted or duplicated.',
  ERR_METRICS_INVALID_QUANTILES:
    'Summary quantiles are outside 0 to 1, unsorted or duplicated, or the window is invalid.',
  ERR_METRICS_INVALID_DEFINITION: 'A definition has an unknown or unusable option.',
  ERR_METRICS_DEFINITION_CONFLICT:
    'Two different definitions claim one name, or names that collide in the output.',
  ERR_METRICS_ALREADY_REGISTERED: 'A metric is registered twice through the string-keyed facade.',
  ERR_METRICS_UNKNOWN_METRIC: 'A name is used that no metric is registered under.',
  ERR_METRICS_WRONG_TYPE: 'A metric is used as another type than it has.',
  ERR_METRICS_INVALID_VALUE: 'A recorded number is NaN, infinite or no number.',
  ERR_METRICS_NEGATIVE_INCREMENT: 'A counter was asked to go down.',
  ERR_METRICS_UNKNOWN_LABEL: 'A recorded label is not among those the metric declares.',
  ERR_METRICS_LABEL_COUNT: 'Positional label values do not match the declared labels in number.',
  ERR_METRICS_INVALID_LABEL_VALUE: 'A label value is a symbol, an object or a function.',
  ERR_METRICS_INVALID_COLLECTOR: 'A collect option is no function.',
  ERR_METRICS_INVALID_OPTION: 'An option of a factory or a decorator cannot be used.',
  ERR_METRICS_INVALID_VIEW: 'A view does not fit its metric, or comes too late for it.',
  ERR_METRICS_INVALID_CONFIG: 'One or more environment variables cannot be used.',
  ERR_METRICS_LISTEN: 'The metrics server cannot listen on the configured host and port.',
  ERR_METRICS_INVALID_DECORATION: 'A decorator is applied to something that it cannot decorate.',
  ERR_METRICS_INVALID_MONITORING:
    'A rule, an SLO, a threshold or an option of the monitoring bundle does not fit what there is.',
  ERR_METRICS_NOT_KOA: 'Koa middleware is called by another framework.',
  ERR_METRICS_MISSING_PACKAGE: 'A package that only the monitoring bundle needs is not installed.',
  ERR_METRICS_BUNDLE_FOLDER: 'The folder of a monitoring bundle has files that are not its own.',
} as const;

export type MetricsErrorCode = keyof typeof errorCodes;

/**
 * An error of this package. `code` is stable and documented; `message` states the offender in backticks, what was
 * expected and what was received.
 */
export class MetricsError extends Error {
  readonly code: MetricsErrorCode;

  constructor(code: MetricsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

recognizeCopies(MetricsError, 'MetricsError');

// On the prototype, as the built-in errors have it: an own property would show in every printed error.
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

/** How a received value is shown in a message: short, on one line, quoted where it is text. */
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

/** The candidate nearest to `given`, for "did you mean"; `undefined` when nothing is near. */
export function nearest(given: string, candidates: Iterable<string>): string | undefined {
  return closestMatch(given, [...candidates], Math.max(2, Math.floor(given.length * 0.4)));
}

/** The end of an error about a misspelt name, with a space before it; empty when no candidate is near. */
export function didYouMean(given: string, candidates: Iterable<string>): string {
  const meant = nearest(given, candidates);
  return meant === undefined ? '' : ` Did you mean \`${meant}\`?`;
}
