/** `instrument`: the decorators applied to a plain function. */
import { metricsError, shown } from '../lib/errors.js';
import type { DualModeMethodDecorator } from './method-decorator.js';

/** A decorator that can be applied to the function type `F`. */
export type DecoratorFor<F> = F extends (
  this: infer This,
  ...args: infer Args extends unknown[]
) => infer Result
  ? DualModeMethodDecorator<This, Args, Result>
  : never;

/**
 * Returns a function that behaves as `fn` and is recorded by the decorators as a method would be. In a decorator without a
 * metric, the `method` label is the name of the function and the `class` label is empty; an anonymous function needs the
 * option `name`.
 * @param decorators in the order in which they would be written above a method: the last one is the innermost
 * @throws ERR_METRICS_INVALID_OPTION if `fn` is not a function or is a class, if a decorator is not a function, or if a
 *   name is missing; and what the decorators throw
 * @typeParam F the type of the function, which the result has too
 * @example
 * const plan = instrument(planIssue, Timed(workflowStepDuration, { labels: { step_name: 'plan', workflow_type: 'issue' } }), Counted());
 */
export function instrument<F extends (...args: never[]) => unknown>(
  fn: F,
  ...decorators: readonly DecoratorFor<F>[]
): F {
  checkArguments(fn, decorators);
  // The context of a standard decorator on a static method, without a class.
  const context = {
    kind: 'method',
    name: fn.name,
    static: true,
    private: false,
    function: true,
  };
  // As with decorators written above a method, the last one is applied first.
  return [...decorators].reverse().reduce((inner, decorator) => {
    const decorated: unknown = (decorator as unknown as (method: F, context: object) => F | undefined)(
      inner,
      context,
    );
    return typeof decorated === 'function' ? (decorated as F) : inner;
  }, fn);
}

function checkArguments(fn: unknown, decorators: readonly unknown[]): void {
  const isClass = typeof fn === 'function' && /^class\b/.test(Function.prototype.toString.call(fn));
  if (typeof fn !== 'function' || isClass) {
    const received = isClass ? `the class \`${fn.name || 'anonymous'}\`` : shown(fn);
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid first argument of \`instrument\`: expected a function, received ${received}.${isClass ? ' Put @Instrumented on the class.' : ''}`,
    );
  }
  const invalid = decorators.findIndex((decorator) => typeof decorator !== 'function');
  if (invalid === -1) return;
  throw metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid argument ${invalid + 2} of \`instrument\`: expected a decorator such as \`Counted()\`, received ${shown(decorators[invalid])}.`,
  );
}
