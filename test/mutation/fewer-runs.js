/** fast-check with fewer runs of each property, and the same ones for each mutant. */
import fc from 'fast-check';

const maxRuns = 30;

export const fewerRuns = {
  ...fc,
  assert: (property, options = {}) =>
    fc.assert(property, { ...options, numRuns: Math.min(options.numRuns ?? maxRuns, maxRuns), seed: 1 }),
};
