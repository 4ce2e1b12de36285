/** A bundle on disk: what is there of someone else, or was edited, is left alone. */
import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readFile, realpath, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { metricsError } from '../errors.js';
import { checkOptionNames } from '../option-names.js';
import {
  type BundleManifest,
  contentHash,
  isInside,
  manifestName,
  manifestText,
  readManifest,
} from './bundle-manifest.js';
import type { BundleFile } from './model.js';
import { monitoringError } from './promql/expression.js';

export interface WriteBundleOptions {
  /** `true`: files of others at our paths, and files of ours that were edited, are overwritten or removed. Default: false. */
  readonly force?: boolean;
}

/** Paths in the folder, sorted. */
export interface WrittenBundle {
  readonly written: readonly string[];
  readonly unchanged: readonly string[];
  /** Of an earlier bundle, no longer made. */
  readonly removed: readonly string[];
  /** Of an earlier bundle and no longer made, but edited: they stay, and are the user's from now on. */
  readonly kept: readonly string[];
}

/** What stands at a path: its content; `undefined` for nothing, `blocked` where no file can be, `foreign` for a link or a device. */
type Found = { readonly hash: string } | 'blocked' | 'foreign' | undefined;

/**
 * Writes the files into a folder, which is made where there is none, with a manifest that tells our files from others. Files of
 * an earlier bundle that are no longer made are removed. Each file is whole at any time, and nothing is written where one is in
 * the way.
 * @throws ERR_METRICS_BUNDLE_FOLDER with the files that are not ours or were edited; ERR_METRICS_INVALID_MONITORING for a path
 *   that leads out of the folder; what the file system says
 */
export async function writeBundle(
  { files }: { readonly files: readonly BundleFile[] },
  folder: string,
  options: WriteBundleOptions = {},
): Promise<WrittenBundle> {
  checkOptionNames('writeBundle', options, { force: true });
  const { force = false } = options;
  for (const { path } of files)
    if (!isInside(path) || path === manifestName)
      throw monitoringError('path of a file', 'one within the folder', path);
  const root = resolve(folder);
  await mkdir(root, { recursive: true });
  const before = await readManifest(root);
  const found = new Map<string, Found>();
  for (const path of new Set([...files.map((file) => file.path), ...before.hashes.keys()]))
    found.set(path, await foundAt(root, path));
  // A placeholder is for the user to fill in: once there it is his, whatever stands in it.
  const isLeft = ({ path, placeholder }: BundleFile): boolean =>
    placeholder === true && found.get(path) !== undefined;
  const contents = new Map(files.filter((file) => !isLeft(file)).map(({ path, content }) => [path, content]));

  const inTheWay = conflicts(contents, found, before);
  if (inTheWay.some(({ always }) => always) || (!force && inTheWay.length > 0))
    throw folderError(folder, inTheWay, force);

  const written: string[] = [];
  const unchanged: string[] = [];
  for (const [path, content] of contents) {
    const there = found.get(path);
    (typeof there === 'object' && there.hash === contentHash(content) ? unchanged : written).push(path);
  }
  const gone = [...before.hashes].filter(([path]) => !contents.has(path) && found.get(path) !== undefined);
  const isOurs = ([path, hash]: readonly [string, string]): boolean => {
    const there = found.get(path);
    return typeof there === 'object' && there.hash === hash;
  };
  const removed = gone.filter((entry) => isOurs(entry) || (force && found.get(entry[0]) !== 'blocked'));
  const kept = gone.filter((entry) => !removed.includes(entry));

  await replaceAll(root, [
    ...written.map((path) => ({ path, content: contents.get(path) ?? '' })),
    { path: manifestName, content: manifestText(files.filter(({ placeholder }) => placeholder !== true)) },
  ]);
  for (const [path] of removed) await removeFile(root, path);
  const names = (entries: readonly (readonly [string, string])[]): string[] =>
    entries.map(([path]) => path).sort();
  return { written: written.sort(), unchanged: unchanged.sort(), removed: names(removed), kept: names(kept) };
}

interface Conflict {
  readonly path: string;
  readonly what: string;
  /** Even --force does not help. */
  readonly always: boolean;
}

function conflicts(
  contents: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, Found>,
  before: BundleManifest,
): Conflict[] {
  const list: Conflict[] = before.isThirdParty
    ? [{ path: manifestName, what: 'not written by `tamma-metrics bundle`', always: false }]
    : [];
  for (const [path, content] of contents) {
    const there = found.get(path);
    const ours = before.hashes.get(path);
    if (there === undefined) continue;
    if (there === 'blocked') list.push({ path, what: 'a folder, or behind a file or a link', always: true });
    else if (there === 'foreign') list.push({ path, what: 'no plain file', always: false });
    else if (there.hash === ours || there.hash === contentHash(content)) continue;
    else
      list.push({
        path,
        what: ours === undefined ? 'not of an earlier bundle' : 'edited since it was written',
        always: false,
      });
  }
  return list;
}

function folderError(folder: string, list: readonly Conflict[], force: boolean): Error {
  const mend = force
    ? 'Choose another folder, or move it away.'
    : 'Choose another folder, change an option instead of a file, or overwrite with --force.';
  return metricsError(
    'ERR_METRICS_BUNDLE_FOLDER',
    `Cannot write the bundle to \`${folder}\`: expected no files but those of an earlier bundle at its paths, received ${list.length === 1 ? 'one' : list.length} that would be lost: ${list.map(({ path, what }) => `${path} (${what})`).join(', ')}. ${mend}`,
  );
}

async function foundAt(root: string, path: string): Promise<Found> {
  // A folder that is a link may lead anywhere.
  if (!(await leadsInside(root, dirname(path)))) return 'blocked';
  try {
    const file = join(root, path);
    const stats = await lstat(file);
    if (stats.isDirectory()) return 'blocked';
    return stats.isFile() ? { hash: contentHash(await readFile(file)) } : 'foreign';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether a folder of the bundle, as far as it is there, is within it. */
async function leadsInside(root: string, folder: string): Promise<boolean> {
  try {
    const real = relative(await realpath(root), await realpath(join(root, folder)));
    return real !== '..' && !real.startsWith(`..${sep}`) && (await lstat(join(root, folder))).isDirectory();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') return false;
    if (code !== 'ENOENT') throw error;
    return folder === '.' || leadsInside(root, dirname(folder));
  }
}

/** All are written beside their places before the first takes it: a full disk leaves the earlier bundle. */
async function replaceAll(root: string, files: readonly BundleFile[]): Promise<void> {
  const mark = randomUUID();
  const staged: { readonly from: string; readonly to: string }[] = [];
  try {
    for (const { path, content } of files) {
      const to = join(root, path);
      await mkdir(dirname(to), { recursive: true });
      const from = join(dirname(to), `.${basename(to)}.${mark}`);
      staged.push({ from, to });
      await writeFile(from, content, { flag: 'wx' });
    }
    for (const { from, to } of staged) await rename(from, to);
  } finally {
    for (const { from } of staged) await rm(from, { force: true });
  }
}

/** And the folders that are empty without it. */
async function removeFile(root: string, path: string): Promise<void> {
  await rm(join(root, path), { force: true });
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
    try {
      await rmdir(join(root, folder));
    } catch {
      return;
    }
  }
}
