#!/usr/bin/env node
/** The program `tamma-metrics`: `runCommand` with the arguments and streams of this process. */
import { runCommand } from './command.js';
import type { ServePage } from './watch.js';

// The reader of the output may exit early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

const { argv, env, stdin, stdout, stderr } = process;
// Here, since in CommonJS the compiler turns `import()` into `require`, which may not load an ES module.
const importModule = (url: string): Promise<Record<string, unknown>> => import(url);
// Here, since the page and its server are parts of the middleware, which is above the command line.
const servePage: ServePage = async (options) =>
  (await import('../../middleware/dashboard/watch-server.js')).startWatchServer(options);
void runCommand(argv.slice(2), { env, stdin, stdout, stderr, importModule, servePage }).then((code) => {
  process.exitCode = code;
});
