/**
 * Results that go on after they are returned: generators, async generators, objects that are async iterable, Node's and
 * the web's readable streams. They are observed in place, through their own methods: the very object is returned, and
 * whatever else it can do still works.
 */
import { Readable } from 'node:stream';
import { types } from 'node:util';
import { contextRunner } from './context-labels.js';
import { followNodeStream } from './node-stream-result.js';
import { redefine, type StreamLife } from './stream-life.js';
import { followWebStream } from './web-stream-result.js';

/** Tells the life of a stream that nobody holds any more. What is held here does not hold the stream. */
const abandoned = new FinalizationRegistry<StreamLife>((life) => life.abandon());

/** Observes a value that is a stream; `false` for any other, and for one that cannot be observed (a frozen object). */
export function followStream(value: object, life: StreamLife): boolean {
  const isGenerator = types.isGeneratorObject(value);
  if (!isGenerator && !isAsyncIterable(value)) return false;
  if (!Object.isExtensible(value)) return false;
  const once = onceOnly(value, life);
  if (isGenerator) followIterator(value as IteratorObject, value, once);
  else if (value instanceof Readable) followNodeStream(value, once);
  else if (isWebStream(value))
    followWebStream(value, once, (iterator) => followIterator(iterator as IteratorObject, value, once));
  else followIterable(value, once);
  return true;
}

/** The methods of an iterator, sync or async; all but `next` may be missing. */
interface IteratorObject {
  next?: unknown;
  return?: unknown;
  throw?: unknown;
}

function followIterable(value: object & { [Symbol.asyncIterator]: unknown }, life: StreamLife): void {
  const iterate = value[Symbol.asyncIterator];
  if (typeof iterate !== 'function') return;
  // An object may be its own iterator, and be read without asking for one.
  const itself = value as IteratorObject;
  if (typeof itself.next === 'function') {
    followIterator(itself, value, life);
    return;
  }
  redefine(value, Symbol.asyncIterator, function iterator(this: unknown, ...args: unknown[]) {
    const made: unknown = Reflect.apply(iterate, this, args);
    if (typeof made === 'object' && made !== null) followIterator(made as IteratorObject, value, life);
    return made;
  });
}

/** Observes each step of an iterator. @param stream what the life is told of */
function followIterator(iterator: IteratorObject, stream: object, life: StreamLife): void {
  // The body of a generator runs in the context of who reads it; it keeps the labels of who called it.
  const inContext = contextRunner();
  const step = (result: unknown): void => {
    if (typeof result === 'object' && result !== null && 'done' in result && result.done === true)
      life.end(stream);
    else life.item();
  };
  for (const method of ['next', 'return', 'throw'] as const) {
    const original = iterator[method];
    if (typeof original !== 'function') continue;
    redefine(iterator, method, function stepped(this: unknown, ...args: unknown[]) {
      return inContext(() => {
        let result: unknown;
        try {
          result = Reflect.apply(original, this, args);
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

/** A life that is told of the first item and of one end only, and of an end nobody saw. */
function onceOnly(stream: object, life: StreamLife): StreamLife {
  let hasItem = false;
  let hasEnded = false;
  const inContext = contextRunner();
  const ending = (tell: () => void): void => {
    if (hasEnded) return;
    hasEnded = true;
    abandoned.unregister(token);
    inContext(tell);
  };
  const once: StreamLife = {
    item: () => {
      if (hasItem || hasEnded) return;
      hasItem = true;
      inContext(life.item);
    },
    end: (ended) => ending(() => life.end(ended)),
    fail: (error) => ending(() => life.fail(error)),
    abandon: () => ending(life.abandon),
  };
  const token = once;
  abandoned.register(stream, once, token);
  return once;
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
