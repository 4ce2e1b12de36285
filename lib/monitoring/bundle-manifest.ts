/** `.tamma-bundle.json`: the files of a folder that belong to the bundle, and their hashes. */
import { createHash } from 'node:crypto';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isObject } from './checks.js';
import type { BundleFile } from './model.js';

export const manifestName = '.tamma-bundle.json';

export interface BundleManifest {
  /** Path -> SHA-256 of the content that was written. */
  readonly hashes: ReadonlyMap<string, string>;
  /** A file with this name exists that no bundle wrote. */
  readonly isThirdParty: boolean;
}

const about =
  'SHA-256 of the files that `tamma-metrics bundle` wrote. It does not overwrite files that were edited.';

export function contentHash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

export function manifestText(files: readonly BundleFile[]): string {
  const hashes = files
    .map(({ path, content }) => [path, contentHash(content)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify({ about, files: Object.fromEntries(hashes) }, null, 2)}\n`;
}

/** The manifest of an earlier bundle; an empty one if there is none. */
export async function readManifest(root: string): Promise<BundleManifest> {
  const thirdParty = { hashes: new Map<string, string>(), isThirdParty: true };
  try {
    const file = join(root, manifestName);
    if (!(await lstat(file)).isFile()) return thirdParty;
    const { files } = JSON.parse(await readFile(file, 'utf8')) as { files?: unknown };
    if (!isObject(files)) return thirdParty;
    const hashes = Object.entries(files).map(([path, hash]) => [path, String(hash)] as const);
    // The files in it may be removed, so one with unexpected content is not trusted.
    const isValid = hashes.every(([path, hash]) => isInside(path) && /^[0-9a-f]{64}$/.test(hash));
    return isValid ? { hashes: new Map(hashes), isThirdParty: false } : thirdParty;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { ...thirdParty, isThirdParty: false };
    if (error instanceof SyntaxError || error instanceof TypeError) return thirdParty;
    throw error;
  }
}

/** Whether a path stays within its folder, on every operating system. */
export function isInside(path: string): boolean {
  return !/[\\:\0]/.test(path) && path.split('/').every((part) => !['', '.', '..'].includes(part));
}
