/**
 * Results that go on after they are returned: generators, async generators, objects that are async iterable, Node's and
 * the web's readable streams, event streams of AI SDKs. They are observed in place, through their own methods: the very object is returned, and
 * whatever else it can do still works.
 */
import { Readable } from 'node:stream';
import { types } from 'node:util';
import { contextRunner } from './context-labels.js';
import { followEventStream, isEventStream } from './event-stream-result.js';
import { followNodeStream } from './node-stream-result.js';
import { type ObservedLife, redefine, type StreamLife, type Undo } from './stream-life.js';
import { followWebStream } from './web-stream-result.js';

/** Tells the life of a stream that nobody holds any more. What is held here does not hold the stream. */
const abandoned = new FinalizationRegistry<() => void>((abandon) => abandon());

/** Streams that are being observed. */
const followed = new WeakSet<object>();

/**
 * Observes a value that is a stream; `false` for any other, for one that cannot be observed (a frozen object), and for
 * one that is being observed for an earlier call: a stream that all calls share would gather them without end.
 */
export function followStream(value: object, life: StreamLife): boolean {
  const isGenerator = types.isGeneratorObject(value);
  if (!isGenerator && !isAsyncIterable(value)) return false;
  if (!Object.isExtensible(value) || followed.has(value)) return false;
  const once = onceOnly(value, life);
  if (isGenerator) followIterator(value as IteratorObject, value, once);
  else if (value instanceof Readable) followNodeStream(value, once);
  else if (isWebStream(value))
    followWebStream(value, once, (iterator) => followIterator(iterator as IteratorObject, value, once));
  else if (isEventStream(value)) followEventStream(value, once);
  else followIterable(value, once);
  return true;
}

/** The methods of an iterator, sync or async; all but `next` may be missing. */
interface IteratorObject {
  next?: unknown;
  return?: unknown;
  throw?: unknown;
}

function followIterable(value: object & { [Symbol.asyncIterator]: unknown }, life: ObservedLife): void {
  const iterate = value[Symbol.asyncIterator];
  if (typeof iterate !== 'function') return;
  // An object may be its own iterator, and be read without asking for one.
  const itself = value as IteratorObject;
  if (typeof itself.next === 'function') {
    followIterator(itself, value, life);
    return;
  }
  life.redefine(value, Symbol.asyncIterator, function iterator(this: unknown, ...args: unknown[]) {
    const made: unknown = Reflect.apply(iterate, this, args);
    if (typeof made === 'object' && made !== null) followIterator(made as IteratorObject, value, life);
    return made;
  });
}

/** Observes each step of an iterator. @param stream what the life is told of */
function followIterator(iterator: IteratorObject, stream: object, life: ObservedLife): void {
  if (!life.isNew(iterator)) return;
  // The body of a generator runs in the context of who reads it; it keeps the labels of who called it.
  const inContext = contextRunner();
  const { run } = life;
  const step = (result: unknown): void => {
    const { done, value } = (typeof result === 'object' && result !== null ? result : {}) as {
      done?: unknown;
      value?: unknown;
    };
    if (done === true) life.end(stream);
    else life.item(value);
  };
  for (const method of ['next', 'return', 'throw'] as const) {
    const original = iterator[method];
    if (typeof original !== 'function') continue;
    life.redefine(iterator, method, function stepped(this: unknown, ...args: unknown[]) {
      return inContext(() => {
        let result: unknown;
        try {
          const next = (): unknown => Reflect.apply(original, this, args);
          result = run === undefined ? next() : run(next);
        } catch (error) {
          life.fail(error);
          throw error;
        }
        if (!types.isPromise(result)) {
          step(result);
          return result;
        }
        return result.then(
          (settledResult) => {
            step(settledResult);
            return settledResult;
          },
          (error: unknown) => {
            life.fail(error);
            throw error;
          },
        );
      });
    });
  }
}

/** A life that is told of one end only, after which the stream is as it was. */
function onceOnly(stream: object, life: StreamLife): ObservedLife {
  const told = toldOnce(life);
  const undos: Undo[] = [];
  const iterators = new WeakSet<object>();
  const release = (): void => {
    followed.delete(stream);
    for (const undo of undos.splice(0).reverse()) undo();
  };
  followed.add(stream);
  abandoned.register(stream, told.abandon, told.token);
  return {
    run: life.run,
    item: told.item,
    end: (ended) => {
      told.end(ended);
      release();
    },
    fail: (error) => {
      told.fail(error);
      release();
    },
    abandon: told.abandon,
    redefine: (object, key, method) => {
      undos.push(redefine(object, key, method));
    },
    isNew: (iterator) => {
      if (told.hasEnded() || iterators.has(iterator)) return false;
      iterators.add(iterator);
      return true;
    },
  };
}

/**
 * What outlives the stream. It is a function of its own, since closures of one function share what they hold: none of
 * these may hold the stream, or it would never be garbage.
 */
function toldOnce(life: StreamLife) {
  const { everyItem } = life;
  let hasItem = false;
  let hasEnded = false;
  const inContext = contextRunner();
  const token = {};
  const ending = (tell: () => void): void => {
    if (hasEnded) return;
    hasEnded = true;
    abandoned.unregister(token);
    inContext(tell);
  };
  return {
    token,
    item: (item: unknown) => {
      if (hasEnded || (hasItem && everyItem !== true)) return;
      hasItem = true;
      inContext(() => life.item(item));
    },
    end: (stream: object) => ending(() => life.end(stream)),
    fail: (error: unknown) => ending(() => life.fail(error)),
    abandon: () => ending(life.abandon),
    hasEnded: () => hasEnded,
  };
}

function isAsyncIterable(value: object): value is object & { [Symbol.asyncIterator]: unknown } {
  try {
    return typeof (value as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator] === 'function';
  } catch {
    // A getter or a proxy that throws: its business, and no stream of ours.
    return false;
  }
}

function isWebStream(value: object): value is ReadableStream {
  // Asked only of async iterables: the global loads the web streams when it is first read.
  return value instanceof ReadableStream;
}
