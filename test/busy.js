/**
 * Runs a command while six processes keep the processors busy, to show that no test depends on how fast the machine is.
 *
 *     npm run test:busy                                            # npm test, once
 *     npm run test:busy -- --times 5 -- npm run test:system
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';

const busyProcesses = 6;
// They end with their parent, even if it is killed.
const busyWhileParentLives = 'const parent = process.ppid; while (process.ppid === parent);';
const { values, positionals } = parseArgs({
  options: { times: { type: 'string', default: '1' } },
  allowPositionals: true,
});
const times = Number(values.times);
if (!Number.isInteger(times) || times < 1) {
  console.error(
    `Invalid \`--times\`: expected a positive integer, received ${JSON.stringify(values.times)}.`,
  );
  process.exit(2);
}
const [program, ...args] = positionals.length > 0 ? positionals : ['npm', 'test'];

const busy = Array.from({ length: busyProcesses }, () =>
  spawn(process.execPath, ['--eval', busyWhileParentLives], { stdio: 'ignore' }),
);
const release = () => busy.forEach((child) => void child.kill('SIGKILL'));
process.on('exit', release);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const codes = [];
for (let run = 1; run <= times; run++) {
  const start = Date.now();
  const [code] = await once(spawn(program, args, { stdio: 'inherit' }), 'close');
  codes.push(code);
  const seconds = Math.round((Date.now() - start) / 1_000);
  console.log(
    `run ${run} of ${times} with ${busyProcesses} busy processes: ${code === 0 ? 'passed' : `failed with code ${code}`} in ${seconds} s`,
  );
}
process.exit(codes.every((code) => code === 0) ? 0 : 1);
