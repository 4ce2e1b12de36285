/** Reads files that somebody else names: a FIFO or a device at such a path must neither hang nor fill the process. */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { shown } from './errors.js';

/** Opening a FIFO for reading waits for a writer otherwise. Windows has neither. */
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * What a regular file holds; symbolic links are followed.
 * @throws what the system reports, and an error for what is no regular file (code `ENOTREG`) or larger than `maxBytes` (`EFBIG`)
 */
export async function readRegularFile(path: string, maxBytes: number): Promise<Buffer> {
  const handle = await open(path, flags);
  try {
    checkRegular(path, await handle.stat(), maxBytes);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** As {@link readRegularFile}, at once. */
export function readRegularFileSync(path: string, maxBytes: number): Buffer {
  const descriptor = openSync(path, flags);
  try {
    checkRegular(path, fstatSync(descriptor), maxBytes);
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function checkRegular(path: string, stats: Stats, maxBytes: number): void {
  if (!stats.isFile())
    throw coded('ENOTREG', `expected a regular file, received ${shown(path)}, which is none`);
  if (stats.size > maxBytes)
    throw coded(
      'EFBIG',
      `expected ${maxBytes} bytes at most, received ${shown(path)} of ${stats.size} bytes`,
    );
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
