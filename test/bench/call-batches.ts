/** Many calls in one function, so that calling it costs nothing beside them. */

/** How many. */
export const batch = 256;

// Code of its own for each, and a name in it, for the reasons given in `measure.ts`.
export function syncBatch(name: string, call: () => unknown): () => void {
  return new Function(
    'call',
    `return () => { /* ${name} */ for (let time = 0; time < ${batch}; time++) call(); }`,
  )(call);
}

export function asyncBatch(name: string, call: () => Promise<number>): () => Promise<void> {
  return new Function(
    'call',
    `return async () => { /* ${name} */ for (let time = 0; time < ${batch}; time++) await call(); }`,
  )(call);
}
