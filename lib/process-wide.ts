/**
 * State of which a process has one, however many copies of this package it loads: those of a bundle and of `node_modules`, of
 * two bundles, of a monorepo, or of a test runner that loads modules anew.
 */

/** Grows whenever copies of before and after a change could not use each other's state. */
const layout = 1;

function keyOf(name: string): symbol {
  return Symbol.for(`@tamma/observability/${layout}: ${name}`);
}

/** What was made under a name by whichever copy was loaded first. */
export function processWide<T>(name: string, make: () => T): T {
  const key = keyOf(name);
  const state = globalThis as { [key: symbol]: unknown };
  if (!Object.hasOwn(state, key)) Object.defineProperty(state, key, { value: make() });
  return state[key] as T;
}

/** A symbol that all copies have. */
export function processWideSymbol(name: string): symbol {
  return keyOf(name);
}

/** Makes `instanceof` hold for instances that another copy has made. Subclasses keep their own `instanceof`. */
export function recognizeCopies(ofClass: { readonly prototype: object }, name: string): void {
  const mark = keyOf(`instance of ${name}`);
  Object.defineProperty(ofClass.prototype, mark, { value: true });
  Object.defineProperty(ofClass, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      if (this !== ofClass) return Function.prototype[Symbol.hasInstance].call(this as () => void, value);
      return typeof value === 'object' && value !== null && mark in value;
    },
  });
}
