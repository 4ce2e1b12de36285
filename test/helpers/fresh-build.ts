/** Tests of `dist` need a build of the current sources. `npm test` builds first; a run of a single file does not. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fromRoot } from './package-root.js';

/** @throws an Error that says what to run if `dist` is missing or older than a source */
export async function requireFreshBuild(): Promise<void> {
  const built = await stat(fromRoot('dist/lib/index.js')).catch(() => undefined);
  const newest = await Promise.all(['lib', 'decorators', 'middleware'].map(newestSource));
  if (built !== undefined && newest.every((time) => time <= built.mtimeMs)) return;
  throw new Error(
    'dist is missing or older than the sources: expected a fresh build, run `npm run build` first.',
  );
}

async function newestSource(folder: string): Promise<number> {
  const files = (await readdir(fromRoot(folder), { recursive: true })).filter((name) => name.endsWith('.ts'));
  const times = await Promise.all(
    files.map(async (name) => (await stat(fromRoot(join(folder, name)))).mtimeMs),
  );
  return Math.max(...times);
}
