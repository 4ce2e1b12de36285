/** The labels that `withLabels` of the decorators sets: those of the current async context. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { processWide } from './process-wide.js';

/** Labels for `withLabels`, by name. */
export type ContextLabels = Readonly<Record<string, string | number | boolean>>;

// Free of cost until `withLabels` is used: only then does Node track the context of promises.
export const labelContext = processWide('context labels', () => new AsyncLocalStorage<ContextLabels>());
