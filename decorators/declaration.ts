/**
 * The class that declares a decorated method. It is known without `this`, so that a method passed as a handler still
 * belongs to its class.
 */
import type { Call } from './call.js';

/** The declaration of one decorated method, shared by its decorators. */
export interface Declaration {
  /** The prototype that has the method, or the class if the method is static. `undefined` until it is known. */
  holder: object | undefined;
  /** Looks for the holder in a prototype chain. */
  readonly learnFrom?: (start: object) => void;
}

/** The part of a call that is known before the call is made: its instance, if there is one. */
export type CallSite = Partial<Pick<Call, 'instance'>>;

/** The property in which a call keeps the declaration of its method. */
export const declaredBy: unique symbol = Symbol('declaredBy');

export function declarationOf(call: CallSite): Declaration | undefined {
  return (call as { readonly [declaredBy]?: Declaration })[declaredBy];
}

/**
 * The prototype or class in which the settings of a call are looked up: that of `this` if it is an instance of the
 * declaring class or of a subclass, else that of the declaring class.
 */
export function ownerOf(call: CallSite): unknown {
  const start = prototypeOf(call.instance);
  const holder = declarationOf(call)?.holder;
  return holder === undefined || derives(start, holder) ? start : holder;
}

/** The prototype of an instance; a class itself. */
export function prototypeOf(instance: unknown): unknown {
  if (typeof instance === 'function' || instance === null || instance === undefined) return instance;
  return Reflect.getPrototypeOf(Object(instance));
}

/** Whether `start` is `holder` or inherits from it. */
export function derives(start: unknown, holder: object): boolean {
  return start === holder || Object.prototype.isPrototypeOf.call(holder, Object(start));
}
