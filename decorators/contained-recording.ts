/** What is thrown while a call is recorded, kept from its caller. */
import { sharedRegistry } from '../lib/registry.js';

/** Recordings for which the stack had no room. */
const unfinished: (() => void)[] = [];
let isScheduled = false;

/** Lets what is unfinished be done once the stack is empty. @throws RangeError where there is no room for that either */
export function finishSoon(): void {
  if (unfinished.length === 0 || isScheduled) return;
  queueMicrotask(finish);
  isScheduled = true;
}

/**
 * Takes what was thrown by a recording. If the stack was full, the recording is made up for once there is room; anything
 * else is counted in `metrics_recording_errors_total`.
 */
export function contained(error: unknown, again?: () => void): void {
  // First and without a call, for which there may be no room.
  const isOverflow = error instanceof RangeError;
  if (isOverflow && again !== undefined) unfinished.push(again);
  try {
    if (!isOverflow) sharedRegistry.recordingFailed('decorated method', 'recording', error);
    finishSoon();
  } catch {
    // No room to schedule either: a call further up, or the next one that finds none, does.
  }
}

function finish(): void {
  isScheduled = false;
  for (const again of unfinished.splice(0)) {
    try {
      again();
    } catch (error) {
      sharedRegistry.recordingFailed('decorated method', 'recording', error);
    }
  }
}
