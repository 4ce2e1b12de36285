/** Web streams, observed where they are read: by readers, iteration, pipes and tees. */
import { Readable } from 'node:stream';
import { types } from 'node:util';
import { followIterator } from './iterator-result.js';
import type { AnyMethod, ObservedLife } from './stream-life.js';

/** Whether a stream is being read or has been read from: it is locked or disturbed. */
export function isSpent(stream: ReadableStream): boolean {
  return stream.locked || Readable.isDisturbed(stream as never);
}

/** @param cancelled called when the reader leaves early */
export function followWebStream(
  stream: ReadableStream,
  life: ObservedLife,
  cancelled: () => void = life.end,
): void {
  const intercept = methodsOf(stream, life);
  intercept('getReader', (made) => followReader(made as ReadableStreamDefaultReader, life, cancelled));
  for (const method of ['values', Symbol.asyncIterator] as const) {
    intercept(method, (made) => {
      if (life.isNew(made as object)) followIterator(made as object, life);
    });
  }
  intercept('cancel', cancelled);
  // A pipe bypasses the methods above, so it gets a copy that reads through them.
  for (const method of ['pipeTo', 'pipeThrough'] as const) {
    life.intercept(stream, method, stream[method] as AnyMethod, (original, self, args) => {
      if (self !== stream || stream.locked) return Reflect.apply(original, self, args);
      const { copy, release } = readCopy(stream);
      try {
        const piped: unknown = Reflect.apply(original, copy, args);
        return types.isPromise(piped) ? piped.finally(release) : piped;
      } catch (error) {
        release();
        throw error;
      }
    });
  }
  intercept('tee', (branches) => {
    let open = 2;
    for (const branch of branches as ReadableStream[]) {
      followWebStream(branch, life, () => {
        open -= 1;
        if (open === 0) cancelled();
      });
    }
  });
}

function followReader(reader: ReadableStreamDefaultReader, life: ObservedLife, cancelled: () => void): void {
  const intercept = methodsOf(reader, life);
  let isReleased = false;
  intercept('read', (reading) =>
    (reading as Promise<{ done: boolean; value: unknown }>).then(
      (chunk) => {
        if (chunk.done) life.end();
        else life.item(chunk.value);
        return chunk;
      },
      (error: unknown) => {
        // The pending read of a released reader is rejected although the stream is intact.
        if (!isReleased) life.fail(error);
        throw error;
      },
    ),
  );
  intercept('releaseLock', () => {
    isReleased = true;
  });
  intercept('cancel', cancelled);
}

/** Passes the result of a method to `seen`; what that returns, if anything, replaces the result. */
function methodsOf<T extends object>(object: T, life: ObservedLife) {
  return (method: keyof T, seen: (made: unknown) => unknown): void =>
    life.intercept(object, method, object[method] as AnyMethod, (original, self, args) => {
      const made: unknown = Reflect.apply(original, self, args);
      return self === object ? (seen(made) ?? made) : made;
    });
}

/** A copy of a stream that reads the original chunk by chunk, on demand. */
function readCopy(stream: ReadableStream): { copy: ReadableStream; release: () => void } {
  const reader = stream.getReader();
  const copy = new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return { copy, release: () => reader.releaseLock() };
}
