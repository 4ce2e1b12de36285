/** The web's readable streams, observed where they are read: through readers, iteration, pipes and tees. */
import { Readable } from 'node:stream';
import { followIterator } from './iterator-result.js';
import type { ObservedLife } from './stream-life.js';

/** Whether somebody reads a stream already, or has: it is locked or disturbed. */
export function isSpent(stream: ReadableStream): boolean {
  return stream.locked || Readable.isDisturbed(stream as never);
}

export function followWebStream(stream: ReadableStream, life: ObservedLife): void {
  const { getReader, cancel, pipeTo, pipeThrough, tee } = stream;
  const iterate = stream[Symbol.asyncIterator];

  life.redefine(stream, 'getReader', function reader(this: ReadableStream, ...args: unknown[]) {
    const made = Reflect.apply(getReader, this, args) as ReadableStreamDefaultReader;
    followReader(made, life);
    return made;
  });
  const iterator = function iterator(this: ReadableStream, ...args: unknown[]) {
    const made = Reflect.apply(iterate, this, args) as object;
    if (life.isNew(made)) followIterator(made, life);
    return made;
  };
  life.redefine(stream, Symbol.asyncIterator, iterator);
  life.redefine(stream, 'values', iterator);
  life.redefine(stream, 'cancel', function cancelled(this: ReadableStream, ...args: unknown[]) {
    life.end();
    return Reflect.apply(cancel, this, args);
  });
  life.redefine(stream, 'pipeTo', function piped(this: ReadableStream, ...args: unknown[]) {
    // The inner pipe reads past the methods above, so an observing stage is put in front.
    const observed = Reflect.apply(pipeThrough, this, [observingStage(life)]) as ReadableStream;
    return Reflect.apply(pipeTo, observed, args);
  });
  life.redefine(stream, 'pipeThrough', function pipedThrough(this: ReadableStream, ...args: unknown[]) {
    const observed = Reflect.apply(pipeThrough, this, [observingStage(life)]) as ReadableStream;
    return Reflect.apply(pipeThrough, observed, args);
  });
  life.redefine(stream, 'tee', function teed(this: ReadableStream) {
    const observed = Reflect.apply(pipeThrough, this, [observingStage(life)]) as ReadableStream;
    return Reflect.apply(tee, observed, []);
  });
}

function followReader(reader: ReadableStreamDefaultReader, life: ObservedLife): void {
  const { read, cancel } = reader;
  life.redefine(reader, 'read', function readNext(this: unknown, ...args: unknown[]) {
    return (Reflect.apply(read, this, args) as Promise<{ done: boolean; value: unknown }>).then(
      (chunk) => {
        if (chunk.done) life.end();
        else life.item(chunk.value);
        return chunk;
      },
      (error: unknown) => {
        life.fail(error);
        throw error;
      },
    );
  });
  life.redefine(reader, 'cancel', function cancelled(this: unknown, ...args: unknown[]) {
    life.end();
    return Reflect.apply(cancel, this, args);
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
