/** The decorators for a plain function. */
import type { DualModeMethodDecorator } from './method-decorator.js';

/** A decorator that fits a function. */
type DecoratorFor<F> = F extends (this: infer This, ...args: infer Args extends unknown[]) => infer Result
  ? DualModeMethodDecorator<This, Args, Result>
  : never;

/**
 * A function that does what `fn` does, and is recorded by the decorators as a method would be. Without a metric, its
 * `method` label is the name of the function, and its `class` label is empty.
 * @throws what the decorators throw
 * @example
 * const plan = instrument(planIssue, Timed(workflowStepDuration, { labels: { step_name: 'plan', workflow_type: 'issue' } }), Counted());
 */
export function instrument<F extends (...args: never[]) => unknown>(
  fn: F,
  ...decorators: readonly DecoratorFor<F>[]
): F {
  // As a standard decorator of a static method of no class.
  const context = {
    kind: 'method',
    name: fn.name || 'anonymous',
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
