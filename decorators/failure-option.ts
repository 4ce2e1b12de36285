/** The option `failure`: results that one decorator counts as failures. */
import type { Call } from './call.js';
import { failedResult, withOutcome } from './failed-result.js';
import type { CallObserver } from './observed-call.js';

/** The option of a decorator that can count a returned result as a failure. */
export interface FailureOption<C> {
  /**
   * Whether a call that returned, or whose promise was fulfilled, failed nevertheless: `({ result }) => !result.ok`. Its
   * outcome is then `failure` and its `errorType` `FailedResult`. If this function throws, the error is counted in
   * `metrics_recording_errors_total` and the call is a success. Default: `failure` of `@Instrumented`, else no result is a
   * failure.
   */
  failure?: (call: ReturnedCall<C>) => boolean;
}

/** A call that returned, and so has a result. */
export type ReturnedCall<C> =
  C extends Call<infer _This, infer _Args, infer Result> ? C & { readonly result: Result } : C;

/** An observer that sees the outcome which `failure` assigns to results. */
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
            // The first item of a stream arrives before there is a result to judge.
            if (call.result === undefined || judged(call).outcome === 'success') firstItem(call, started);
          },
        }),
  };
}
