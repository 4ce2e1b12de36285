/** Installs the tarball into a project of `test/fixtures/projects`, and runs one of its scripts. */
import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { fromRoot } from '../helpers/package-root.js';
import { nodeProgram } from './nodes.js';
import type { ProjectScript } from './projects.js';

/** Long enough for a bundler on a busy machine. */
const watchdog = 600_000;

export async function copyProject({ folder }: ProjectScript, target: string): Promise<void> {
  await cp(fromRoot(`test/fixtures/projects/${folder}`), target, { recursive: true });
  await cp(fromRoot('test/fixtures/projects/shared'), join(target, 'src/shared'), { recursive: true });
  if (folder !== 'jest' && folder !== 'vitest') return;
  // The samples of the documentation for this runner.
  await cp(fromRoot('examples/testing/greeter.ts'), join(target, 'test/greeter.ts'));
  await cp(fromRoot(`examples/testing/${folder}.test.ts`), join(target, 'test/example.test.ts'));
}

export function runScript({ node, script }: ProjectScript, folder: string): Promise<unknown> {
  const path = `${dirname(nodeProgram(node))}${delimiter}${process.env.PATH}`;
  return promisify(execFile)('npm', ['run', '--silent', script], {
    cwd: folder,
    env: { ...process.env, PATH: path, NODE_OPTIONS: '', CI: 'true' },
    timeout: watchdog,
    maxBuffer: 100 * 1024 * 1024,
  });
}
