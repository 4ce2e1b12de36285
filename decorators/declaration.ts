/**
 * The class that declares a decorated method: known without `this`, so that a method passed on as a handler still belongs
 * to its class.
 */
import type { Call } from './call.js';

/** One for each decorated method, shared by its decorators. */
export interface Declaration {
  /** The prototype that has the method, or the class where the method is static. `undefined` until it is known. */
  holder: object | undefined;
  /** Looks for the holder in a prototype chain. */
  readonly learnFrom?: (start: object) => void;
}

/** What is known of a call before it is made. */
export type CallSite = Pick<Call, 'instance'>;

/** Where a call keeps the declaration of its method. */
export const declaredBy: unique symbol = Symbol('declaredBy');

export function declarationOf(call: CallSite): Declaration | undefined {
  return (call as { readonly [declaredBy]?: Declaration })[declaredBy];
}

/**
 * The prototype, or the class, to look up what is set for a call: that of `this` where it is of the declaring class or a
 * subclass, else that of the declaring class.
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
