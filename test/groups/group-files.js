/**
 * Groups test files that share a process, because starting a process takes longer than running most test files. A file that
 * changes the state of its process is not grouped: its first line is `// In a process of its own: REASON`. Files with one of the
 * reasons in `sharedReasons` are in a process with each other.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { globby } from 'globby';

const ownProcess = '// In a process of its own: ';

/** Reason -> the group of its files. `isConcurrent`: the tests run all at once, like those of a file. */
const sharedReasons = {
  'it records in the shared registry.': { name: 'shared-registry', usesSharedRegistry: true },
  'it measures the heap.': { name: 'heap' },
  'its tests wait for processes, all at once.': { name: 'processes', isConcurrent: true },
};

/**
 * Writes a file for each group into the compiled tree.
 * @param {object} options
 * @param {string} options.root
 * @param {string} options.tree the compiled tree, from `root`
 * @param {readonly string[]} options.files patterns of all test files
 * @param {Readonly<Record<string, readonly string[]>>} options.groups name -> patterns; a file belongs to the first group that matches it
 * @returns {Promise<string[]>} the files for ava: the groups, and the test files that are not in a group
 */
export async function groupFiles({ root, tree, files, groups }) {
  const cwd = root;
  /** File -> why it needs a process of its own. */
  const ungrouped = new Map();
  for (const file of (await globby(files, { cwd })).sort()) {
    const [first] = (await readFile(join(root, file), 'utf8')).split('\n', 1);
    ungrouped.set(file, first.startsWith(ownProcess) ? first.slice(ownProcess.length) : undefined);
  }
  const folder = join(tree, 'groups');
  await rm(join(root, folder), { recursive: true, force: true });
  await mkdir(join(root, folder), { recursive: true });
  await substituteAva(join(root, tree));
  const written = [];
  const write = async (name, members, options) => {
    for (const file of members) ungrouped.delete(file);
    written.push(join(folder, `${name}.test.js`));
    await writeFile(join(root, folder, `${name}.test.js`), groupSource(members, options));
  };
  for (const [name, patterns] of Object.entries(groups)) {
    const members = (await globby(patterns, { cwd }))
      .sort()
      .filter((file) => ungrouped.has(file) && ungrouped.get(file) === undefined);
    if (members.length === 0) throw new Error(`There is no test file in the group \`${name}\`.`);
    await write(name, members, {});
  }
  for (const [reason, { name, ...options }] of Object.entries(sharedReasons)) {
    const members = [...ungrouped.keys()].filter((file) => ungrouped.get(file) === reason);
    if (members.length > 0) await write(name, members, options);
  }
  return [...written, ...ungrouped.keys()];
}

/** @param {readonly string[]} files from the root: `test/lib/registry.test.ts` @param {object} options of `runTogether` */
function groupSource(files, options) {
  const compiled = files.map((file) => file.replace(/^test\//, '').replace(/\.ts$/, '.js'));
  return `import { runTogether } from '${new URL('./ava.js', import.meta.url)}';
await runTogether(new URL('../test/', import.meta.url), ${JSON.stringify(compiled, undefined, 2)}, ${JSON.stringify(options)});
`;
}

/** Makes `ava` resolve to `./ava.js` in the compiled tree. */
async function substituteAva(tree) {
  const folder = join(tree, 'node_modules/ava');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "module", "exports": "./index.js" }\n');
  await writeFile(
    join(folder, 'index.js'),
    `export { test as default } from '${new URL('./ava.js', import.meta.url)}';\n`,
  );
}
