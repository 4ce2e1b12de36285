import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that this file's own tree of sources or of compiled files begins at. */
const tree = fileURLToPath(new URL('../../', import.meta.url));
const root = rootAbove(tree);

/** The folder of the compiled files: within it the name of the package means them. */
export const compiledTree = tree;

/** The path of a file, given from the root of the package. */
export function fromRoot(path: string): string {
  return join(root, path);
}

/**
 * The program that a source was compiled to, for tests that run it in a process of its own.
 * @param source a source's path from the root: `lib/cli/tamma-metrics.mts`
 */
export function compiled(source: string): string {
  return join(tree, source.replace(/\.(m?)ts$/, '.$1js'));
}

/** As `compiled`; in system tests the single file that `test/single-files.js` writes of it, which starts sooner. */
export function quickStart(source: string): string {
  return process.env.SINGLE_FILES === 'true'
    ? join(tree, source.replace(/\.m?ts$/, '.single.mjs'))
    : compiled(source);
}

function rootAbove(folder: string): string {
  return existsSync(join(folder, 'package-lock.json')) ? folder : rootAbove(dirname(folder));
}
