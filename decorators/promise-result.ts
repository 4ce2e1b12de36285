/** Promises that are more than plain ones, observed when their caller subscribes and not before: nothing lazy is run. */
import { types } from 'node:util';
import type { AnyMethod, ObservedLife } from './streams/stream-life.js';
import { redefine } from './streams/stream-life.js';

// Of this realm's own promises, whoever has replaced the global.
const promisePrototype = Reflect.getPrototypeOf((async () => {})()) as Promise<unknown>;
const { then: nativeThen, constructor: nativeConstructor } = promisePrototype;

/** Whether a value is a promise with nothing beyond what the language gives it. */
export function isPlainPromise(value: unknown): value is Promise<unknown> {
  if (!types.isPromise(value) || Reflect.getPrototypeOf(value) !== promisePrototype) return false;
  // Symbols are no sign: `AsyncLocalStorage` leaves some on every promise.
  for (const _ in value) return false;
  return true;
}

export function followThenable(value: object, then: AnyMethod, life: ObservedLife): void {
  const hasNativeThen = types.isPromise(value) && isNativeThen(then);
  // `await` reads the `constructor` of a native promise, and asks for `then` only where that is another than `Promise`.
  if (hasNativeThen || (types.isPromise(value) && value.constructor === nativeConstructor)) {
    followSubscription(value as Promise<unknown>, life);
  }
  if (hasNativeThen) return;
  life.intercept(value, 'then', then, (original, self, [onFulfilled, onRejected, ...others]) => {
    // Behind a proxy it is called on the target.
    if (self !== value && !types.isProxy(value))
      return Reflect.apply(original, self, [onFulfilled, onRejected, ...others]);
    life.awaits();
    try {
      return Reflect.apply(original, self, [
        (result: unknown) => {
          life.fulfil(result);
          return typeof onFulfilled === 'function' ? onFulfilled(result) : result;
        },
        observedRejection(onRejected, life),
        ...others,
      ]);
    } catch (error) {
      life.fail(error);
      throw error;
    }
  });
}

/** `catch` may go past `then`. Its last argument is the handler: Bluebird takes classes of errors before it. */
export function observedCatch(args: readonly unknown[], life: ObservedLife): unknown[] {
  return [...args.slice(0, -1), observedRejection(args.at(-1), life)];
}

function observedRejection(onRejected: unknown, life: ObservedLife): (error: unknown) => unknown {
  return (error) => {
    life.fail(error);
    if (typeof onRejected === 'function') return onRejected(error);
    throw error;
  };
}

/**
 * Observes a native promise from the moment its caller subscribes: `then`, `catch`, `finally`, `await` and `Promise.all`
 * all read its `constructor` first. To subscribe before would hide a rejection that nobody handles.
 */
function followSubscription(promise: Promise<unknown>, life: ObservedLife): void {
  const given: unknown = promise.constructor;
  const undo = redefine(promise, 'constructor', {
    get: () => {
      undo();
      life.awaits();
      try {
        // So that `then` makes a native promise, and runs no constructor of a subclass.
        const restore = redefine(promise, 'constructor', { value: nativeConstructor, writable: true });
        nativeThen.call(promise, life.fulfil, life.fail);
        restore();
      } catch {
        // It has been frozen since.
        life.end();
      }
      return given;
    },
    // Else whoever assigned to it would get an error.
    set: (assigned: unknown) => {
      undo();
      Reflect.set(promise, 'constructor', assigned);
    },
  });
  life.undoing(undo);
}

const source = (method: unknown): string => Function.prototype.toString.call(method);

/** That of another realm is native too: Node's own promises are of the main one, also within Jest. */
function isNativeThen(then: AnyMethod): boolean {
  return then === nativeThen || source(then) === source(nativeThen);
}
