/**
 * Streams that report by events: emitters, Node's readable streams, and the event streams of the AI SDKs. They are observed
 * through their own methods and never by a listener: a listener for errors would count as handling them, and one for data
 * would start the flow.
 */
import type { Readable } from 'node:stream';
import type { AnyMethod, ObservedLife } from './stream-life.js';

/** An event emitter among the results: a userland stream, a cursor, readline, a subprocess. */
interface Emitter {
  on: unknown;
  emit: unknown;
}

const endEvents: ReadonlySet<unknown> = new Set(['end', 'close']);

export function isEmitter(value: object): value is Emitter {
  const { on, emit } = value as Partial<Emitter>;
  return typeof on === 'function' && typeof emit === 'function';
}

export function followEmitter(emitter: Emitter, life: ObservedLife): void {
  life.intercept(emitter, 'emit', emitter.emit as AnyMethod, (original, self, args) => {
    const [event, first] = args;
    // A duplex stream emits `finish` when its writable side ends; only its readable side ends the call.
    const isEnd = endEvents.has(event) || (event === 'finish' && !('pipe' in emitter));
    if (self === emitter && !life.isAwaited()) {
      if (event === 'data') life.item(first);
      else if (event === 'error') life.fail(first);
      else if (isEnd) life.end();
    }
    return Reflect.apply(original, self, args);
  });
}

/** The state flags of Node's streams and of streams modelled on them. */
interface StreamFlags {
  readonly destroyed?: unknown;
  readonly readableEnded?: unknown;
  readonly closed?: unknown;
  readonly errored?: unknown;
}

/** Whether a stream had ended or was destroyed before it was returned, and the error that destroyed it. */
export function nodeStreamState(value: object): { isOver: boolean; error: unknown } {
  const { destroyed, readableEnded, closed, errored } = value as StreamFlags;
  const isOver = readableEnded === true || destroyed === true || closed === true;
  return { isOver, error: errored ?? undefined };
}

export function followNodeStream(stream: Readable, life: ObservedLife): void {
  followEmitter(stream, life);
  // Every chunk goes through `push`; a `data` listener would start the flow, a `readable` listener would change it.
  const push: unknown = stream.push;
  life.intercept(stream, 'push', push as AnyMethod, (original, self, args) => {
    if (self === stream && args[0] !== null) life.item(args[0]);
    return Reflect.apply(original, self, args);
  });
}

/**
 * The part that Anthropic's and OpenAI's event streams (`messages.stream()`, `chat.completions.stream()`) share. They run
 * whether or not they are iterated. Recognized by shape, since no SDK is a dependency.
 */
interface EventStream {
  on(event: string, listener: unknown): unknown;
  abort(): void;
  _emit(event: string, ...args: unknown[]): void;
}

/** Events that carry an item of the API's response: Anthropic's, and those of OpenAI's chat completions and responses. */
const itemEvents: ReadonlySet<unknown> = new Set(['streamEvent', 'chunk', 'event']);

export function isEventStream(value: object): value is EventStream {
  const { on, abort, _emit } = value as Partial<Record<keyof EventStream, unknown>>;
  return typeof on === 'function' && typeof abort === 'function' && typeof _emit === 'function';
}

export function followEventStream(stream: EventStream, life: ObservedLife): void {
  life.intercept(stream, '_emit', stream._emit as AnyMethod, (original, self, args) => {
    const [event, first] = args;
    if (itemEvents.has(event)) life.item(first);
    else if (event === 'error') life.fail(first);
    // An abort is followed by `end`: the reader left.
    else if (event === 'end') life.end();
    return Reflect.apply(original, self, args);
  });
}
