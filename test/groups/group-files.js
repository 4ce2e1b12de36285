/**
 * Which test files share a process. Starting a process takes longer than most test files run, so a run of everything starts
 * one for each group of files. A file that changes what its process shares says so in its first line,
 * `// In a process of its own: REASON`, and is not grouped.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { globby } from 'globby';

/**
 * Writes a file for each group into the compiled tree.
 * @param {{ root: string, tree: string, patterns: readonly string[], count: number }} options `tree` from `root`
 * @returns {Promise<string[]>} what ava is to run: the groups, and the test files that are in none
 */
export async function groupFiles({ root, tree, patterns, count }) {
  const files = (await globby(patterns, { cwd: root })).sort();
  const sources = await Promise.all(files.map((file) => readFile(join(root, file), 'utf8')));
  const isAlone = (_, index) => sources[index].startsWith('// In a process of its own: ');
  const alone = files.filter(isAlone);
  const groups = deal(
    files.filter((...file) => !isAlone(...file)),
    count,
  );
  await substituteAva(join(root, tree));
  await rm(join(root, tree, 'groups'), { recursive: true, force: true });
  await mkdir(join(root, tree, 'groups'));
  const names = groups.map((_, index) => join(tree, 'groups', `group-${index + 1}.test.js`));
  await Promise.all(names.map((name, index) => writeFile(join(root, name), groupSource(groups[index]))));
  return [...names, ...alone];
}

/**
 * Neighbours, which are alike, go to different groups.
 * @param {readonly string[]} files
 */
export function deal(files, count) {
  return Array.from({ length: Math.min(count, files.length) }, (_, group) =>
    files.filter((_, index) => index % count === group),
  );
}

/** @param {readonly string[]} files from the root: `test/lib/registry.test.ts` */
function groupSource(files) {
  const compiled = files.map((file) => file.replace(/^test\//, '').replace(/\.ts$/, '.js'));
  return `import { runTogether } from '${new URL('./ava.js', import.meta.url)}';
await runTogether(new URL('../test/', import.meta.url), ${JSON.stringify(compiled, undefined, 2)});
`;
}

/** Within the compiled tree, the name `ava` means `./ava.js`. */
async function substituteAva(tree) {
  const folder = join(tree, 'node_modules/ava');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "exports": "./index.js" }\n');
  await writeFile(
    join(folder, 'index.js'),
    `export { test as default } from '${new URL('./ava.js', import.meta.url)}';\n`,
  );
}
