/**
 * Compiles the sources, the tests and the examples once, for all processes of a test run: `.build/standard` with standard
 * decorators, `.build/legacy` with `experimentalDecorators`. It uses TypeScript, so that it checks the types, and the tests run
 * the code that users' compilers emit.
 *
 * Does nothing if the output is newer than every source. `--force` always compiles.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { writePage } from './page.js';
import { writeSingleFiles } from './single-files.js';
import { textFilesIn } from './text-files.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const folders = ['lib', 'decorators', 'middleware', 'test', 'examples'];
const monitoring = 'lib/monitoring';
const projects = { standard: 'tsconfig.json', legacy: 'test/legacy/tsconfig.json' };

/** @param {'standard' | 'legacy'} mode @throws an Error with the messages of the compiler */
export async function compile(mode, { force = false, compilerOptions = [] } = {}) {
  const output = join(root, '.build', mode);
  const compiled = await stat(join(output, 'package.json')).catch(() => undefined);
  if (!force && compiled !== undefined && compiled.mtimeMs > (await newestSource())) return;
  if (force) await rm(output, { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  await Promise.all([
    runCompiler(['-p', projects[mode], '--outDir', output, ...compilerOptions]),
    writePage(),
  ]);
  for (const name of await textFilesIn(join(root, monitoring)))
    await cp(join(root, monitoring, name), join(output, monitoring, name));
  // Within `output`, the name of the package means the compiled sources, which are ES modules, not `dist`.
  const manifest = await readFile(join(root, 'package.json'), 'utf8');
  const own = manifest
    .replaceAll('./dist/', './')
    .replaceAll('/index.mjs', '/index.js')
    .replaceAll('/testing.mjs', '/testing.js');
  await writeFile(join(output, 'package.json'), own);
  if (mode === 'standard') await writeSingleFiles();
}

async function runCompiler(args) {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const emitted = ['--noEmit', 'false', '--rootDir', root, '--sourceMap', '--inlineSources', '--incremental'];
  // Several compilers run at the same time, and by default each of them starts four checkers, which repeat work.
  const common = [...emitted, '--checkers', '1'];
  // By default, Go's garbage collector takes a fifth of the time.
  const env = { ...process.env, GOGC: '400' };
  await promisify(execFile)(process.execPath, [compiler, ...args, ...common], { cwd: root, env }).catch(
    ({ stdout, stderr }) => {
      throw new Error(`The sources do not compile:\n${stdout}${stderr}`);
    },
  );
}

async function newestSource() {
  const names = (
    await Promise.all(
      folders.map(async (folder) =>
        (
          await readdir(join(root, folder), { recursive: true })
        )
          .map((name) => join(folder, name))
          .filter(
            (name) =>
              /\.([cm]?ts|tsx|css|html|svg)$/.test(name) || /^lib\/monitoring\/.*\.(md|tmpl|yml)$/.test(name),
          ),
      ),
    )
  ).flat();
  const files = [
    ...names,
    'package.json',
    'test/compile.js',
    'test/page.js',
    'test/single-files.js',
    ...Object.values(projects),
  ];
  const times = await Promise.all(files.map(async (file) => (await stat(join(root, file))).mtimeMs));
  return Math.max(...times);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const force = process.argv.includes('--force');
  const done = await Promise.allSettled([
    ...Object.keys(projects).map((mode) => compile(mode, { force })),
    runCompiler(['-p', 'middleware/dashboard/page', '--outDir', join(root, '.build/page')]),
  ]);
  for (const { reason } of done) if (reason !== undefined) console.error(reason.message);
  if (done.some(({ status }) => status === 'rejected')) process.exitCode = 1;
}
