/** Options that name errors by their classes. */
import { metricsError, shown } from '../lib/errors.js';
import type { Call } from './call.js';
import { failedResult, withOutcome } from './failed-result.js';
import type { CallObserver } from './observed-call.js';

/** Any class of errors, abstract ones included. */
export type ErrorClass = abstract new (...args: never[]) => unknown;

/** Whether a call ended with an error of one of these classes. */
export function endedWith(call: Call, classes: readonly ErrorClass[]): boolean {
  return (
    call.outcome !== 'success' &&
    call.error !== failedResult &&
    classes.some((errorClass) => call.error instanceof errorClass)
  );
}

/** @throws ERR_METRICS_INVALID_OPTION for anything but a list of classes */
export function checkErrorClasses(decorator: string, option: string, classes: unknown): void {
  const odd = Array.isArray(classes)
    ? classes.find((errorClass) => typeof errorClass !== 'function')
    : classes;
  if (Array.isArray(classes) && odd === undefined) return;
  throw metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`${option}\` of @${decorator}: expected a list of error classes such as [RateLimitError], received ${shown(odd)}.`,
  );
}

/** An observer to which errors of these classes are no failures: their calls ended in success, without a result. */
export function ignoring(observer: CallObserver, classes: readonly ErrorClass[]): CallObserver {
  const { end } = observer;
  if (end === undefined) return observer;
  return {
    ...observer,
    end: (call, started) =>
      end(endedWith(call, classes) ? withOutcome(call, 'success', undefined) : call, started),
  };
}
