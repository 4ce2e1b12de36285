// In a process of its own: it has hooks.
/** The complete snippets of all documents compile, and those with an output print it. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { transform } from 'esbuild';
import { completeSnippets, documents, type Snippet } from '../helpers/documents.js';
import { requireFreshBuild } from '../helpers/fresh-build.js';
import { fromRoot } from '../helpers/package-root.js';
import { runProgram } from '../helpers/run-program.js';

const all: readonly Snippet[] = (await documents()).flatMap(completeSnippets);
/** JavaScript that only uses this package is TypeScript, too. The rest shows what other libraries need. */
const typed = all.filter(({ language, code }) => language === 'ts' || !/ from '(?!@tamma\/)/.test(code));
const runnable = typed.filter(({ output }) => output !== undefined);
/** Within the package, so that its name means the built files, as in an installed package. */
const folder = fromRoot('.build/snippets');

test.before(requireFreshBuild);
test.before(() => mkdir(folder, { recursive: true }));
test.after.always(() => rm(folder, { recursive: true, force: true }));

test('every guide has complete snippets', (t) => {
  for (const guide of [
    'README.md',
    'decorators/README.md',
    'lib/durability/README.md',
    'lib/monitoring/README.md',
    'middleware/README.md',
    'middleware/shutdown.md',
    'lib/testing.md',
    'lib/performance.md',
    'lib/migration.md',
    'lib/export/README.md',
  ])
    t.true(
      typed.some(({ title }) => title.startsWith(`${guide},`)),
      guide,
    );
  t.true(runnable.length >= 5, 'several show their output');
});

test('the complete snippets of all documents compile with the settings of the package', async (t) => {
  const names = new Map<string, string>();
  for (const [index, { title, code }] of typed.entries()) {
    names.set(`${index}.ts`, title);
    // A module of its own, whatever it declares.
    await writeFile(join(folder, `${index}.ts`), `${code}\nexport {};\n`);
  }
  await writeFile(join(folder, 'application.d.ts'), application);
  await writeFile(join(folder, 'app.module.ts'), 'export class AppModule {}\n');
  const settings = {
    extends: fromRoot('tsconfig.json'),
    compilerOptions: {
      noUnusedLocals: false,
      noEmit: true,
      typeRoots: [fromRoot('node_modules/@types')],
      // The built types instead of the sources.
      paths: {},
    },
    include: ['*.ts'],
    exclude: [],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  const compiler = fromRoot('node_modules/typescript/bin/tsc');
  const { output } = await runProgram(process.execPath, [compiler, '-p', folder], { cwd: folder });
  const errors = output
    .split('\n')
    .filter((line) => line.includes('error TS'))
    .map((line) => line.replace(/^(\d+\.ts)/, (file) => names.get(file) ?? file));
  t.deepEqual(errors, []);
});

/** Names of an application that snippets use and do not declare. */
const application = `
declare function runImport(): Promise<void>;
`;

for (const [index, { title, code, output = '' }] of runnable.entries()) {
  test(`${title} runs, and prints what is shown below it`, async (t) => {
    const options = { loader: 'ts', target: 'node20', keepNames: true } as const;
    const file = join(folder, `run-${index}.mjs`);
    await writeFile(file, (await transform(code, options)).code);
    const ran = await runProgram(process.execPath, [file], { cwd: folder, env: { PATH: process.env.PATH } });
    t.is(ran.code, 0, ran.output);
    const printed = new Set(ran.output.split('\n').map((line) => line.trim()));
    const shown = output.split('\n').map((line) => line.trim());
    t.deepEqual(
      shown.filter((line) => !printed.has(line) && line !== ''),
      [],
      ran.output,
    );
  });
}
