/** Labels set for everything that runs within a function, carried by the async context. */
import { types } from 'node:util';
import { type ContextLabels, labelContext as context } from '../../lib/label-context.js';

/**
 * Runs a function within which `fromContext` finds these labels, in addition to those of enclosing calls. They are
 * propagated through awaits, timers and callbacks, and into the body of a generator that the function returns.
 * @returns what the function returns
 * @example
 * await withLabels({ workflow_type: 'issue' }, () => workflow.run(issue));
 * @see https://nodejs.org/api/async_context.html#class-asynclocalstorage
 */
export function withLabels<T>(labels: ContextLabels, run: () => T): T {
  const merged = { ...context.getStore(), ...labels };
  const result = context.run(merged, run);
  if (types.isGeneratorObject(result)) keepContext(result, merged);
  return result;
}

/** The value that `withLabels` set for a label around the current call. */
export function contextLabel(name: string): ContextLabels[string] | undefined {
  return context.getStore()?.[name];
}

/** Captures the current context, and returns a function that runs others in it. */
export function contextRunner(): <T>(run: () => T) => T {
  const labels = context.getStore();
  return labels === undefined ? (run) => run() : (run) => context.run(labels, run);
}

function keepContext(generator: object, labels: ContextLabels): void {
  for (const method of ['next', 'return', 'throw'] as const) {
    const original = (generator as Record<typeof method, unknown>)[method];
    if (typeof original !== 'function') continue;
    Object.defineProperty(generator, method, {
      value: function step(this: unknown, ...args: unknown[]) {
        return context.run(labels, () => Reflect.apply(original, this, args));
      },
      configurable: true,
      writable: true,
    });
  }
}
