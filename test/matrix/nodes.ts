/** Node's binaries from npm. They stay in a cache folder, because each takes 100 MB. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromRoot } from '../helpers/package-root.js';
import { npmInstall } from './npm.js';

const folder = fromRoot('node_modules/.cache/matrix');
const binaries = `node-${process.platform}-${process.arch}`;

export async function installNodes(versions: readonly string[]): Promise<void> {
  const dependencies = Object.fromEntries(
    versions.map((version) => [aliasOf(version), `npm:${binaries}@${version}`]),
  );
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  await npmInstall(folder);
}

export function nodeProgram(version: string): string {
  return join(folder, 'node_modules', aliasOf(version), 'bin/node');
}

function aliasOf(version: string): string {
  return `node-${version}`;
}
