/** A file that is replaced as a whole or not at all, with the one before beside it as `.1`. */
import {
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, link, lstat, open, rename, rm, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { shown } from '../errors.js';
import { readRegularFile } from '../regular-file.js';

export function previousOf(file: string): string {
  return `${file}.1`;
}

/** Where a file is put that turned out to be damaged, for people to look at. */
export function damagedOf(file: string): string {
  return `${file}.damaged`;
}

/** Bytes of the largest snapshot that is read. */
const maxBytes = 512 * 1024 * 1024;

/**
 * What stands in a file; `undefined` where there is none.
 * @throws what `readRegularFile` throws, of one that cannot be read
 */
export async function readStored(path: string): Promise<Buffer | undefined> {
  try {
    return await readRegularFile(path, maxBytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Puts a damaged file aside, so that it does not take the place of the good one before it. */
export async function putAside(file: string): Promise<void> {
  await rename(file, damagedOf(file));
}

/**
 * Writes a file anew: into a temporary one beside it, to the disk, and then in its place. Whenever the machine stops, there is
 * one that is whole.
 * @returns its bytes
 * @throws what the system says; the file is as it was then
 */
export async function replaceFile(file: string, chunks: AsyncIterable<Buffer>): Promise<number> {
  const temporary = `${file}.tmp`;
  let bytes = 0;
  let isOurs = false;
  try {
    const handle = await openNew(temporary);
    isOurs = true;
    try {
      for await (const chunk of chunks) {
        await writeWhole(handle, chunk);
        bytes += chunk.length;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await keepPrevious(file);
    await rename(temporary, file);
    await syncFolder(dirname(file));
  } catch (error) {
    if (isOurs) await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  return bytes;
}

/** As {@link replaceFile}, at once: for a process that ends. The one before is not kept. */
export function replaceFileNow(file: string, chunks: Iterable<Buffer>): number {
  // A name of its own: one may be being written the other way.
  const temporary = `${file}.exit`;
  let bytes = 0;
  let isOurs = false;
  try {
    const descriptor = openNewSync(temporary);
    isOurs = true;
    try {
      for (const chunk of chunks) {
        for (let at = 0; at < chunk.length; ) at += writeSync(descriptor, chunk, at);
        bytes += chunk.length;
      }
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (error) {
    if (isOurs) rmSync(temporary, { force: true });
    throw error;
  }
  return bytes;
}

/** Makes a file in the place of one that a crash has left. Opening what else may be there could wait, or write somewhere else. */
async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    checkLeftOver(path, await lstat(path).catch(() => undefined), error);
    await unlink(path);
    return open(path, 'wx', 0o600);
  }
}

function openNewSync(path: string): number {
  try {
    return openSync(path, 'wx', 0o600);
  } catch (error) {
    checkLeftOver(path, lstatSync(path, { throwIfNoEntry: false }), error);
    unlinkSync(path);
    return openSync(path, 'wx', 0o600);
  }
}

function checkLeftOver(path: string, stats: Stats | undefined, error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  if (stats === undefined || stats.isFile()) return;
  const message = `expected no file or a regular one at ${shown(path)}, received a special file or a link; remove it`;
  throw Object.assign(new Error(message, { cause: error }), { code: 'ENOTREG' });
}

async function writeWhole(handle: FileHandle, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await handle.write(chunk, at)).bytesWritten;
}

/** By a second name of the same file, so that there is no moment without one; where a file system has no links, by renaming. */
async function keepPrevious(file: string): Promise<void> {
  const previous = previousOf(file);
  const second = `${previous}.tmp`;
  try {
    await rm(second, { force: true });
    await link(file, second);
    await rename(second, previous);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    await rename(file, previous);
  }
}

/** The rename itself to the disk. Where folders cannot be synced (Windows), there is nothing to do. */
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(folder, 'r');
  } catch {
    return;
  }
  try {
    await handle.sync();
  } catch {
    // As above.
  } finally {
    await handle.close();
  }
}
