/** Mutants that may survive, by kind. The first kind that matches a survivor counts. */

/** @type {readonly { why: string, is: (survivor: import('./report.js').Survivor) => boolean }[]} */
export const accepted = [];
