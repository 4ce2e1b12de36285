/** The functions that the decorators made, with the original of each and its observers. */
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

/** The original and the observers of a decorated function, so that stacked decorators share one wrapper. */
export function observedBy(method: AnyFunction): ObservedFunction | undefined {
  return observedFunctions.get(method);
}

export function noteObserved(wrapper: AnyFunction, observed: ObservedFunction): void {
  observedFunctions.set(wrapper, observed);
}

/** A property of a class that holds a function: on the prototype, or on the class itself if it is static. */
export interface OwnFunction {
  readonly holder: object;
  readonly key: string | symbol;
  readonly value: AnyFunction;
  readonly isEnumerable: boolean;
}

/** The own functions of a class, instance members first. Getters are not called. */
function ownFunctions(target: AnyClass): OwnFunction[] {
  return [target.prototype, target].flatMap((holder) =>
    Reflect.ownKeys(holder).flatMap((key) => {
      const { value } = Reflect.getOwnPropertyDescriptor(holder, key) ?? {};
      const isEnumerable = Object.prototype.propertyIsEnumerable.call(holder, key);
      return typeof value === 'function' ? [{ holder, key, value, isEnumerable }] : [];
    }),
  );
}

/** The own methods of a class, without its constructor and without functions in fields. */
export function ownMethods(target: AnyClass): OwnFunction[] {
  // Methods of a class are not enumerable; static fields are.
  return ownFunctions(target).filter(
    ({ holder, key, isEnumerable }) => !isEnumerable && (key !== 'constructor' || 'prototype' in holder),
  );
}

/** Sets the declaring class of the decorated methods of a class, and calls `bind` with each of their observers. */
export function claimMethods(target: AnyClass, bind: (observer: CallObserver) => void): void {
  for (const { holder, value } of ownFunctions(target)) {
    const observed = observedBy(value);
    if (observed === undefined) continue;
    observed.declaration.holder ??= holder;
    for (const observer of observed.observers) bind(observer);
  }
}
