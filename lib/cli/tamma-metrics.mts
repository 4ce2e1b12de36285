#!/usr/bin/env node
/** The program `tamma-metrics`: `runCommand` with this process' arguments and streams. */
import { runCommand } from './command.js';

// Who reads our output may stop in the middle, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

const { argv, env, stdin, stdout, stderr } = process;
// A real `import()`, which only an ES module has once it is compiled: users' files may be ES modules.
const importModule = (url: string): Promise<Record<string, unknown>> => import(url);
void runCommand(argv.slice(2), { env, stdin, stdout, stderr, importModule }).then((code) => {
  process.exitCode = code;
});
