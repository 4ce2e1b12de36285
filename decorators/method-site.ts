/** The class that declares a decorated method, and the names with which its calls are labelled. */
import { type CallSite, type Declaration, derives, prototypeOf } from './declaration.js';
import type { AnyFunction } from './observed-call.js';
import { observedBy } from './observed-functions.js';
import { ownName, settingsVersion } from './recording/class-settings.js';

/** The method that a decorator is applied to. */
export interface MethodSite {
  /** Name of the method, with its `#` if it is private. */
  readonly method: string;
  readonly private: boolean;
  /** Name of the class that declares the method. */
  readonly className: (call: CallSite) => string;
}

/** The members of a standard decorator's context that are read. `instrument` passes fewer of them than a compiler. */
export interface StandardContext {
  readonly kind: string;
  readonly name: string | symbol;
  readonly static?: boolean;
  readonly private?: boolean;
  readonly metadata?: object;
  readonly addInitializer?: (initializer: (this: object) => void) => void;
  /** Set by `instrument`: the function belongs to no class. */
  readonly function?: boolean;
}

export function isStandardContext(value: unknown): value is StandardContext {
  return typeof value === 'object' && value !== null && 'kind' in value && 'name' in value;
}

export function standardSite(context: StandardContext, declaration: Declaration): MethodSite {
  const className = context.function === true ? () => '' : declaringClassName(declaration);
  return { method: memberName(context.name), private: context.private === true, className };
}

export function legacySite(key: string | symbol, declaration: Declaration): MethodSite {
  return { method: memberName(key), private: false, className: declaringClassName(declaration) };
}

/**
 * A standard decorator does not receive its class. The class of a static method is known when the class is defined, that of
 * an instance method when the first instance is constructed, or earlier if the class has `@Instrumented`.
 */
export function standardDeclaration(context: StandardContext, method: () => AnyFunction): Declaration {
  let isCertain = false;
  const learnFrom = (start: object): void => {
    const found =
      context.static === true ? (isFunction(start) ? start : undefined) : holderOf(start, context, method());
    if (found === undefined) return;
    declaration.holder = found;
    isCertain = true;
  };
  const declaration: Declaration = { holder: undefined, learnFrom };
  context.addInitializer?.(function learn() {
    if (isCertain) return;
    const start = prototypeOf(this) as object;
    learnFrom(start);
    declaration.holder = commonAncestor(declaration.holder, start);
  });
  return declaration;
}

/** The object in a prototype chain that declares a method; `undefined` if the chain does not show it. */
function holderOf(start: object, context: StandardContext, method: AnyFunction): object | undefined {
  const { name, metadata } = context;
  const chain = chainOf(start);
  const original = observedBy(method)?.original;
  const withMethod = chain.filter((at) => Object.hasOwn(at, name));
  return (
    chain.find((at) => metadata !== undefined && metadataOf(at) === metadata) ??
    withMethod.find((at) => {
      const value: unknown = Reflect.getOwnPropertyDescriptor(at, name)?.value;
      return isFunction(value) && observedBy(value)?.original === original;
    }) ??
    // Wrapped by a third-party decorator: overrides come earlier in the chain, so the last one declares it.
    withMethod.at(-1)
  );
}

function chainOf(start: object): object[] {
  const parent = Reflect.getPrototypeOf(start);
  return parent === null || parent === Object.prototype ? [start] : [start, ...chainOf(parent)];
}

/** The decorator metadata (`Symbol.metadata`) of the class of a prototype. */
function metadataOf(prototype: object): unknown {
  const key: unknown = Reflect.get(Symbol, 'metadata') ?? Symbol.for('Symbol.metadata');
  const owner: unknown = prototype.constructor;
  return isFunction(owner) ? Reflect.getOwnPropertyDescriptor(owner, key as symbol)?.value : undefined;
}

/** The nearest prototype shared by all instances seen: the class that declares their `#private` method, or a subclass. */
function commonAncestor(known: object | undefined, start: object): object {
  let common = known ?? start;
  while (!derives(start, common)) common = Reflect.getPrototypeOf(common) ?? Object.prototype;
  return common;
}

/** Caches the name until a class gets settings by `@Instrumented`, which may rename it. */
function declaringClassName(declaration: Declaration): (call: CallSite) => string {
  let known: object | undefined;
  let name = '';
  let version: number | undefined;
  return ({ instance }) => {
    const start = declaration.holder === undefined ? prototypeOf(instance) : undefined;
    if (typeof start === 'object' && start !== null) declaration.learnFrom?.(start);
    // No instance was constructed yet: fall back to the class of `this`.
    const holder = declaration.holder ?? (start as object | undefined);
    if (holder !== known || version !== settingsVersion()) {
      known = holder;
      version = settingsVersion();
      name = nameOf(isFunction(holder) ? holder : holder?.constructor);
    }
    return name;
  };
}

export function nameOf(value: unknown): string {
  if (!isFunction(value)) return 'anonymous';
  return ownName(value) ?? (sourceName(value.name) || 'anonymous');
}

/**
 * The name in the source if a bundler changed it: esbuild renames a class that refers to itself to `_Repo` and an anonymous
 * one to `_a`; rollup renames the second class of a name to `Repo$1`.
 */
function sourceName(name: string): string {
  return /^_[a-z]\d*$/.test(name) ? '' : name.replace(/^_(?=[A-Z])|\$\d+$/g, '');
}

function memberName(key: string | symbol): string {
  return typeof key === 'symbol' ? (key.description ?? 'symbol') : key;
}

export function isFunction(value: unknown): value is AnyFunction & { name: string } {
  return typeof value === 'function';
}
