/** The decorators for a plain function. */
import { metricsError, shown } from '../lib/errors.js';
import type { DualModeMethodDecorator } from './method-decorator.js';

/** A decorator that fits a function. */
type DecoratorFor<F> = F extends (this: infer This, ...args: infer Args extends unknown[]) => infer Result
  ? DualModeMethodDecorator<This, Args, Result>
  : never;

/**
 * A function that does what `fn` does, and is recorded by the decorators as a method would be. Without a metric, its
 * `method` label is the name of the function, and its `class` label is empty: an anonymous function needs `name`.
 * @throws ERR_METRICS_INVALID_OPTION for what is no function, a class, what is no decorator, or a function without a name;
 *   and what the decorators throw
 * @example
 * const plan = instrument(planIssue, Timed(workflowStepDuration, { labels: { step_name: 'plan', workflow_type: 'issue' } }), Counted());
 */
export function instrument<F extends (...args: never[]) => unknown>(
  fn: F,
  ...decorators: readonly DecoratorFor<F>[]
): F {
  checkArguments(fn, decorators);
  // As a standard decorator of a static method of no class.
  const context = {
    kind: 'method',
    name: fn.name,
    static: true,
    private: false,
    function: true,
  };
  // As decorators stand above a method: the last is nearest to it.
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
  const odd = decorators.findIndex((decorator) => typeof decorator !== 'function');
  if (odd === -1) return;
  throw metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid argument ${odd + 2} of \`instrument\`: expected a decorator such as \`Counted()\`, received ${shown(decorators[odd])}.`,
  );
}
