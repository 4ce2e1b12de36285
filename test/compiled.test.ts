/**
 * The decorator tests once more, compiled by `tsc` and run against the built package (`npm test` builds it before): both
 * modes by the TypeScript of today, the standard one also by the oldest that is supported.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { requireFreshBuild } from './helpers/fresh-build.js';
import { fromRoot } from './helpers/package-root.js';

const run = promisify(execFile);

test.before(requireFreshBuild);

/** Files that one of the modes does not have. */
const standardOnly = ['private-methods.test.ts', 'gauge-accessor.test.ts'];

for (const [compiler, mode] of [
  ['typescript', 'standard'],
  ['typescript', 'legacy'],
  ['typescript-5.4', 'standard'],
] as const) {
  test.serial(`compiled by ${compiler} in ${mode} mode, the same tests pass`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'tamma-compiled-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    await mkdir(join(folder, 'test'));
    await cp(fromRoot('test/decorators'), join(folder, 'test/decorators'), { recursive: true });
    if (mode === 'legacy') {
      for (const file of standardOnly) await rm(join(folder, 'test/decorators', file));
      for (const file of ['gauge-property.test.ts', 'frameworks.test.ts']) {
        await cp(fromRoot(`test/legacy/${file}`), join(folder, 'test/decorators', file));
      }
    }
    for (const file of ['koa-server.ts', 'api-server.ts', 'until.ts'])
      await cp(fromRoot(`test/helpers/${file}`), join(folder, 'test/helpers', file));
    await symlink(fromRoot('node_modules'), join(folder, 'node_modules'));
    for (const part of ['lib', 'decorators']) await symlink(fromRoot(`dist/${part}`), join(folder, part));
    const compilerOptions = {
      target: 'ES2022',
      module: 'NodeNext',
      lib: compiler === 'typescript' ? ['ES2024', 'ESNext.Decorators'] : ['ES2023', 'ESNext.Decorators'],
      types: ['node'],
      rootDir: '.',
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      ...(mode === 'legacy' && {
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        useDefineForClassFields: false,
      }),
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['test'] }));
    await writeFile(join(folder, 'package.json'), '{ "type": "module", "private": true }');
    await writeFile(
      join(folder, 'ava.config.js'),
      "export default { files: ['test/**/*.test.js'], workerThreads: false, timeout: '2m' };",
    );
    const failed = (error: { stdout: string; stderr: string }) => error;

    const compiled = await run(process.execPath, [
      fromRoot(`node_modules/${compiler}/bin/tsc`),
      '-p',
      folder,
    ]).catch(failed);
    t.is(compiled.stdout, '');
    // `mode.test.ts` is told which mode it must find.
    const env = { ...process.env, TSX_TSCONFIG_PATH: mode };
    const { stdout, stderr } = await run(
      process.execPath,
      [fromRoot('node_modules/ava/entrypoints/cli.mjs')],
      { cwd: folder, env },
    ).catch(failed);
    const [, passed] = /(\d+) tests passed\s*$/.exec(stdout) ?? [];
    t.true(Number(passed) > 100, `${stdout}${stderr}`);
    const files = (await readdir(join(folder, 'test/decorators'))).filter((file) =>
      file.endsWith('.test.js'),
    );
    for (const file of files) t.true(stdout.includes(`✔ ${file.replace('.test.js', '')} ›`), `${file} ran`);
  });
}
