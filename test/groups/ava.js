/**
 * The module that compiled tests import as `ava`. In a process with one test file it is ava itself. In a group
 * (`group-files.js`) it collects the tests of each file, and declares them to ava when all files are loaded. Titles start with
 * the file, and the tests run one after another, so that a test cannot see what another one changes while it runs.
 */
import ava from 'ava';
import { changes, processState, sharedRegistry } from './process-state.js';

// `ava.meta.file` is a source file, except in a group, which has no source.
const isGroup = /\/groups\/[^/]+\.js$/.test(ava.meta.file);
/** @type {{ file: string, chain: readonly string[], args: readonly unknown[] }[]} */
const declarations = [];
let loading = '';

export const test = isGroup ? recorder([]) : ava;

/**
 * @param {URL} folder
 * @param {readonly string[]} files compiled test files, from `folder`
 * @param {{ isConcurrent?: boolean, usesSharedRegistry?: boolean }} options `usesSharedRegistry`: it is reset before each file
 * @throws Error if a file declares no test, declares a hook, or changes the state of the process when it is loaded
 */
export async function runTogether(folder, files, { isConcurrent = false, usesSharedRegistry = false } = {}) {
  for (const file of files) {
    const before = processState();
    const earlier = declarations.length;
    loading = file;
    await import(new URL(file, folder).href);
    if (declarations.length === earlier) throw new Error(`No tests in \`${file}\`.`);
    requireUnchanged(before, processState(), `\`${file}\` changes`, usesSharedRegistry);
  }
  const reset = usesSharedRegistry
    ? (await import(new URL('../lib/testing.js', folder).href)).isolateSharedRegistry
    : () => {};
  let resetFor;
  let state;
  for (const { file, chain, args } of declarations) {
    const [title, implementation, ...rest] = args;
    if (typeof title !== 'string' || /before|after/.test(chain))
      throw new Error(`\`${file}\` has a hook or a test without a title. Expected neither: ${remedy}`);
    const names = isConcurrent ? chain : chain.filter((name) => name !== 'serial');
    const test = names.reduce((test, name) => test[name], isConcurrent ? ava : ava.serial);
    const run = (t) => {
      if (resetFor !== file) reset();
      resetFor = file;
      state ??= processState();
      // Tests that run at the same time cannot be distinguished.
      if (!isConcurrent)
        t.teardown(() => {
          const before = state;
          state = processState();
          requireUnchanged(before, state, 'The test leaves changed', usesSharedRegistry);
        });
      return implementation(t, ...rest);
    };
    test(`${titlePrefix(file)} › ${title}`, ...(implementation === undefined ? [] : [run]));
  }
}

function titlePrefix(file) {
  return file.replace(/\.test\.js$/, '').replaceAll('/', ' › ');
}

function recorder(chain) {
  return new Proxy(() => {}, {
    apply: (_target, _this, args) => void declarations.push({ file: loading, chain, args }),
    get: (_target, name) => recorder([...chain, name]),
  });
}

const remedy = 'run the file in a process of its own, see `test/groups/group-files.js`.';

function requireUnchanged(before, after, subject, ignoresSharedRegistry) {
  const names = changes(before, after).filter(
    (name) => !(ignoresSharedRegistry && name.startsWith(sharedRegistry)),
  );
  if (names.length > 0) throw new Error(`${subject} ${names.join(', ')}. Restore it, or ${remedy}`);
}
