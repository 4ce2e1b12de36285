/**
 * Calls that are over but could not be ended because the stack was full. A call further up the stack ends them, or a
 * microtask on an empty stack.
 */
import { maxDepth, recording, recordingFailed } from './contained-observer.js';
import { fail, type ObservedCall } from './observed-call.js';

/** A linked list of them. A call is added by assignments alone, since a full stack does not allow a function call. */
export const unfinished: { first: ObservedCall | undefined } = { first: undefined };

/** The number of ends that have overflowed the stack since the list was last empty. */
let overflows = 0;

/** Ends that overflow more often recurse endlessly, and wait for an empty stack. */
const maxOverflows = 200;

/** Ends all of them. @throws RangeError on a stack overflow; the remaining calls are kept */
export function finish(): void {
  for (let call = unfinished.first; call !== undefined; call = unfinished.first) {
    if (overflows > maxOverflows) {
      queueMicrotask(finishOnEmptyStack);
      return;
    }
    unfinished.first = call.next;
    try {
      endUnfinished(call);
    } catch (overflow) {
      overflows += 1;
      call.next = unfinished.first;
      unfinished.first = call;
      throw overflow;
    }
  }
  overflows = 0;
}

/**
 * Ends all of them and drops those that fail: an end that overflows an empty stack recurses endlessly, and so do the calls
 * that it adds to the list meanwhile.
 */
export function finishOnEmptyStack(): void {
  overflows = 0;
  // Methods that a label source calls now are not observed: they would overflow the stack again.
  recording.depth += maxDepth + 1;
  let call = unfinished.first;
  while (call !== undefined) {
    unfinished.first = undefined;
    try {
      endUnfinished(call);
    } catch (error) {
      recordingFailed(error);
    }
    call = call.next;
  }
  unfinished.first = undefined;
  recording.depth -= maxDepth + 1;
}

function endUnfinished(call: ObservedCall): void {
  if (call.outcome !== 'success') fail(call, call.observer, call.started, call.error);
  else call.observer.end?.(call, call.started);
}
