/** The functions that the decorators made: what they stand for, and who observes them. */

import { processWide } from '../lib/process-wide.js';
import type { Declaration } from './declaration.js';
import type { AnyClass } from './metadata.js';
import type { AnyFunction, CallObserver } from './observed-call.js';

interface ObservedFunction {
  readonly original: AnyFunction;
  readonly observers: readonly CallObserver[];
  readonly declaration: Declaration;
}

const observedFunctions = processWide(
  'observed functions',
  () => new WeakMap<AnyFunction, ObservedFunction>(),
);

/** What a function of ours stands for: stacked decorators then share one wrapper. `undefined` for any other. */
export function observedBy(method: AnyFunction): ObservedFunction | undefined {
  return observedFunctions.get(method);
}

export function noteObserved(wrapper: AnyFunction, observed: ObservedFunction): void {
  observedFunctions.set(wrapper, observed);
}

/** Whether a function carries a decorator. */
export function isInstrumented(method: AnyFunction | undefined): boolean {
  return method !== undefined && observedFunctions.has(method);
}

/** The method that an object has as its own under a key; `undefined` for a getter, a field or the constructor. */
export function methodOn(holder: object, key: string | symbol): AnyFunction | undefined {
  const descriptor = Reflect.getOwnPropertyDescriptor(holder, key);
  // Methods of a class are not enumerable, its static fields are, whatever they hold.
  if (descriptor === undefined || descriptor.enumerable === true || typeof descriptor.value !== 'function')
    return undefined;
  if (key === 'constructor' && !('prototype' in holder)) return undefined;
  return descriptor.value;
}

/** Makes the decorated methods of a class ready: they learn their class, and `bind` is called with the observers. */
export function claimMethods(target: AnyClass, bind: (observer: CallObserver) => void): void {
  for (const holder of [target.prototype, target]) {
    for (const key of Reflect.ownKeys(holder)) {
      const method: unknown = Reflect.getOwnPropertyDescriptor(holder, key)?.value;
      const observed =
        typeof method === 'function' ? observedFunctions.get(method as AnyFunction) : undefined;
      if (observed === undefined) continue;
      observed.declaration.holder ??= holder;
      for (const observer of observed.observers) bind(observer);
    }
  }
}
