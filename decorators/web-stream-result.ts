/** The web's readable streams, observed where they are read: through readers, iteration, pipes and tees. */
import { Readable } from 'node:stream';
import { followIterator } from './iterator-result.js';
import type { AnyMethod, ObservedLife } from './stream-life.js';

/** Whether somebody reads a stream already, or has: it is locked or disturbed. */
export function isSpent(stream: ReadableStream): boolean {
  return stream.locked || Readable.isDisturbed(stream as never);
}

export function followWebStream(stream: ReadableStream, life: ObservedLife): void {
  const intercept = methodsOf(stream, life);
  intercept('getReader', (made) => followReader(made as ReadableStreamDefaultReader, life));
  for (const method of ['values', Symbol.asyncIterator] as const) {
    intercept(method, (made) => {
      if (life.isNew(made as object)) followIterator(made as object, life);
    });
  }
  intercept('cancel', () => life.end());
  // What is within pipes and tees reads past the methods above, so an observing stage is put in front.
  const { pipeThrough } = stream;
  for (const method of ['pipeTo', 'pipeThrough', 'tee'] as const) {
    life.intercept(stream, method, stream[method] as AnyMethod, (original, self, args) =>
      Reflect.apply(
        original,
        self === stream ? Reflect.apply(pipeThrough, stream, [observingStage(life)]) : self,
        args,
      ),
    );
  }
}

function followReader(reader: ReadableStreamDefaultReader, life: ObservedLife): void {
  const intercept = methodsOf(reader, life);
  intercept('read', (reading) =>
    (reading as Promise<{ done: boolean; value: unknown }>).then(
      (chunk) => {
        if (chunk.done) life.end();
        else life.item(chunk.value);
        return chunk;
      },
      (error: unknown) => {
        life.fail(error);
        throw error;
      },
    ),
  );
  intercept('cancel', () => life.end());
}

/** Lets `seen` look at what a method gives; what it makes of it, if anything, is given instead. */
function methodsOf<T extends object>(object: T, life: ObservedLife) {
  return (method: keyof T, seen: (made: unknown) => unknown): void =>
    life.intercept(object, method, object[method] as AnyMethod, (original, self, args) => {
      const made: unknown = Reflect.apply(original, self, args);
      return self === object ? (seen(made) ?? made) : made;
    });
}

/** Hands every chunk on and tells of it. */
function observingStage(life: ObservedLife): TransformStream {
  const stage = {
    transform(chunk: unknown, controller: TransformStreamDefaultController) {
      life.item(chunk);
      controller.enqueue(chunk);
    },
    flush: () => life.end(),
    // Where the reading side leaves early; known to newer versions of Node.
    cancel: () => life.end(),
  };
  return new TransformStream(stage);
}
