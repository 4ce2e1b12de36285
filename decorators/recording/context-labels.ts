/** Labels of a whole piece of work, carried by the async context: set at its start, used by every recording within. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { types } from 'node:util';
import { processWide } from '../../lib/process-wide.js';

type ContextLabels = Readonly<Record<string, string | number | boolean>>;

// Costs nothing until `withLabels` is used: only then does Node track the context of promises.
const context = processWide('context labels', () => new AsyncLocalStorage<ContextLabels>());

/**
 * Runs a function within which `fromContext` finds these labels, in addition to those set around it. They flow through
 * awaits, timers and callbacks, and through the body of a generator that the function returns.
 * @returns what the function returns
 * @example
 * await withLabels({ workflow_type: 'issue' }, () => workflow.run(issue));
 */
export function withLabels<T>(labels: ContextLabels, run: () => T): T {
  const merged = { ...context.getStore(), ...labels };
  const result = context.run(merged, run);
  if (types.isGeneratorObject(result)) keepContext(result, merged);
  return result;
}

/**
 * A label source: the value that `withLabels` set around the call, `fallback` where there is none.
 * @param fallback default: empty, which is an absent label
 */
export function fromContext(name: string, fallback = ''): () => string {
  return () => String(context.getStore()?.[name] ?? fallback);
}

/** Runs functions in the context of now, later. */
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
