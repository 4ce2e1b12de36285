/**
 * A lock beside a file, held exactly as long as its process lives: a listening Unix socket, which the kernel closes with the
 * process, however it ends. A file with a process id in it would have to be guessed stale, and in containers every process
 * has the same one. It works for all processes of one machine, containers that share the folder included; on Windows it is
 * a named pipe. A path that is too long for a socket has its lock in the folder for temporary files, and then only
 * processes that share that folder too see it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { link, lstat, rename, stat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type Clock, systemClock } from '../clock.js';
import { shown } from '../errors.js';

export interface FileLock {
  /** Whether the lock is where it was put: a folder may have been taken away, and with it the lock. */
  isInPlace(): Promise<boolean>;
  /** As `isInPlace`, at once. */
  isInPlaceNow(): boolean;
  release(): Promise<void>;
}

/** A socket that listens under a name of its own, before it is put where the lock belongs. */
interface Candidate {
  readonly server: Server;
  readonly name: string;
  readonly inode: number | undefined;
}

/** Bytes that the path of a lock may have: some systems take 104 for a socket, and candidates have longer names. */
const maxPath = 80;

/** Milliseconds after which a lock that was taken from the dead is looked at again: whoever found them dead too is done then. */
const settling = 100;

/**
 * The lock of a file; `undefined` where another process has it.
 * @throws what the system says of the folder, EACCES or ENOENT for instance
 */
export async function acquireLock(file: string, clock: Clock = systemClock): Promise<FileLock | undefined> {
  const path = lockPath(file);
  if (process.platform === 'win32') return pipeLock(path);
  // A socket in a folder that is not there is told as EACCES.
  await stat(dirname(resolve(file)));
  const candidate = await candidateFor(path);
  try {
    if (await put(candidate, path)) return held(candidate, path);
    if (!(await removeTheDead(path)) || !(await put(candidate, path))) {
      await close(candidate.server);
      return undefined;
    }
    // Another may have found the same one dead, and this one in its place: one of the two stays.
    await new Promise<void>((resolved) => clock.setTimeout(resolved, settling));
    const lock = held(candidate, path);
    if (await lock.isInPlace()) return lock;
    await close(candidate.server);
    return undefined;
  } catch (error) {
    await close(candidate.server);
    throw error;
  }
}

/** Where the lock of a file is. */
export function lockPath(file: string): string {
  const path = `${resolve(file)}.lock`;
  const short = createHash('sha256').update(path).digest('hex').slice(0, 24);
  if (process.platform === 'win32') return `\\\\.\\pipe\\tamma-metrics-${short}`;
  return Buffer.byteLength(path) <= maxPath ? path : join(tmpdir(), `tamma-metrics-${short}.lock`);
}

function held({ server, inode }: Candidate, path: string): FileLock {
  return {
    isInPlace: async () => inode !== undefined && (await inodeOf(path)) === inode,
    isInPlaceNow: () => {
      try {
        return inode !== undefined && statSync(path).ino === inode;
      } catch {
        return false;
      }
    },
    release: async () => {
      if (inode !== undefined && (await inodeOf(path)) === inode) await unlink(path).catch(() => {});
      await close(server);
    },
  };
}

async function candidateFor(path: string): Promise<Candidate> {
  const name = `${path}.${randomBytes(6).toString('hex')}`;
  const server = await listening(name);
  // Nobody else knows this name: what is there is ours.
  return { server, name, inode: await inodeOf(name) };
}

/** Gives a candidate the name of the lock; `false` where there is one of that name. */
async function put({ name }: Candidate, path: string): Promise<boolean> {
  try {
    await link(name, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code ?? '')) throw error;
    // A file system without links: between the look and the rename another might come, where there are links not.
    if ((await inodeOf(path)) !== undefined) return false;
    await rename(name, path);
    return true;
  }
  await unlink(name);
  return true;
}

/** Removes a lock whose process is gone; `false` where it lives. */
async function removeTheDead(path: string): Promise<boolean> {
  const dead = await inodeOf(path);
  await checkIsLock(path);
  if (await answers(path)) return false;
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch (error) {
    // Another has moved it; whatever else it is, the lock cannot be had, and is not another's.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
  // A living one may have come between: it goes back, unless yet another has taken its place. Its owner looks again.
  if ((await inodeOf(aside)) !== dead) await link(aside, path).catch(() => {});
  await unlink(aside);
  return true;
}

/** @throws for what is no lock, but a file of somebody: it is neither a process that has died nor ours to remove */
async function checkIsLock(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined || stats.isSocket()) return;
  const message = `expected no file or a lock at ${shown(path)}, received a file that is no lock; move it, or choose another file for snapshots`;
  throw Object.assign(new Error(message), { code: 'EEXIST' });
}

function listening(path: string): Promise<Server> {
  return new Promise((resolved, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    // Exclusive: of a cluster, workers would otherwise share one socket of their primary's.
    server.listen({ path, exclusive: true }, () => {
      // It keeps no process alive.
      server.unref();
      resolved(server);
    });
  });
}

/** A pipe of Windows, which is gone with its process. */
async function pipeLock(path: string): Promise<FileLock | undefined> {
  try {
    const server = await listening(path);
    return { isInPlace: async () => true, isInPlaceNow: () => true, release: () => close(server) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}

/** Node removes the name under which the server began to listen, which is the candidate's and gone. */
function close(server: Server): Promise<void> {
  return new Promise((done) => server.close(() => done()));
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolved) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolved(true);
    });
    // Anything else is no proof of death: a living process that hangs has EAGAIN once its backlog is full.
    socket.once('error', ({ code }: NodeJS.ErrnoException) =>
      resolved(code !== 'ECONNREFUSED' && code !== 'ENOENT'),
    );
  });
}

async function inodeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).ino;
  } catch {
    return undefined;
  }
}
