/**
 * Calls that are over and have not ended, since the stack had no room for it: they are ended by a call further up, or on an
 * empty stack.
 */
import { maxDepth, recording, recordingFailed } from './contained-observer.js';
import { fail, type ObservedCall } from './observed-call.js';

/** The first of them; each holds the next. A call is put here by assignments alone: the stack has no room for a function. */
export const unfinished: { first: ObservedCall | undefined } = { first: undefined };

/** How often an end has overflowed the stack since all had ended. */
let overflows = 0;

/** Ends that overflow more often are endless themselves, and wait for an empty stack. */
const maxOverflows = 200;

/** Ends them. @throws RangeError where the stack is full; the rest is kept */
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
 * Ends them for good: what overflows an empty stack is an endless recursion of its own, and so are the calls that it leaves
 * unfinished meanwhile.
 */
export function finishOnEmptyStack(): void {
  overflows = 0;
  // A method that a label source calls now is not observed, or it would overflow the stack again.
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
