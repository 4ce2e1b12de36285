/** A file system for a test, small or read-only, if this user may mount one. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  /** Makes the file system read-only, or writable again. */
  setReadOnly(isReadOnly: boolean): void;
  remove(): Promise<void>;
}

/** @returns `undefined` if this user may not mount */
export async function mountSmallDisk(kilobytes: number): Promise<SmallDisk | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'tamma-disk-'));
  const mounted = run('mount', '-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tamma-test', folder);
  if (!mounted) {
    await rm(folder, { recursive: true });
    return undefined;
  }
  return {
    folder,
    setReadOnly: (isReadOnly) => {
      if (!run('mount', '-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, folder))
        throw new Error(`cannot mount ${folder} anew`);
    },
    remove: async () => {
      if (!run('umount', folder)) run('umount', '-l', folder);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function run(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}
