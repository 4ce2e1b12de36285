/** Calls that return a result which counts as a failure. */
import type { Call } from './call.js';
import { declarationOf, declaredBy } from './declaration.js';
import { failsByClass, reportingRegistryOf } from './recording/class-settings.js';

/** The error of a call whose result counts as a failure. Its name is a string, since minified builds rename classes. */
export const failedResult: Error = Object.assign(new Error('The result of the call is a failure.'), {
  name: 'FailedResult',
});

/** Whether `@Instrumented({ failure })` treats the result of a call as a failure. */
export function isFailedByClass(call: Call): boolean {
  try {
    return failsByClass(call);
  } catch (error) {
    reportingRegistryOf(call).recordingFailed('@Instrumented', 'failure', error);
    return false;
  }
}

/** A copy of a call with another outcome, for the observers to which it applies. */
export function withOutcome(call: Call, outcome: Call['outcome'], error: unknown): Call {
  if (call.outcome === outcome) return call;
  const { instance, args, result, abandoned } = call;
  return { instance, args, result, error, outcome, abandoned, ...{ [declaredBy]: declarationOf(call) } };
}
