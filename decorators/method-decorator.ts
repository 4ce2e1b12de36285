/**
 * One decorator function for both modes. Standard decorators (TypeScript 5 and later) are called with a method and a context, legacy
 * ones (`experimentalDecorators`) with a target, a key and a descriptor. The second argument distinguishes them.
 */
import { metricsError } from '../lib/errors.js';
import { noteInstrumentedMethod } from '../lib/instrumented-methods.js';
import type { Declaration } from './declaration.js';
import { type MethodMetric, metricsOf, setMetrics, takeOver } from './metadata.js';
import {
  isFunction,
  isStandardContext,
  legacySite,
  type MethodSite,
  nameOf,
  standardDeclaration,
  standardSite,
} from './method-site.js';
import type { AnyFunction, CallObserver } from './observed-call.js';
import { observedFunction } from './observed-function.js';
import { noteObserved, observedBy } from './observed-functions.js';

/** A method with its `this`, its arguments and its result. */
export type DecoratedMethod<This, Args extends unknown[], Result> = (this: This, ...args: Args) => Result;

/**
 * A method decorator for both modes: the result of `Counted` and the others. It has one signature with a union of argument lists,
 * since TypeScript does not infer `This`, `Args` and `Result` from two overloads in both modes.
 */
export type DualModeMethodDecorator<This, Args extends unknown[], Result> = (
  ...at:
    | [
        method: DecoratedMethod<This, Args, Result>,
        context: ClassMethodDecoratorContext<This, DecoratedMethod<This, Args, Result>>,
      ]
    | [target: This, key: string | symbol, descriptor: { value?: DecoratedMethod<This, Args, Result> }]
) => void;

/** `T`, but not inferred from here: the types of label sources follow from the method, and never the other way round. */
export type NotInferred<T> = [T] extends [infer U] ? U : never;

/** As {@link NotInferred}, for argument lists. `NoInfer` on a rest tuple would reject callbacks that take fewer arguments. */
export type NotInferredArgs<Args> = [Args] extends [infer A extends unknown[]] ? A : never;

/**
 * Makes the decorator of one or several metrics. `observe` is called once, at class definition.
 * @throws ERR_METRICS_INVALID_DECORATION, at class definition, on anything but a method
 */
export function methodDecorator<This, Args extends unknown[], Result>(
  metrics: readonly [MethodMetric, ...MethodMetric[]],
  observe: (site: MethodSite) => CallObserver,
): DualModeMethodDecorator<This, Args, Result> {
  const [{ decorator }] = metrics;
  return (...at: readonly unknown[]): unknown => {
    const [first, second, third] = at;
    if (isStandardContext(second)) {
      if (second.kind !== 'method' || !isFunction(first))
        throw misplaced(decorator, second.kind, second.name);
      const wrapper: AnyFunction = instrumented(first, metrics, observe, (known) => {
        const declaration = known ?? standardDeclaration(second, () => wrapper);
        return { declaration, site: standardSite(second, declaration) };
      });
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
    descriptor.value = instrumented(method, metrics, observe, () => {
      const declaration = { holder: first as object };
      return { declaration, site: legacySite(second, declaration) };
    });
    return descriptor;
  };
}

/** The function that replaces the method: a single wrapper for all decorators of the method. */
function instrumented(
  method: AnyFunction,
  metrics: readonly [MethodMetric, ...MethodMetric[]],
  observe: (site: MethodSite) => CallObserver,
  locate: (known: Declaration | undefined) => { declaration: Declaration; site: MethodSite },
): AnyFunction {
  const inner = observedBy(method);
  const original = inner?.original ?? method;
  const { declaration, site } = locate(inner?.declaration);
  const observers: readonly CallObserver[] = [observe(site), ...(inner?.observers ?? [])];
  const wrapper: AnyFunction = observedFunction(original, observers, declaration);
  takeOver(wrapper, method);
  setMetrics(wrapper, [...metricsOf(method), ...metrics]);
  noteMethod(site, metrics);
  noteObserved(wrapper, { original, observers, declaration });
  return wrapper;
}

/** Notes the method for the dashboard, which shows what records a metric. */
function noteMethod(
  { method, className }: MethodSite,
  metrics: readonly [MethodMetric, ...MethodMetric[]],
): void {
  const [{ decorator }] = metrics;
  noteInstrumentedMethod({
    decorator,
    metrics: metrics.map(({ definition }) => definition.name),
    name: () => {
      const holder = className({});
      // A plain function, or a class of which nothing is known before its first instance.
      return holder === '' || holder === 'anonymous' ? method : `${holder}.${method}`;
    },
  });
}

/**
 * Checks for a decorator without parentheses. TypeScript calls it with the arguments of a decorator: `(method, context)`, or
 * `(target, key, descriptor)` in legacy mode.
 * @throws ERR_METRICS_INVALID_DECORATION
 */
export function checkParentheses(decorator: string, [first, second]: readonly unknown[]): void {
  const isLegacyMember =
    (typeof first === 'object' || isFunction(first)) &&
    (typeof second === 'string' || typeof second === 'symbol');
  if (!isFunction(first) && !isLegacyMember && !isStandardContext(second)) return;
  const name = isStandardContext(second) ? second.name : isLegacyMember ? second : nameOf(first);
  throw metricsError(
    'ERR_METRICS_INVALID_DECORATION',
    `@${decorator} is on \`${String(name)}\` without parentheses: expected \`@${decorator}()\`, received what it decorates as its first argument.`,
  );
}

function misplaced(decorator: string, kind: string, name: unknown): Error {
  const hint =
    kind === 'class'
      ? `Put it on the methods of the class. If it was written without parentheses, write \`@${decorator}()\`.`
      : decorator === 'TracksGauge' && kind === 'field'
        ? `Write \`accessor ${String(name)}\`, which a gauge can follow.`
        : 'Make it a method, or move the work into one and decorate that.';
  return metricsError(
    'ERR_METRICS_INVALID_DECORATION',
    `@${decorator} cannot decorate \`${String(name)}\`: expected a method, received ${/^[ae]/.test(kind) ? 'an' : 'a'} ${kind}. ${hint}`,
  );
}
