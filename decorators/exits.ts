/**
 * Methods that consume a query, a cursor or an SDK's promise without `then`, `next` or iteration: `asResponse()`, `exec()`,
 * `toArray()`, `stream()`. They are not recognized by name: every method that returns a promise or a stream counts.
 */
import { EventEmitter } from 'node:events';
import { types } from 'node:util';
import { isPlainPromise, observedCatch } from './promise-result.js';
import type { AnyMethod, ObservedLife } from './streams/stream-life.js';

/** Classes with more methods than this build queries. Only their usual exits are observed, since each observed method costs. */
const maxMethods = 64;
const usualExits: ReadonlySet<string> = new Set(['catch', 'exec', 'stream', 'cursor', 'asCallback']);

/** Methods that return one item, or `null` at the end. */
const step = /^(tryNext|next|read)(Sync)?$/;
const closing = /^(close|destroy)/i;

/** Methods that do not consume a result: `then` and iteration are observed elsewhere, events by `emit`. */
const ignoredMethods: ReadonlySet<string> = new Set(['constructor', 'then', 'emit', 'hasNext']);
const ignoredPrototypes: ReadonlySet<unknown> = new Set([
  Object.prototype,
  Promise.prototype,
  EventEmitter.prototype,
  Function.prototype,
]);

export function followExits(
  value: object,
  life: ObservedLife,
  follow: (result: object, life: ObservedLife) => void,
): void {
  for (const [name, method] of exitsOf(value)) {
    life.intercept(value, name, method, (original, self, args) => {
      if (self !== value) return Reflect.apply(original, self, args);
      if (closing.test(name)) life.end();
      const result: unknown = Reflect.apply(
        original,
        self,
        name === 'catch' ? observedCatch(args, life) : args,
      );
      if (step.test(name)) return followedStep(result, life);
      // A result that is awaited already decides the end: what this exit returns adds nothing.
      if (!life.isAwaited() && isObject(result) && result !== value) follow(result, life);
      return result;
    });
  }
}

function followedStep(result: unknown, life: ObservedLife): unknown {
  const seen = (item: unknown): unknown => {
    if (item === null || item === undefined) life.end();
    else life.item(item);
    return item;
  };
  if (!isPlainPromise(result)) return isObject(result) ? result : seen(result);
  return result.then(seen, (error: unknown) => {
    life.fail(error);
    throw error;
  });
}

/** Own and inherited methods. Getters are not called. */
function exitsOf(value: object): [string, AnyMethod][] {
  const found = new Map<string, AnyMethod>();
  for (
    let at: object | null = value;
    at !== null && !ignoredPrototypes.has(at);
    at = Reflect.getPrototypeOf(at)
  ) {
    for (const name of Object.getOwnPropertyNames(at)) {
      const method: unknown = Reflect.getOwnPropertyDescriptor(at, name)?.value;
      if (typeof method !== 'function' || found.has(name) || ignoredMethods.has(name)) continue;
      if (!types.isProxy(method) && !isClass(method)) found.set(name, method as AnyMethod);
    }
  }
  const exits = [...found];
  return exits.length <= maxMethods ? exits : exits.filter(([name]) => usualExits.has(name));
}

/** A class stored in a property is not a method, and its identity must be preserved. */
function isClass(value: object): boolean {
  return Reflect.getOwnPropertyDescriptor(value, 'prototype')?.writable === false;
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
