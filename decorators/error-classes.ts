/** Options that select errors by class: `errors` and `ignore`. */
import { invalidOption } from '../lib/option-names.js';
import type { Call } from './call.js';
import { failedResult, withOutcome } from './failed-result.js';
import type { CallObserver } from './observed-call.js';

/** A class of errors, abstract or not, as `errors` and `ignore` take it. */
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
  const invalid = Array.isArray(classes)
    ? classes.find((errorClass) => typeof errorClass !== 'function')
    : classes;
  if (Array.isArray(classes) && invalid === undefined) return;
  throw invalidOption(`@${decorator}`, option, 'a list of error classes such as [RateLimitError]', invalid);
}

/** An observer for which calls that end with an error of these classes are successes without a result. */
export function ignoring(observer: CallObserver, classes: readonly ErrorClass[]): CallObserver {
  const { end } = observer;
  if (end === undefined) return observer;
  return {
    ...observer,
    end: (call, started) =>
      end(endedWith(call, classes) ? withOutcome(call, 'success', undefined) : call, started),
  };
}
