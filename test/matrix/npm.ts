/** The installed npm. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fromRoot } from '../helpers/package-root.js';

const run = promisify(execFile);

/** Installs the packages in the package.json of a folder. @throws an Error with npm's output */
export async function npmInstall(folder: string): Promise<void> {
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock'], {
    cwd: folder,
  });
}

/** Packs `dist`. @returns the name of the tarball */
export async function npmPack(folder: string): Promise<string> {
  const { stdout } = await run(
    'npm',
    ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder],
    { cwd: fromRoot('') },
  );
  return stdout.trim();
}
