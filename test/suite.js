/** What the suites have in common: every test runs compiled, from `.build`. */
import { compile } from './compile.js';

/** @param {{ mode?: 'standard' | 'legacy', files: string[], environmentVariables?: Record<string, string> } & object} suite and other options of ava */
export async function suite({ mode = 'standard', environmentVariables = {}, ...rest }) {
  await compile(mode);
  return {
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
