/** Where a decorated method stands: the names its calls are labelled with. */
import { ownName } from './class-settings.js';
import type { AnyFunction } from './observed-call.js';
import { observedBy } from './observed-functions.js';

/** Where a decorator stands. */
export interface MethodSite {
  /** Name of the method, `#` included where it is private. */
  readonly method: string;
  readonly private: boolean;
  /** Name of the class that declares the method, told from a call's `this`. */
  readonly className: (instance: unknown) => string;
}

export interface StandardContext {
  readonly kind: string;
  readonly name: string | symbol;
  readonly static?: boolean;
  readonly private?: boolean;
  /** Set by `instrument`: there is no class. */
  readonly function?: boolean;
}

export function isStandardContext(value: unknown): value is StandardContext {
  return typeof value === 'object' && value !== null && 'kind' in value && 'name' in value;
}

/**
 * A standard decorator is not told its class. The class is found from the first `this`: it is the one on whose prototype
 * the method stands.
 */
export function standardSite(context: StandardContext, itself: () => AnyFunction): MethodSite {
  const isStatic = context.static === true;
  if (context.function === true)
    return { method: memberName(context.name), private: false, className: () => '' };
  // Nearly every call comes from the same class as the one before.
  let lastStart: unknown;
  let lastName = '';
  return {
    method: memberName(context.name),
    private: context.private === true,
    className: (instance) => {
      const start: unknown = isStatic ? instance : Reflect.getPrototypeOf(Object(instance));
      if (start !== lastStart || lastName === '') {
        const declaring = holderOf(start, context.name, itself()) ?? start;
        lastName = isStatic ? nameOf(declaring) : classNameOf(declaring);
        lastStart = start;
      }
      return lastName;
    },
  };
}

export function legacySite(target: unknown, key: string | symbol): MethodSite {
  // Asked at each call: `@Instrumented({ name })` is heard after its methods.
  return {
    method: memberName(key),
    private: false,
    className: () => (isFunction(target) ? nameOf(target) : classNameOf(target)),
  };
}

/** The object of the prototype chain that has the method, or a function made of it, as its own. */
function holderOf(start: unknown, key: string | symbol, method: AnyFunction): object | undefined {
  for (
    let at = start;
    at !== null && (typeof at === 'object' || typeof at === 'function');
    at = Reflect.getPrototypeOf(at as object)
  ) {
    const value: unknown = Reflect.getOwnPropertyDescriptor(at as object, key)?.value;
    if (value === method) return at as object;
    const around = isFunction(value) ? observedBy(value) : undefined;
    if (around !== undefined && around.original === observedBy(method)?.original) return at as object;
  }
  return undefined;
}

function classNameOf(prototype: unknown): string {
  const owner: unknown =
    typeof prototype === 'object' && prototype !== null ? prototype.constructor : undefined;
  return nameOf(owner);
}

export function nameOf(value: unknown): string {
  const name: unknown = isFunction(value) ? (ownName(value) ?? value.name) : undefined;
  return typeof name === 'string' && name !== '' ? name : 'anonymous';
}

function memberName(key: string | symbol): string {
  return typeof key === 'symbol' ? (key.description ?? 'symbol') : key;
}

export function isFunction(value: unknown): value is AnyFunction & { name: string } {
  return typeof value === 'function';
}
