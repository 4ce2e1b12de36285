/** Runs the checks before the tests, in parallel: `npm run check`. Prints the output of each when it ends. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

const scripts = ['check:types', 'build', 'check:biome', 'check:knip'];

/** @param {string} script @returns {Promise<boolean>} whether it passed */
async function passes(script) {
  const child = spawn('npm', ['run', '--silent', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  const code = new Promise((resolve) => child.once('close', resolve));
  const output = (await Promise.all([text(child.stdout), text(child.stderr)])).join('').trimEnd();
  const isPassed = (await code) === 0;
  console.log(`${isPassed ? '✔' : '✘'} ${script}${output === '' ? '' : `\n${output}`}`);
  return isPassed;
}

const results = await Promise.all(scripts.map(passes));
if (!results.every(Boolean)) process.exitCode = 1;
