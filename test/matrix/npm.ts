/** npm of this machine. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fromRoot } from '../helpers/package-root.js';

const run = promisify(execFile);

/** Installs what a folder's package.json names. @throws with npm's messages */
export async function npmInstall(folder: string): Promise<void> {
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock'], {
    cwd: folder,
  });
}

/** Packs what has been built. @returns the tarball's name */
export async function npmPack(folder: string): Promise<string> {
  const { stdout } = await run(
    'npm',
    ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder],
    { cwd: fromRoot('') },
  );
  return stdout.trim();
}
