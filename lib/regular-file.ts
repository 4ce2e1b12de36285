/** Reads files at configured paths: a FIFO or a device must neither block the process nor exhaust its memory. */
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { shown } from './errors.js';

/** Without `O_NONBLOCK`, opening a FIFO waits for a writer. Windows has neither. */
const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * The content of a regular file; symbolic links are followed.
 * @throws Error of the system, or with code `ENOTREG` for another kind of file, or `EFBIG` for a file larger than `maxBytes`
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

/** As {@link readRegularFile}, synchronously. */
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
    throw coded(
      'ENOTREG',
      `expected a regular file, received ${shown(path)}, which is a folder or a special file`,
    );
  if (stats.size > maxBytes)
    throw coded(
      'EFBIG',
      `expected at most ${maxBytes} bytes, received ${shown(path)} of ${stats.size} bytes`,
    );
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
