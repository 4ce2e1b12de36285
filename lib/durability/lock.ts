/**
 * A lock beside a file, held exactly as long as its process lives: a listening Unix socket, which the kernel closes with the
 * process, however it ends. A file with a process id in it would have to be guessed stale, and in containers every process
 * has the same one. It works for all processes of one machine, containers that share the folder included; on Windows it is
 * a named pipe.
 */
import { createHash } from 'node:crypto';
import { rename, stat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface FileLock {
  /** Whether the lock is where it was put: a folder may have been taken away, and with it the lock. */
  isInPlace(): Promise<boolean>;
  release(): Promise<void>;
}

/** Bytes that the path of a socket may have; some systems take 104 with the closing zero. */
const longestPath = 100;

/**
 * The lock of a file; `undefined` where another process has it.
 * @throws what the system says of the folder, EACCES or ENOENT for instance
 */
export async function acquireLock(file: string): Promise<FileLock | undefined> {
  const path = lockPath(file);
  const server = (await listening(path)) ?? (await afterTheDead(path));
  if (server === undefined) return undefined;
  const inode = await inodeOf(path);
  return {
    isInPlace: async () => inode === undefined || (await inodeOf(path)) === inode,
    release: async () => {
      // Node removes the socket's file with the server, and would remove another's that has taken its place.
      const isOurs = inode === undefined || (await inodeOf(path)) === inode;
      if (!isOurs) server.unref();
      else await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

/** Where the lock of a file is. */
export function lockPath(file: string): string {
  const path = `${resolve(file)}.lock`;
  const short = createHash('sha256').update(path).digest('hex').slice(0, 24);
  if (process.platform === 'win32') return `\\\\.\\pipe\\tamma-metrics-${short}`;
  return Buffer.byteLength(path) <= longestPath ? path : join(tmpdir(), `tamma-metrics-${short}.lock`);
}

/** A server on a path; `undefined` where there is something already. */
function listening(path: string): Promise<Server | undefined> {
  return new Promise((resolved, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolved(undefined) : reject(error),
    );
    // Exclusive: of a cluster, workers would otherwise share one socket of their primary's.
    server.listen({ path, exclusive: true }, () => {
      // It keeps no process alive.
      server.unref();
      resolved(server);
    });
  });
}

/** A server on the path of a process that is gone; `undefined` where it lives. */
async function afterTheDead(path: string): Promise<Server | undefined> {
  if (await answers(path)) return undefined;
  // Moved before it is removed: of two processes that find it dead only one moves it, and a living one is put back.
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    // Another has moved it; whatever else it is, the lock cannot be had, and is not another's.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return listening(path);
    throw error;
  }
  if (await answers(aside)) {
    await rename(aside, path);
    return undefined;
  }
  await unlink(aside);
  return listening(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolved) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolved(true);
    });
    // ECONNREFUSED of a dead process; whatever else it is, nobody is there who would answer.
    socket.once('error', () => resolved(false));
  });
}

async function inodeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).ino;
  } catch {
    return undefined;
  }
}
