/** What the suites have in common: every test runs compiled, from `.build`. */
import { fileURLToPath } from 'node:url';
import { compile } from './compile.js';
import { groupFiles } from './groups/group-files.js';

const root = fileURLToPath(new URL('../', import.meta.url));

/**
 * @param {{ mode?: 'standard' | 'legacy', files: string[], groups?: Record<string, string[]>, environmentVariables?: Record<string, string> } & object} suite
 * `groups` of test files that share a process (`groups/group-files.js`); and other options of ava
 */
export async function suite({ mode = 'standard', files, groups, environmentVariables = {}, ...rest }) {
  await compile(mode);
  // A run of some files, or with other options, has a process for each.
  const isWhole = process.argv
    .slice(2)
    .every((argument, index, all) => [argument, all[index - 1]].includes('--config'));
  return {
    files:
      groups !== undefined && isWhole
        ? await groupFiles({ root, tree: `.build/${mode}`, files, groups })
        : files,
    // Separate processes: tests set signals and environment variables, which worker threads do not own.
    workerThreads: false,
    typescript: { compile: false, rewritePaths: { 'test/': `.build/${mode}/test/` } },
    // Stack traces name the sources. `mode.test.ts` checks that it really runs in the mode of its suite.
    nodeArguments: ['--enable-source-maps'],
    environmentVariables: { DECORATOR_MODE: mode, ...environmentVariables },
    // A watchdog: no test may take its time from the machine's speed.
    timeout: '3m',
    ...rest,
  };
}
