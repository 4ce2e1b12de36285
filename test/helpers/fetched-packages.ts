/** Packages that only one test of the package needs: installed when it runs, so that `npm ci` installs less. */
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { npmInstall } from '../matrix/npm.js';
import { fromRoot } from './package-root.js';

/**
 * Installs the packages of `test/fixtures/packages/NAME/package.json` into `.cache`, unless they are there.
 * @returns a folder that has them in `node_modules`
 */
export async function fetchedFolder(name: string): Promise<string> {
  const manifest = fromRoot(`test/fixtures/packages/${name}/package.json`);
  const hash = createHash('sha256')
    .update(await readFile(manifest))
    .digest('hex')
    .slice(0, 12);
  const cache = fromRoot('.cache/packages');
  const folder = join(cache, `${name}-${hash}`);
  if (await exists(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const installing = await mkdtemp(join(cache, 'installing-'));
  try {
    await cp(manifest, join(installing, 'package.json'));
    await npmInstall(installing);
    // Another test may have been faster.
    await rename(installing, folder).catch(async (error: unknown) => {
      if (!(await exists(folder))) throw error;
    });
  } finally {
    await rm(installing, { recursive: true, force: true });
  }
  return folder;
}

/** Loads those packages, with the types that the caller expects. */
export async function fetchedPackages(name: string): Promise<NodeJS.Require> {
  return createRequire(join(await fetchedFolder(name), 'package.json'));
}

async function exists(folder: string): Promise<boolean> {
  return readFile(join(folder, 'package.json')).then(
    () => true,
    () => false,
  );
}
