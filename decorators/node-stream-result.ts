/** Node's readable streams, observed by listeners that change nothing: none starts the flow, none handles an error. */
import { errorMonitor } from 'node:events';
import type { Readable } from 'node:stream';
import type { ObservedLife } from './stream-life.js';

/** The flags that Node's streams, and those made after them, have in common. */
interface StreamFlags {
  readonly destroyed?: unknown;
  readonly readableEnded?: unknown;
  readonly closed?: unknown;
  readonly errored?: unknown;
}

/** Whether a stream has ended, or was destroyed, before it was returned, and by which error. */
export function nodeStreamState(value: object): { isOver: boolean; error: unknown } {
  const { destroyed, readableEnded, closed, errored } = value as StreamFlags;
  const isOver = readableEnded === true || destroyed === true || closed === true;
  return { isOver, error: errored ?? undefined };
}

export function followNodeStream(stream: Readable, life: ObservedLife): void {
  const { push } = stream;
  const listeners = {
    end: () => life.end(),
    // Destroyed early, or after its end: whichever comes first is told.
    close: () => life.end(),
    // Sees errors without handling them: one that nobody handles still ends the process.
    [errorMonitor]: (error: unknown) => life.fail(error),
  };
  for (const event of Reflect.ownKeys(listeners) as (keyof typeof listeners)[]) {
    const listener = listeners[event];
    stream.on(event, listener);
    life.undoing(() => stream.off(event, listener));
  }
  // Every chunk goes through `push`; a `data` listener would start the flow, a `readable` one would change it.
  life.redefine(stream, 'push', function pushed(this: Readable, chunk: unknown, encoding?: BufferEncoding) {
    if (chunk !== null) life.item(chunk);
    return push.call(this, chunk, encoding);
  });
}
