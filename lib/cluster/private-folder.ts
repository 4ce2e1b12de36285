/** A folder for sockets and files that only this user's processes may touch. */
import { lstat, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Makes the folder where it is missing.
 * @throws where there is something of its name that others may write to, or that another user has made
 */
export async function privateFolder(): Promise<string> {
  const user = process.getuid?.();
  const folder = join(tmpdir(), `tamma-metrics-${user ?? 'user'}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { mode, uid, isOurs } = await lstat(folder).then((found) => ({
    mode: found.mode,
    uid: found.uid,
    isOurs: found.isDirectory() && (user === undefined || found.uid === user),
  }));
  if (isOurs && (user === undefined || (mode & 0o077) === 0)) return folder;
  throw new Error(
    `expected a folder of user ${user} that nobody else can open, received \`${folder}\` of user ${uid} with mode ${(mode & 0o777).toString(8)}`,
  );
}

/** Milliseconds for which a handover is kept that nobody writes any more; as long as a snapshot is, by default. */
const abandonedAfter = 7 * 86_400_000;

/**
 * Removes the files of services that have ended. Nobody knows at the end of one whether it comes back; while it runs, its handover
 * is written every second.
 * @param now milliseconds since 1970
 */
export async function removeAbandoned(folder: string, now: number): Promise<void> {
  const names = await readdir(folder);
  for (const handover of names.filter((name) => name.endsWith('.json'))) {
    const service = handover.slice(0, -'json'.length);
    const written = await stat(join(folder, handover)).catch(() => undefined);
    if (written === undefined || now - written.mtimeMs < abandonedAfter) continue;
    for (const name of names.filter((each) => each.startsWith(service)))
      await rm(join(folder, name), { force: true });
  }
}
