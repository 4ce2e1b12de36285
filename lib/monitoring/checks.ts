/** Checks of the bundle's options, which may come from a file that no compiler has read. */
import { didYouMean } from '../errors.js';
import { monitoringError } from './promql/expression.js';

/** @throws ERR_METRICS_INVALID_MONITORING unless `valid` */
export function check(
  valid: boolean,
  what: string,
  expected: string,
  received: unknown,
  hint?: string,
): asserts valid {
  if (!valid) throw monitoringError(what, expected, received, hint);
}

/** @throws ERR_METRICS_INVALID_MONITORING, with the value that may be meant */
export function checkOneOf<T extends string>(
  value: unknown,
  allowed: readonly T[],
  what: string,
  expected = `one of ${allowed.join(', ')}`,
): asserts value is T {
  const hint = typeof value === 'string' ? didYouMean(value, allowed).trimStart() : '';
  check((allowed as readonly unknown[]).includes(value), what, expected, value, hint);
}

/** Checks that `given` is an object and that all its keys are known. @throws ERR_METRICS_INVALID_MONITORING */
export function checkKeys(
  given: unknown,
  known: readonly string[],
  what: { readonly whole: string; readonly key: string },
): void {
  check(isObject(given), what.whole, `{ ${known.map((key) => `${key}?`).join(', ')} }`, given);
  for (const key of Object.keys(given)) checkOneOf(key, known, what.key);
}

/** Whether a value is an http or https URL. */
export function isHttpUrl(value: unknown): value is string {
  return typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
