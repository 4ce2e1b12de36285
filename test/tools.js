/**
 * Tools that one command needs: TypeDoc, Stryker, c8. The command installs its tool when it runs, so `npm ci` does not. The
 * versions are in `fixtures/tools`.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../', import.meta.url));

/**
 * @param {'c8' | 'stryker' | 'typedoc'} name a folder of `fixtures/tools`
 * @returns {Promise<string>} the folder with its `node_modules`
 */
export async function installTool(name) {
  const source = join(root, 'test/fixtures/tools', name, 'package.json');
  const folder = join(root, '.cache/tools', name);
  const installed = await readFile(join(folder, 'node_modules/.installed'), 'utf8').catch(() => undefined);
  if (installed === (await readFile(source, 'utf8'))) return folder;
  await mkdir(folder, { recursive: true });
  await cp(source, join(folder, 'package.json'));
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock'];
  await promisify(execFile)('npm', ['install', ...options], { cwd: folder });
  await cp(source, join(folder, 'node_modules/.installed'));
  return folder;
}
