#!/usr/bin/env node
/** The program `tamma-metrics`: `runCommand` with this process' arguments and streams. */
import { runCommand } from './command.js';

// Who reads our output may stop in the middle, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

process.exitCode = await runCommand(process.argv.slice(2), process);
