/** Writes a bundle into a folder without losing files that it did not write, or that were edited. */
import { randomUUID } from 'node:crypto';
import { lstat, mkdir, readFile, realpath, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { metricsError } from '../errors.js';
import { checkOptionNames } from '../option-names.js';
import { contentHash, isInside, manifestName, manifestText, readManifest } from './bundle-manifest.js';
import { check } from './checks.js';
import type { BundleFile } from './model.js';

/** Options of `writeBundle`. */
export interface WriteBundleOptions {
  /** `true`: overwrites or removes files at paths of the bundle even if they were edited or are not of the bundle. Default: false. */
  readonly force?: boolean;
}

/** What `writeBundle` did: paths relative to the folder, sorted. */
export interface WrittenBundle {
  /** Files that were created or changed. */
  readonly written: readonly string[];
  /** Files that already had the same content. */
  readonly unchanged: readonly string[];
  /** Files of an earlier bundle that are no longer generated. */
  readonly removed: readonly string[];
  /** Files of an earlier bundle that are no longer generated but were edited. They stay and no longer belong to the bundle. */
  readonly kept: readonly string[];
}

/** What is at a path: the hash of a file; `blocked` where no file can be written; `special` for a link or a device. */
type Found = { readonly hash: string } | 'blocked' | 'special' | undefined;

/**
 * Writes the files of a bundle into a folder, which is created if needed, with a manifest of their hashes. Files of an earlier bundle
 * that are no longer generated are removed. Nothing is written if a file is in the way, and every file is complete at any time.
 *
 * @param bundle The result of `generateBundle`.
 * @param folder Path of the folder. Other files in it are kept.
 * @throws ERR_METRICS_BUNDLE_FOLDER with the files that were edited or that the bundle did not write;
 *   ERR_METRICS_INVALID_MONITORING for a path outside of the folder; errors of the file system
 * @example
 * const { written, kept } = await writeBundle(await generateBundle(options), 'monitoring');
 */
export async function writeBundle(
  bundle: { readonly files: readonly BundleFile[] },
  folder: string,
  options: WriteBundleOptions = {},
): Promise<WrittenBundle> {
  checkOptionNames('writeBundle', options, { force: true });
  const { files } = bundle;
  const { force = false } = options;
  for (const { path } of files)
    check(isInside(path) && path !== manifestName, 'path of a file', 'one within the folder', path);
  const root = resolve(folder);
  await mkdir(root, { recursive: true });
  const before = await readManifest(root);
  const found = new Map<string, Found>();
  for (const path of new Set([...files.map((file) => file.path), ...before.hashes.keys()]))
    found.set(path, await findFile(root, path));
  const has = (path: string, hash: string | undefined): boolean => {
    const file = found.get(path);
    return typeof file === 'object' && file.hash === hash;
  };
  // A placeholder that exists belongs to the user, whatever its content.
  const contents = new Map(
    files
      .filter(({ path, placeholder }) => placeholder !== true || found.get(path) === undefined)
      .map(({ path, content }) => [path, content]),
  );

  const conflicts = [...contents]
    .filter(([path, content]) => !has(path, before.hashes.get(path)) && !has(path, contentHash(content)))
    .flatMap(([path]) => conflictAt(path, found.get(path), before.hashes.has(path)));
  if (before.isThirdParty)
    conflicts.unshift({ path: manifestName, what: 'not written by `tamma-metrics bundle`' });
  if (conflicts.some(({ isFatal }) => isFatal) || (!force && conflicts.length > 0))
    throw folderError(folder, conflicts, force);

  const isUnchanged = (path: string): boolean => has(path, contentHash(contents.get(path) ?? ''));
  const written = [...contents.keys()].filter((path) => !isUnchanged(path)).sort();
  const obsolete = [...before.hashes.keys()]
    .filter((path) => !contents.has(path) && found.get(path) !== undefined)
    .sort();
  const removed = obsolete.filter(
    (path) => has(path, before.hashes.get(path)) || (force && found.get(path) !== 'blocked'),
  );
  await replaceAll(root, [
    ...written.map((path) => ({ path, content: contents.get(path) ?? '' })),
    { path: manifestName, content: manifestText(files.filter(({ placeholder }) => placeholder !== true)) },
  ]);
  for (const path of removed) await removeFile(root, path);
  return {
    written,
    unchanged: [...contents.keys()].filter(isUnchanged).sort(),
    removed,
    kept: obsolete.filter((path) => !removed.includes(path)),
  };
}

interface Conflict {
  readonly path: string;
  readonly what: string;
  /** `force` does not help. */
  readonly isFatal?: boolean;
}

function conflictAt(path: string, found: Found, isOfBundle: boolean): Conflict[] {
  if (found === undefined) return [];
  if (found === 'blocked') return [{ path, what: 'a folder, or behind a file or a link', isFatal: true }];
  if (found === 'special') return [{ path, what: 'not a regular file' }];
  return [{ path, what: isOfBundle ? 'edited since it was written' : 'not of an earlier bundle' }];
}

function folderError(folder: string, conflicts: readonly Conflict[], force: boolean): Error {
  const remedy = force
    ? 'Choose another folder, or move it away.'
    : 'Choose another folder, change an option instead of a file, or overwrite with --force.';
  return metricsError(
    'ERR_METRICS_BUNDLE_FOLDER',
    `Cannot write the bundle to \`${folder}\`: expected no files but those of an earlier bundle at its paths, received ${conflicts.length === 1 ? 'one' : conflicts.length} that would be lost: ${conflicts.map(({ path, what }) => `${path} (${what})`).join(', ')}. ${remedy}`,
  );
}

async function findFile(root: string, path: string): Promise<Found> {
  // A folder that is a link may lead anywhere.
  if (!(await isFolderInside(root, dirname(path)))) return 'blocked';
  try {
    const file = join(root, path);
    const stats = await lstat(file);
    if (stats.isDirectory()) return 'blocked';
    return stats.isFile() ? { hash: contentHash(await readFile(file)) } : 'special';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether a folder, or the nearest of its parents that exists, is within the root. */
async function isFolderInside(root: string, folder: string): Promise<boolean> {
  try {
    const real = relative(await realpath(root), await realpath(join(root, folder)));
    return real !== '..' && !real.startsWith(`..${sep}`) && (await lstat(join(root, folder))).isDirectory();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') return false;
    if (code !== 'ENOENT') throw error;
    return folder === '.' || isFolderInside(root, dirname(folder));
  }
}

/** Writes all files beside their paths before it renames the first, so that a full disk leaves the earlier bundle intact. */
async function replaceAll(root: string, files: readonly BundleFile[]): Promise<void> {
  const suffix = randomUUID();
  const staged: { readonly from: string; readonly to: string }[] = [];
  try {
    for (const { path, content } of files) {
      const to = join(root, path);
      await mkdir(dirname(to), { recursive: true });
      const from = join(dirname(to), `.${basename(to)}.${suffix}`);
      staged.push({ from, to });
      await writeFile(from, content, { flag: 'wx' });
    }
    for (const { from, to } of staged) await rename(from, to);
  } finally {
    for (const { from } of staged) await rm(from, { force: true });
  }
}

/** Removes a file, and the folders that are empty without it. */
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
