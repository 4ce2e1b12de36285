/** Installs the tarball into a new project, and runs rows of the matrix in it, each with its own version of Node. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { clean } from 'semver';
import { fromRoot } from '../helpers/package-root.js';
import type { Project } from './axes.js';
import { nodeProgram } from './nodes.js';
import { npmInstall } from './npm.js';
import type { Result } from './results.js';
import type { Row } from './rows.js';
import { copyProject, runScript } from './run-project.js';

const run = promisify(execFile);

export type Report = (result: Result, output: string) => void;

/**
 * Runs rows that need the same packages, which are installed once.
 * @param report called after each row, with the output of the step that failed
 */
export async function runRows(rows: readonly Row[], tarball: string, report: Report): Promise<void> {
  // Outside of the repository, whose node_modules would be found otherwise.
  const folder = await mkdtemp(join(tmpdir(), 'tamma-matrix-'));
  const packages = rows[0]?.project.packages ?? {};
  try {
    const dependencies = { ...packages, '@tamma/observability': `file:${tarball}` };
    const manifest = rows[0] === undefined ? {} : await prepared(rows[0], folder);
    await writeFile(
      join(folder, 'package.json'),
      JSON.stringify({ ...manifest, private: true, dependencies }),
    );
    const notInstalled = await outputOfFailure(npmInstall(folder));
    for (const [index, row] of rows.entries()) {
      if (notInstalled !== undefined) {
        report({ ...row, ran: {}, failed: 'install' }, notInstalled);
        continue;
      }
      const { project } = row;
      const result: Result = { ...row, ran: await versionsIn(folder, project) };
      if ('script' in project) {
        const output = await outputOfFailure(runScript(project, folder));
        report(output === undefined ? result : { ...result, failed: 'run' }, output ?? '');
        continue;
      }
      const source = join(folder, `row-${index}`);
      await writeSources(source, project);
      const notCompiled = await outputOfFailure(compile(folder, source));
      if (notCompiled !== undefined) {
        report({ ...result, failed: 'compile' }, notCompiled);
        continue;
      }
      const notPassed = await outputOfFailure(runSmokes(source, project));
      report(notPassed === undefined ? result : { ...result, failed: 'run' }, notPassed ?? '');
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Copies the project of a row, if it has one. @returns its package.json without dependencies */
async function prepared({ project }: Row, folder: string): Promise<object> {
  if (!('script' in project)) return {};
  await copyProject(project, folder);
  const manifest = await readFile(join(folder, 'package.json'), 'utf8');
  return { ...(JSON.parse(manifest) as object), devDependencies: {} };
}

/** Files that the smoke tests import. */
const helpers = ['parse-text', 'koa-server', 'recorded-requests', 'until'];

/** Writes the smoke tests and settings of a row. Its package.json sets the module format of its files. */
async function writeSources(folder: string, project: Project): Promise<void> {
  const { type, compilerOptions, smokes, router } = project;
  const target = join(folder, 'src/matrix/smoke');
  await mkdir(target, { recursive: true });
  for (const smoke of [...smokes, 'serve'])
    await cp(fromRoot(`test/matrix/smoke/${smoke}.ts`), join(target, `${smoke}.ts`));
  const routes = await readFile(fromRoot('test/matrix/smoke/router.ts'), 'utf8');
  await writeFile(join(target, 'router.ts'), routes.replace("'@koa/router'", `'${router}'`));
  for (const helper of helpers)
    await cp(fromRoot(`test/helpers/${helper}.ts`), join(folder, `src/helpers/${helper}.ts`));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type }));
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
}

function compile(installed: string, source: string): Promise<unknown> {
  const compiler = join(installed, 'node_modules/typescript/bin/tsc');
  return run(process.execPath, [compiler, '-p', '.'], { cwd: source });
}

function runSmokes(source: string, { node, smokes }: Project): Promise<unknown> {
  const files = smokes.map((smoke) => join('out/matrix/smoke', `${smoke}.js`));
  return run(nodeProgram(node), ['--test', ...files], { cwd: source });
}

/** The output of a program that failed; `undefined` if it succeeded. */
async function outputOfFailure(program: Promise<unknown>): Promise<string | undefined> {
  try {
    await program;
    return undefined;
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    return `${stdout}${stderr}` || message;
  }
}

/** The versions that npm installed, and that of Node. */
async function versionsIn(
  folder: string,
  { node, packages }: Row['project'],
): Promise<Record<string, string>> {
  const { stdout } = await run(nodeProgram(node), ['--version']);
  const entries = await Promise.all(
    Object.keys(packages).map(async (name) => {
      const manifest = await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8');
      const { version } = JSON.parse(manifest) as { version: string };
      // Some packages write `v1.2.3`.
      return [name, clean(version) ?? version] as const;
    }),
  );
  return { node: stdout.trim().slice(1), ...Object.fromEntries(entries) };
}
