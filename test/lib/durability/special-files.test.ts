/** Special files at the paths of snapshots: no blocking, no writes elsewhere, and the service continues. */
import { execFile } from 'node:child_process';
import { lstat, readFile, rename, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { defineCounter } from '../../../lib/define.js';
import { keepSnapshots } from '../../../lib/durability/keep-snapshots.js';
import { replaceFileNow } from '../../../lib/durability/store.js';
import { createTestRegistry, readValue } from '../../../lib/testing.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.' });

const makeFifo = (path: string): Promise<unknown> => promisify(execFile)('mkfifo', [path]);

for (const [what, suffix, put, expected] of [
  [
    'a FIFO',
    '',
    makeFifo,
    /expected a regular file, received "[^"]*state\.om", which is a folder or a special file/,
  ],
  [
    'a link to /dev/zero',
    '',
    (path: string) => symlink('/dev/zero', path),
    /expected a regular file, received "[^"]*state\.om", which is a folder or a special file/,
  ],
  [
    'a FIFO',
    '.tmp',
    makeFifo,
    /expected no file or a regular one at "[^"]*\.tmp", received a special file or a link/,
  ],
  [
    'a link',
    '.tmp',
    (path: string) => symlink('elsewhere', path),
    /expected no file or a regular one at "[^"]*\.tmp", received a special file or a link/,
  ],
] as const) {
  test(`${what} at the path of the snapshot${suffix} is reported and left unchanged`, async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, 'elsewhere'), 'mine');
    const file = join(folder, 'state.om');
    await put(`${file}${suffix}`);
    const before = await lstat(`${file}${suffix}`);
    const registry = createTestRegistry();
    registry.counter(jobs).inc();
    const snapshots = await keepSnapshots({ file, registry, intervalSeconds: 3_600 });
    await snapshots.write();
    await snapshots.stop();
    t.is((await lstat(`${file}${suffix}`)).ino, before.ino);
    t.is(await readFile(join(folder, 'elsewhere'), 'utf8'), 'mine');
    t.is(registry.warnings.length, 1);
    t.is(registry.warnings[0]?.code, 'METRICS_SNAPSHOT_FAILED');
    t.regex(registry.warnings[0]?.message ?? '', expected);
  });
}

test('a snapshot of 2 GiB is moved aside unread, and the previous one is restored', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  const before = createTestRegistry();
  before.counter(jobs).inc(5);
  await (await keepSnapshots({ file, registry: before, intervalSeconds: 3_600 })).stop();
  await rename(file, `${file}.1`);
  await writeFile(file, '');
  await truncate(file, 2 ** 31);
  const registry = createTestRegistry();
  const snapshots = await keepSnapshots({ file, registry, intervalSeconds: 3_600 });
  t.is(snapshots.report.source, `${file}.1`);
  registry.counter(jobs);
  t.is(readValue(registry, jobs), 5);
  t.regex(
    registry.warnings[0]?.message ?? '',
    /expected at most 536870912 bytes, received "[^"]*state\.om" of 2147483648 bytes\. The previous file is restored/,
  );
  await snapshots.stop();
  t.is((await lstat(`${file}.damaged`)).size, 2 ** 31);
  t.regex(await readFile(file, 'utf8'), /^jobs_total 5$/m);
});

for (const [what, put] of [
  ['a FIFO', makeFifo],
  ['a link', (path: string) => symlink('elsewhere', path)],
] as const) {
  test(`${what} at the path of the snapshot at exit does not block the exit`, async (t) => {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, 'elsewhere'), 'mine');
    const file = join(folder, 'state.om');
    await put(`${file}.exit`);
    t.throws(() => replaceFileNow(file, [Buffer.from('numbers')]), {
      code: 'ENOTREG',
      message: `expected no file or a regular one at "${file}.exit", received a special file or a link; remove it`,
    });
    t.false((await lstat(`${file}.exit`)).isFile());
    t.is(await readFile(join(folder, 'elsewhere'), 'utf8'), 'mine');
  });
}

test('a temporary file that a crash left is replaced', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  await Promise.all(['.tmp', '.exit'].map((suffix) => writeFile(`${file}${suffix}`, 'half')));
  const snapshots = await keepSnapshots({ file, registry: createTestRegistry(), intervalSeconds: 3_600 });
  await snapshots.write();
  t.true((await lstat(file)).isFile());
  t.is(replaceFileNow(file, [Buffer.from('numbers')]), 7);
  t.is(await readFile(file, 'utf8'), 'numbers');
  await snapshots.stop();
});
