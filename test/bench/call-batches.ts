/** Many calls in one function, so that the cost of calling that function is negligible. */

/** Calls per function. */
export const batch = 256;

// Separate code per subject, with its name in it: `measure.ts` says why.
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
