/** Observers that run code of the user's: what that throws, and what it calls, must not reach the call it is about. */
import { sharedRegistry } from '../lib/registry.js';
import type { CallObserver } from './observed-call.js';

/** How many recordings are in progress, each within the one before. */
export const recording = { depth: 0 };

/** A label source that calls its own method would be recorded without end: calls nested deeper are not recorded. */
export const maxDepth = 8;

/** The same observer, whose functions throw nothing but the RangeError of a full stack: they are tried again then. */
export function contained(observer: CallObserver): CallObserver {
  if (observer.isPlain) return observer;
  const { start, firstItem, item, end } = observer;
  return {
    ...observer,
    ...(start === undefined
      ? {}
      : {
          start: (call) => {
            recording.depth += 1;
            try {
              return start(call);
            } catch (error) {
              contain(error);
              return undefined;
            } finally {
              recording.depth -= 1;
            }
          },
        }),
    ...(firstItem === undefined ? {} : { firstItem: containedRecording(firstItem) }),
    ...(end === undefined ? {} : { end: containedRecording(end) }),
    ...(item === undefined
      ? {}
      : {
          item: (call, started, value) => {
            recording.depth += 1;
            try {
              item(call, started, value);
            } catch (error) {
              contain(error);
            } finally {
              recording.depth -= 1;
            }
          },
        }),
  };
}

type Recording = NonNullable<CallObserver['end']>;

function containedRecording(record: Recording): Recording {
  return (call, started) => {
    recording.depth += 1;
    try {
      record(call, started);
    } catch (error) {
      contain(error);
    } finally {
      recording.depth -= 1;
    }
  };
}

function contain(error: unknown): void {
  if (error instanceof RangeError) throw error;
  recordingFailed(error);
}

export function recordingFailed(error: unknown): void {
  sharedRegistry.recordingFailed('decorated method', 'recording', error);
}
