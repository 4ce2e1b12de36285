import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the tree that this file is in: the sources, or the compiled files. */
const tree = fileURLToPath(new URL('../../', import.meta.url));
const root = rootAbove(tree);

/** The folder of the compiled files. In it, the name of the package resolves to them. */
export const compiledTree = tree;

/** The path of a file, given from the root of the package. */
export function fromRoot(path: string): string {
  return join(root, path);
}

/**
 * The program that a source was compiled to, for tests that run it in another process.
 * @param source a source's path from the root: `lib/cli/tamma-metrics.mts`
 */
export function compiled(source: string): string {
  return join(tree, source.replace(/\.(m?)ts$/, '.$1js'));
}

/** Like `compiled`, in one file with all that it imports, which starts faster: a program of `test/single-files.js`. */
export function bundled(source: string): string {
  return join(rootAbove(tree), '.build/standard', source.replace(/\.m?ts$/, '.single.mjs'));
}

function rootAbove(folder: string): string {
  return existsSync(join(folder, 'package-lock.json')) ? folder : rootAbove(dirname(folder));
}
