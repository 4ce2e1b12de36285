/** The options that the suites share. Every test runs compiled, from `.build`. */
import { fileURLToPath } from 'node:url';
import { compile } from './compile.js';
import { groupFiles } from './groups/group-files.js';

const root = fileURLToPath(new URL('../', import.meta.url));

/**
 * @param {{ mode?: 'standard' | 'legacy', files: string[], groups?: Record<string, string[]>, environmentVariables?: Record<string, string> } & object} suite
 * `groups` of test files that share a process (see `groups/group-files.js`), and other options of ava
 */
export async function suite({ mode = 'standard', files, groups, environmentVariables = {}, ...rest }) {
  await compile(mode);
  // A run of selected files, or with other options, is not grouped.
  const isWhole = process.argv
    .slice(2)
    .every((argument, index, all) => [argument, all[index - 1]].includes('--config'));
  return {
    files:
      groups !== undefined && isWhole
        ? await groupFiles({ root, tree: `.build/${mode}`, files, groups })
        : files,
    // Processes, because tests use signals and environment variables, which worker threads share.
    workerThreads: false,
    typescript: { compile: false, rewritePaths: { 'test/': `.build/${mode}/test/` } },
    // Stack traces show the sources. `mode.test.ts` checks that it runs in the mode of its suite.
    nodeArguments: ['--enable-source-maps'],
    environmentVariables: { DECORATOR_MODE: mode, ...environmentVariables },
    // A watchdog: no test may depend on the speed of the machine.
    timeout: '3m',
    ...rest,
  };
}
