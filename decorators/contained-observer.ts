/** Containment of observers that run user code: its errors, and the calls that it makes, must not affect the observed call. */
import { sharedRegistry } from '../lib/registry.js';
import type { CallObserver } from './observed-call.js';

/** The number of recordings in progress, each nested in the one before. */
export const recording = { depth: 0 };

/** Calls nested deeper than this are not recorded: a label source that calls its own method would be recorded endlessly. */
export const maxDepth = 8;

/** The same observer, whose functions throw only the RangeError of a stack overflow, after which they are retried. */
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
