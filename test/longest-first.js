/** Sorts test files so that the slowest start first, and none of them is left over at the end. */
import { basename } from 'node:path';

/** @param {readonly string[]} names file names up to their first dot; other files follow in any order */
export function longestFirst(names) {
  /** @param {string} file */
  const rank = (file) => {
    const found = names.indexOf(basename(file).split('.')[0] ?? '');
    return found === -1 ? names.length : found;
  };
  /** @type {(left: string, right: string) => number} */
  return (left, right) => rank(left) - rank(right);
}
