/** Generators, iterators and async iterables, observed step by step. */
import { types } from 'node:util';
import { contextRunner } from '../recording/context-labels.js';
import type { AnyMethod, ObservedLife } from './stream-life.js';

/** A sync or async iterator. All methods except `next` are optional. */
interface IteratorObject {
  next?: unknown;
  return?: unknown;
  throw?: unknown;
}

/** Observes the iterators that an async iterable returns. */
export function followIteration(value: object, iterate: AnyMethod, life: ObservedLife): void {
  life.intercept(value, Symbol.asyncIterator, iterate, (original, self, args) => {
    const made: unknown = Reflect.apply(original, self, args);
    const isIterator = self === value && typeof made === 'object' && made !== null;
    if (isIterator && life.isNew(made)) {
      try {
        followIterator(made, life);
      } catch {
        // A frozen iterator cannot be observed.
        life.end();
      }
    }
    return made;
  });
}

/** Observes each step of an iterator. */
export function followIterator(iterator: IteratorObject, life: ObservedLife): void {
  // The body of a generator runs in the context of its reader, but keeps the labels of its caller.
  const inContext = contextRunner();
  const step = (result: unknown): void => {
    if (typeof result !== 'object' || result === null) return;
    const { done, value } = result as { done?: unknown; value?: unknown };
    if (done === true) life.end();
    else life.item(value);
  };
  for (const method of ['next', 'return', 'throw'] as const) {
    const original = iterator[method];
    if (typeof original !== 'function') continue;
    life.intercept(iterator, method, original as AnyMethod, (run, self, args) =>
      inContext(() => {
        let result: unknown;
        try {
          result = life.run(() => Reflect.apply(run, self, args));
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
      }),
    );
  }
}

/**
 * Whether an object is its own iterator, and so may be read without `[Symbol.asyncIterator]()`. A cursor is not: it returns
 * generators, and `done` may be a property of its documents.
 */
export function iteratesItself(value: object, iterate: AnyMethod | undefined): boolean {
  if (typeof (value as IteratorObject).next !== 'function' || types.isGeneratorFunction(iterate))
    return false;
  // The call has no side effect: an iterator returns itself, and the generator of a cursor has not started.
  // Only a generator that is not async lacks it, and is recognized before.
  return Reflect.apply(iterate as AnyMethod, value, []) === value;
}
