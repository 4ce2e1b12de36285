/** Replaces a file atomically, and keeps the previous one as `.1`. */
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

/** Where a damaged file is kept for inspection. */
export function damagedOf(file: string): string {
  return `${file}.damaged`;
}

/** Maximum size of a snapshot to read, in bytes. */
const maxBytes = 512 * 1024 * 1024;

/**
 * The content of a file; `undefined` if it does not exist.
 * @throws Error as `readRegularFile`, except for a missing file
 */
export async function readStored(path: string): Promise<Buffer | undefined> {
  try {
    return await readRegularFile(path, maxBytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Renames a damaged file, so that it does not replace the previous one. */
export async function putAside(file: string): Promise<void> {
  await rename(file, damagedOf(file));
}

/**
 * Writes a temporary file, syncs it, and renames it to the file. If the machine stops at any time, there is a complete file.
 * @returns its size in bytes
 * @throws Error of the system; the file is unchanged then
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

/** As {@link replaceFile}, synchronously, for a process that exits. The previous file is not kept. */
export function replaceFileNow(file: string, chunks: Iterable<Buffer>): number {
  // Another name than that of `replaceFile`, which may be in progress.
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

/** Makes a file, and removes one that a crash has left. Opening a FIFO would wait, and a link would lead to another file. */
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

/** Links the file to its previous name, so that it exists at all times; without links in the file system, renames it. */
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

/** Syncs the rename. Some systems (Windows) cannot sync folders. */
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
    // Not supported.
  } finally {
    await handle.close();
  }
}
