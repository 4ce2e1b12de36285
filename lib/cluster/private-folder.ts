/** A folder for sockets and files that only processes of this user can access. */
import { lstat, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Makes the folder if it is missing.
 * @throws Error if it belongs to another user, or other users can access it
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
    `expected a folder that only user ${user} can access, received \`${folder}\` of user ${uid} with mode ${(mode & 0o777).toString(8)}`,
  );
}

/** Milliseconds after which an unchanged handover is removed; the default of `maxAgeSeconds` of snapshots. */
const abandonedAfter = 7 * 86_400_000;

/**
 * Removes the files of services that ended long ago. A service that ends cannot know whether it will start again; while it runs,
 * it writes its handover every second.
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
