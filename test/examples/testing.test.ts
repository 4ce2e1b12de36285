/** The sample of ava runs here, in a project of its own; those of vitest and Jest run in the projects of the matrix. */
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { hasShownLines } from '../helpers/example-process.js';
import { compiled, compiledTree, fromRoot } from '../helpers/package-root.js';
import { runProgram } from '../helpers/run-program.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

test('the sample of ava passes, and prints what its README shows', async (t) => {
  const folder = await temporaryFolder(t);
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, '@tamma'), { recursive: true });
  await symlink(compiledTree, join(modules, '@tamma/observability'));
  await symlink(fromRoot('node_modules/ava'), join(modules, 'ava'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  for (const name of ['greeter', 'ava.test'])
    await cp(compiled(`examples/testing/${name}.ts`), join(folder, `${name}.js`));
  const { code, output } = await runProgram(
    process.execPath,
    [fromRoot('node_modules/ava/entrypoints/cli.mjs')],
    { cwd: folder, env: { PATH: process.env.PATH } },
  );
  t.is(code, 0, output);
  await hasShownLines(t, 'testing', output);
});

test('the samples of vitest and Jest test the same as each other', async (t) => {
  const [vitest = '', jest = ''] = await Promise.all(
    ['vitest', 'jest'].map((runner) => readFile(fromRoot(`examples/testing/${runner}.test.ts`), 'utf8')),
  );
  const tests = (source: string): string => source.slice(source.indexOf("test('"));
  t.true(tests(vitest).includes('expectRecorded('));
  t.is(tests(vitest), tests(jest));
});
