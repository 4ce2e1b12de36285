/**
 * One decorator function for both modes: standard decorators (TypeScript 5 and later) call it with a method and a
 * context, legacy ones (`experimentalDecorators`) with a target, a key and a descriptor. Told apart by the second
 * argument.
 */
import { metricsError } from '../lib/errors.js';
import { addMetric, type MethodMetric, takeOver } from './metadata.js';
import { type AnyFunction, type CallObserver, observedFunction } from './observed-call.js';

export type Method<This, Args extends unknown[], Result> = (this: This, ...args: Args) => Result;

/**
 * A method decorator for both modes. One signature over a union of argument lists and not two overloads: only so does
 * TypeScript infer `This`, `Args` and `Result` from the decorated method in both.
 */
export type DualModeMethodDecorator<This, Args extends unknown[], Result> = (
  ...at:
    | [
        method: Method<This, Args, Result>,
        context: ClassMethodDecoratorContext<This, Method<This, Args, Result>>,
      ]
    | [target: This, key: string | symbol, descriptor: { value?: Method<This, Args, Result> }]
) => void;

/** `T`, but no place to infer it from: label sources are typed from the method, never the method from them. */
export type Fixed<T> = [T] extends [infer U] ? U : never;

/** As {@link Fixed}, for argument lists. `NoInfer` on a rest tuple would reject callbacks that take fewer arguments. */
export type FixedArgs<Args> = [Args] extends [infer A extends unknown[]] ? A : never;

/** Where a decorator stands. */
export interface MethodSite {
  /** Name of the method, `#` included where it is private. */
  readonly method: string;
  /** Name of the class that declares the method, told from a call's `this`. */
  readonly className: (instance: unknown) => string;
}

/** The original and the observers of a function we made: stacked decorators then share one wrapper. */
const observedFunctions = new WeakMap<
  AnyFunction,
  { readonly original: AnyFunction; readonly observers: readonly CallObserver[] }
>();

/**
 * Makes the decorator of a metric. `observe` is called once, at class definition.
 * @throws ERR_METRICS_INVALID_DECORATION, at class definition, on anything but a method
 */
export function methodDecorator<This, Args extends unknown[], Result>(
  metric: MethodMetric,
  observe: (site: MethodSite) => CallObserver,
): DualModeMethodDecorator<This, Args, Result> {
  const { decorator } = metric;
  return (...at: readonly unknown[]): unknown => {
    const [first, second, third] = at;
    if (isStandardContext(second)) {
      if (second.kind !== 'method' || !isFunction(first))
        throw misplaced(decorator, second.kind, second.name);
      const wrapper = instrumented(first, metric, (itself) => observe(standardSite(second, itself)));
      return wrapper;
    }
    if (typeof second !== 'string' && typeof second !== 'symbol')
      throw misplaced(decorator, isFunction(first) ? 'class' : 'value', nameOf(first));
    if (typeof third !== 'object' || third === null) throw misplaced(decorator, 'field', second);
    const descriptor = third as PropertyDescriptor;
    const method: unknown = descriptor.value;
    if (!isFunction(method))
      throw misplaced(
        decorator,
        descriptor.set === undefined && descriptor.get === undefined ? 'field' : 'accessor',
        second,
      );
    descriptor.value = instrumented(method, metric, () => observe(legacySite(first, second)));
    return descriptor;
  };
}

/** A function that records `metric` with what `observe` gives, fused with the decorators that are already on it. */
function instrumented(
  method: AnyFunction,
  metric: MethodMetric,
  observe: (itself: () => AnyFunction) => CallObserver,
): AnyFunction {
  const inner = observedFunctions.get(method);
  const original = inner?.original ?? method;
  const observers: readonly CallObserver[] = [observe(() => wrapper), ...(inner?.observers ?? [])];
  const wrapper: AnyFunction = observedFunction(original, observers);
  takeOver(wrapper, method);
  addMetric(wrapper, metric);
  observedFunctions.set(wrapper, { original, observers });
  return wrapper;
}

interface StandardContext {
  readonly kind: string;
  readonly name: string | symbol;
  readonly static?: boolean;
}

function isStandardContext(value: unknown): value is StandardContext {
  return typeof value === 'object' && value !== null && 'kind' in value && 'name' in value;
}

/**
 * A standard decorator is not told its class. The class is found from the first `this`: it is the one on whose prototype
 * the method stands.
 */
function standardSite(context: StandardContext, itself: () => AnyFunction): MethodSite {
  const isStatic = context.static === true;
  // Nearly every call comes from the same class as the one before.
  let lastStart: unknown;
  let lastName = '';
  return {
    method: memberName(context.name),
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

function legacySite(target: unknown, key: string | symbol): MethodSite {
  const name = isFunction(target) ? nameOf(target) : classNameOf(target);
  return { method: memberName(key), className: () => name };
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
    const around = isFunction(value) ? observedFunctions.get(value) : undefined;
    if (around !== undefined && around.original === observedFunctions.get(method)?.original)
      return at as object;
  }
  return undefined;
}

function classNameOf(prototype: unknown): string {
  const owner: unknown =
    typeof prototype === 'object' && prototype !== null ? prototype.constructor : undefined;
  return nameOf(owner);
}

function nameOf(value: unknown): string {
  const name: unknown = isFunction(value) ? value.name : undefined;
  return typeof name === 'string' && name !== '' ? name : 'anonymous';
}

function memberName(key: string | symbol): string {
  return typeof key === 'symbol' ? (key.description ?? 'symbol') : key;
}

function isFunction(value: unknown): value is AnyFunction & { name: string } {
  return typeof value === 'function';
}

function misplaced(decorator: string, kind: string, name: unknown): Error {
  const member = typeof name === 'symbol' ? String(name) : `${String(name)}`;
  const hint =
    kind === 'class'
      ? `Put it on the methods of the class. If it was written without parentheses, write \`@${decorator}()\`.`
      : 'Make it a method, or move the work into one and decorate that.';
  return metricsError(
    'ERR_METRICS_INVALID_DECORATION',
    `@${decorator} cannot stand on \`${member}\`: expected a method, received ${/^[ae]/.test(kind) ? 'an' : 'a'} ${kind}. ${hint}`,
  );
}
