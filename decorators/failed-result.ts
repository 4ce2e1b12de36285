/** `failure`: calls that return, but whose result is a failure. */

import { sharedRegistry } from '../lib/registry.js';
import type { Call } from './call.js';
import { failsByClass, registryOf } from './class-settings.js';
import { declarationOf, declaredBy } from './declaration.js';
import type { CallObserver } from './observed-call.js';

/** Options of a decorator that can take a result for a failure. */
export interface FailureOption<C> {
  /**
   * Whether a call that returned, or whose promise was fulfilled, has failed all the same: `({ result }) => !result.ok`. Its
   * outcome is `failure` then, its `errorType` `FailedResult`. One that throws is counted in
   * `metrics_recording_errors_total`, and the call is a success. Default: that of `@Instrumented`, else no result is.
   */
  failure?: (call: C) => boolean;
}

/** The error of a call whose result is a failure. Its name is text: minified builds rename classes. */
export const failedResult: Error = Object.assign(new Error('The result of the call is a failure.'), {
  name: 'FailedResult',
});

/** An observer that sees the outcome that `failure` gives to results. */
export function judging(
  observer: CallObserver,
  failure: (call: Call) => boolean,
  failed: (call: Call, reason: string, error: unknown) => void,
): CallObserver {
  const { firstItem, end } = observer;
  const judged = (call: Call): Call => {
    const returned = call.outcome === 'success' || call.error === failedResult;
    if (!returned || call.abandoned) return call;
    try {
      return failure(call)
        ? withOutcome(call, 'failure', failedResult)
        : withOutcome(call, 'success', undefined);
    } catch (error) {
      failed(call, 'failure', error);
      return call;
    }
  };
  return {
    ...observer,
    ...(end === undefined ? {} : { end: (call, started) => end(judged(call), started) }),
    ...(firstItem === undefined
      ? {}
      : {
          firstItem: (call, started) => {
            // The first item of a stream comes before there is a result to judge.
            if (call.result === undefined || judged(call).outcome === 'success') firstItem(call, started);
          },
        }),
  };
}

/** Whether `@Instrumented({ failure })` takes the result of a call for a failure. */
export function isFailedByClass(call: Call): boolean {
  try {
    return failsByClass(call);
  } catch (error) {
    const registry = registryOf(call) ?? sharedRegistry;
    registry.recordingFailed('@Instrumented', 'failure', error);
    return false;
  }
}

/** A call with another outcome, for those observers only that see it so. */
export function withOutcome(call: Call, outcome: Call['outcome'], error: unknown): Call {
  if (call.outcome === outcome) return call;
  const { instance, args, result, abandoned } = call;
  return { instance, args, result, error, outcome, abandoned, ...{ [declaredBy]: declarationOf(call) } };
}
