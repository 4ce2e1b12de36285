/** Node's readable streams, observed without a listener: none starts the flow, none handles an error. */
import type { Readable } from 'node:stream';
import { followEmitter } from './emitter-result.js';
import type { AnyMethod, ObservedLife } from './stream-life.js';

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
  followEmitter(stream, life);
  // Every chunk goes through `push`; a `data` listener would start the flow, a `readable` one would change it.
  const push: unknown = stream.push;
  life.intercept(stream, 'push', push as AnyMethod, (original, self, args) => {
    if (self === stream && args[0] !== null) life.item(args[0]);
    return Reflect.apply(original, self, args);
  });
}
