/** One of many processes has the lock, however its previous owner ended. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { link, lstat, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { acquireLock, lockPath } from '../../../lib/durability/lock.js';
import { manualClock } from '../../helpers/manual-clock.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { until } from '../../helpers/until.js';

/** A lock whose process has ended: a socket without a listener. */
async function leaveDead(path: string): Promise<void> {
  const server = createServer().listen(`${path}.made`);
  await once(server, 'listening');
  await link(`${path}.made`, path);
  server.close();
  await once(server, 'close');
  await unlink(`${path}.made`).catch(() => {});
}

test('a file has one lock at a time, and a new one after its release', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  const first = await acquireLock(file);
  t.true(await first?.isInPlace());
  t.true(first?.isInPlaceNow());
  t.is(await acquireLock(file), undefined);
  await first?.release();
  t.false(await first?.isInPlace());
  const second = await acquireLock(file);
  t.true(await second?.isInPlace());
  await second?.release();
});

test('exactly one of many concurrent attempts gets a free or abandoned lock', async (t) => {
  const folder = await temporaryFolder(t);
  for (let round = 0; round < 12; round++) {
    const file = join(folder, `state-${round}.om`);
    if (round % 3 > 0) await leaveDead(lockPath(file));
    const clock = manualClock();
    let settled = 0;
    const attempts = Array.from({ length: 6 }, () =>
      acquireLock(file, clock).finally(() => {
        settled += 1;
      }),
    );
    // An attempt that replaced an abandoned lock checks it again, after all others have noticed the replacement.
    await until(
      'all attempts to end or wait',
      async () => (settled + clock.timers().length === 6 ? true : undefined),
      undefined,
      5,
    );
    clock.advance(100);
    const locks = (await Promise.all(attempts)).filter((lock) => lock !== undefined);
    t.is(locks.length, 1, `round ${round}`);
    t.true(await locks[0]?.isInPlace());
    await locks[0]?.release();
  }
  t.deepEqual(
    (await readdir(folder)).filter((name) => name.includes('.lock')),
    [],
    'no file is left',
  );
});

test('the lock of a killed process is free immediately', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  const lock = new URL('../../../lib/durability/lock.js', import.meta.url).href;
  const program = `const { acquireLock } = await import(${JSON.stringify(lock)});
    await acquireLock(${JSON.stringify(file)});
    console.log('locked');
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  t.is(await acquireLock(file), undefined);
  child.kill('SIGKILL');
  await once(child, 'close');
  const own = await until('the lock', async () => acquireLock(file));
  t.true(await own.isInPlace());
  await own.release();
});

test('a process that hangs keeps its lock, however many others have tried to get it', async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  const lock = new URL('../../../lib/durability/lock.js', import.meta.url).href;
  // It no longer accepts connections, so attempts fill the backlog.
  const program = `const { acquireLock } = await import(${JSON.stringify(lock)});
    await acquireLock(${JSON.stringify(file)});
    process.getBuiltinModule('fs').writeSync(1, 'locked');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const sockets: Socket[] = [];
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
  });
  const ask = (): Promise<string | undefined> =>
    new Promise((resolve) => {
      const socket = connect(lockPath(file), () => resolve(undefined));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      sockets.push(socket);
    });
  let refusal: string | undefined;
  while (refusal === undefined) refusal = await ask();
  t.is(refusal, 'EAGAIN');
  for (let attempt = 0; attempt < 3; attempt++) t.is(await acquireLock(file), undefined);
  t.true((await lstat(lockPath(file))).isSocket());
});

test("a user's file at the path of the lock is reported, and left unchanged", async (t) => {
  const file = join(await temporaryFolder(t), 'state.om');
  await writeFile(lockPath(file), 'mine');
  await t.throwsAsync(acquireLock(file), {
    code: 'EEXIST',
    message: `expected no file or a lock at "${lockPath(file)}", received another file; move it, or choose another file for snapshots`,
  });
  t.is(await readFile(lockPath(file), 'utf8'), 'mine');
});
