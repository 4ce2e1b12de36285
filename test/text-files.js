/** The runbooks and templates that the sources read while they run. */
import { readdir } from 'node:fs/promises';

/**
 * @param {string} folder `lib/monitoring`
 * @returns {Promise<string[]>} paths relative to it, with `/`, sorted
 */
export async function textFilesIn(folder) {
  const names = (await readdir(folder, { recursive: true })).map((name) => name.replaceAll('\\', '/'));
  return names.filter((name) => /\/.*\.(md|tmpl|yml)$/.test(name)).sort();
}
