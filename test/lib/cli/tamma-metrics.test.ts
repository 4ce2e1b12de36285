// In a process of its own: its tests wait for processes, all at once.
/** `tamma-metrics` as a process: its exit code, its version and its output to a pipe. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { cli } from '../../helpers/cli.js';
import { bundled, fromRoot } from '../../helpers/package-root.js';

test('the process exits with the code of the command, and prints its messages to standard error', async (t) => {
  const file = '/nowhere/metrics.txt';
  const { code, stdout, stderr } = await cli(['top', file]);
  t.is(code, 2);
  t.is(stdout, '');
  t.true(stderr.startsWith(`Cannot read \`${file}\`: `), stderr);
});

test('--version prints the version of the package', async (t) => {
  const { version } = JSON.parse(await readFile(fromRoot('package.json'), 'utf8')) as { version: string };
  t.deepEqual(await cli(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
});

test('a program that reads the output may close it early', async (t) => {
  const lines = Array.from({ length: 10_000 }, (_, index) => `metric_${index} 1`).join('\n');
  const child = spawn(
    process.execPath,
    [bundled('lib/cli/tamma-metrics.mts'), 'top', '-', '--limit', '10000'],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdin.end(`${lines}\n`);
  await once(child.stdout, 'data');
  child.stdout.destroy();
  await once(child, 'close');
  t.is(stderr, '');
});
