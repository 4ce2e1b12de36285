/** A folder for sockets and files that only this user's processes may touch. */
import { lstat, mkdir } from 'node:fs/promises';
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
