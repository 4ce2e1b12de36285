/** `.tamma-bundle.json`: which files of a folder are of the bundle, and what was in them. */
import { createHash } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleFile } from './model.js';

export const manifestName = '.tamma-bundle.json';

export interface BundleManifest {
  /** Path -> SHA-256 of what was written. */
  readonly hashes: ReadonlyMap<string, string>;
  /** There is a file of this name that no bundle wrote. */
  readonly isThirdParty: boolean;
}

const about =
  'Files written by `tamma-metrics bundle`, and their SHA-256: it overwrites none that was edited.';

export function contentHash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export function manifestText(files: readonly BundleFile[]): string {
  const hashes = [...files]
    .sort(({ path: one }, { path: other }) => (one < other ? -1 : 1))
    .map(({ path, content }) => [path, contentHash(content)]);
  return `${JSON.stringify({ about, files: Object.fromEntries(hashes) }, null, 2)}\n`;
}

/** That of an earlier bundle; empty where there is none. */
export async function readManifest(root: string): Promise<BundleManifest> {
  const none = { hashes: new Map<string, string>(), isThirdParty: false };
  const foreign = { ...none, isThirdParty: true };
  try {
    const file = join(root, manifestName);
    if (!(await lstat(file)).isFile()) return foreign;
    const { files } = JSON.parse(await readFile(file, 'utf8')) as { files?: unknown };
    if (typeof files !== 'object' || files === null) return foreign;
    const hashes = Object.entries(files as Record<string, unknown>);
    const isOurs = hashes.every(([path, hash]) => isInside(path) && /^[0-9a-f]{64}$/.test(String(hash)));
    // What it names may be removed: one that someone has tampered with is not followed.
    return isOurs
      ? { hashes: new Map(hashes.map(([path, hash]) => [path, String(hash)])), isThirdParty: false }
      : foreign;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return none;
    if (error instanceof SyntaxError || error instanceof TypeError) return foreign;
    throw error;
  }
}

/** Whether a path of a bundle stays within its folder, on any system. */
export function isInside(path: string): boolean {
  return (
    path !== '' &&
    !/[\\:\0]/.test(path) &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  );
}
