/** Promises with more than the standard methods. They are observed once their caller subscribes, so that nothing lazy is run. */
import { types } from 'node:util';
import type { AnyMethod, ObservedLife } from './streams/stream-life.js';
import { redefine } from './streams/stream-life.js';

// Taken from an async function, since the global `Promise` may have been replaced.
const promisePrototype = Reflect.getPrototypeOf((async () => {})()) as Promise<unknown>;
const { then: nativeThen, constructor: nativeConstructor } = promisePrototype;

/** Whether a value is a native promise without properties of its own. */
export function isPlainPromise(value: unknown): value is Promise<unknown> {
  if (!types.isPromise(value) || Reflect.getPrototypeOf(value) !== promisePrototype) return false;
  // Symbol properties do not count: `AsyncLocalStorage` leaves some on every promise.
  for (const _ in value) return false;
  return true;
}

export function followThenable(value: object, then: AnyMethod, life: ObservedLife): void {
  const hasNativeThen = types.isPromise(value) && isNativeThen(then);
  // `await` reads the `constructor` of a native promise, and calls `then` only if that is not `Promise`.
  if (hasNativeThen || (types.isPromise(value) && value.constructor === nativeConstructor)) {
    followSubscription(value as Promise<unknown>, life);
  }
  if (hasNativeThen) return;
  life.intercept(value, 'then', then, (original, self, [onFulfilled, onRejected, ...others]) => {
    // Behind a proxy, `then` is called on the target.
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

/** `catch` may bypass `then`. Its last argument is the handler; Bluebird accepts error classes before it. */
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
 * all read its `constructor` first. Subscribing earlier would hide an unhandled rejection.
 */
function followSubscription(promise: Promise<unknown>, life: ObservedLife): void {
  const given: unknown = promise.constructor;
  const undo = redefine(promise, 'constructor', {
    get: () => {
      undo();
      life.awaits();
      try {
        // Without a constructor, `then` creates a native promise instead of running the constructor of a subclass.
        const restore = redefine(promise, 'constructor', {});
        nativeThen.call(promise, life.fulfil, life.fail);
        restore();
      } catch {
        // The promise was frozen meanwhile.
        life.end();
      }
      return given;
    },
    // Without a setter, assigning to `constructor` would throw.
    set: (assigned: unknown) => {
      undo();
      Reflect.set(promise, 'constructor', assigned);
    },
  });
  life.undoing(undo);
}

const source = (method: unknown): string => Function.prototype.toString.call(method);
const nativeSource = source(nativeThen);

/** The `then` of another realm is native too: within Jest, Node's own promises belong to the main realm. */
function isNativeThen(then: AnyMethod): boolean {
  return then === nativeThen || source(then) === nativeSource;
}
