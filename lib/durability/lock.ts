/**
 * The lock of a file, held as long as its process runs: a listening Unix socket, which the kernel closes when the process ends,
 * for any reason. With a process id in a file, stale locks could only be guessed, and in containers all processes have the same
 * id. It works between all processes of a machine, also between containers that share the folder; on Windows it is a named
 * pipe. If the path is too long for a socket, the lock is in the folder for temporary files, which the processes must share.
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
  /** Whether the lock still exists: it may have been removed, for example with its folder. */
  isInPlace(): Promise<boolean>;
  /** As `isInPlace`, synchronously. */
  isInPlaceNow(): boolean;
  release(): Promise<void>;
}

/** A socket that listens at a unique path, before it is moved to the path of the lock. */
interface Candidate {
  readonly server: Server;
  readonly name: string;
  readonly inode: number | undefined;
}

/** Maximum length of the path of a lock, in bytes: some systems allow 104 for a socket, and candidates have longer names. */
const maxPath = 80;

/**
 * Milliseconds after which a lock that replaced a stale one is verified. By then, other processes that also found the stale one
 * have finished.
 */
const settling = 100;

/**
 * Acquires the lock of a file; `undefined` if another process holds it.
 * @throws Error of the system if the folder cannot be used: EACCES, ENOENT
 */
export async function acquireLock(file: string, clock: Clock = systemClock): Promise<FileLock | undefined> {
  const path = lockPath(file);
  if (process.platform === 'win32') return pipeLock(path);
  // Listening in a missing folder fails with EACCES, which would be misleading.
  await stat(dirname(resolve(file)));
  const candidate = await candidateFor(path);
  try {
    if (await moveTo(path, candidate)) return heldLock(candidate, path);
    if (!(await removeStale(path)) || !(await moveTo(path, candidate))) {
      await close(candidate.server);
      return undefined;
    }
    // Another process may have found the same stale lock, and replaced this one.
    await new Promise<void>((resolved) => clock.setTimeout(resolved, settling));
    const lock = heldLock(candidate, path);
    if (await lock.isInPlace()) return lock;
    await close(candidate.server);
    return undefined;
  } catch (error) {
    await close(candidate.server);
    throw error;
  }
}

/** The path of the lock of a file. */
export function lockPath(file: string): string {
  const path = `${resolve(file)}.lock`;
  const short = createHash('sha256').update(path).digest('hex').slice(0, 24);
  if (process.platform === 'win32') return `\\\\.\\pipe\\tamma-metrics-${short}`;
  return Buffer.byteLength(path) <= maxPath ? path : join(tmpdir(), `tamma-metrics-${short}.lock`);
}

function heldLock({ server, inode }: Candidate, path: string): FileLock {
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
  // The name is random, so the socket is this one.
  return { server, name, inode: await inodeOf(name) };
}

/** Moves a candidate to the path of the lock; `false` if a lock exists. */
async function moveTo(path: string, { name }: Candidate): Promise<boolean> {
  try {
    await link(name, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code ?? '')) throw error;
    // A file system without links. Unlike a link, a rename may replace a lock that is made in between.
    if ((await inodeOf(path)) !== undefined) return false;
    await rename(name, path);
    return true;
  }
  await unlink(name);
  return true;
}

/** Removes a lock whose process has ended; `false` if it still runs. */
async function removeStale(path: string): Promise<boolean> {
  const stale = await inodeOf(path);
  await checkIsLock(path);
  if (await answers(path)) return false;
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, aside);
  } catch (error) {
    // Another process has removed it. With any other error, the folder cannot be used.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
  // A valid lock may have replaced the stale one in between: it is put back, unless there is another one. Its owner verifies it.
  if ((await inodeOf(aside)) !== stale) await link(aside, path).catch(() => {});
  await unlink(aside);
  return true;
}

/** @throws Error for another file at the path, which must not be removed */
async function checkIsLock(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined || stats.isSocket()) return;
  const message = `expected no file or a lock at ${shown(path)}, received another file; move it, or choose another file for snapshots`;
  throw Object.assign(new Error(message), { code: 'EEXIST' });
}

function listening(path: string): Promise<Server> {
  return new Promise((resolved, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    // Otherwise the workers of a cluster would share one socket of the primary.
    server.listen({ path, exclusive: true }, () => {
      server.unref();
      resolved(server);
    });
  });
}

/** A named pipe of Windows, which ends with its process. */
async function pipeLock(path: string): Promise<FileLock | undefined> {
  try {
    const server = await listening(path);
    return { isInPlace: async () => true, isInPlaceNow: () => true, release: () => close(server) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}

/** Node.js removes the path at which the server started to listen: that of the candidate, not that of the lock. */
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
    // With any other error the process may still run: EAGAIN means that it hangs, and its backlog is full.
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
