// In a process of its own: its tests wait for processes, in parallel.
/** Test files that share a process: all run, each in a clean process state, and a failure names its file. */
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { fromRoot } from '../helpers/package-root.js';
import { runProgram } from '../helpers/run-program.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { writeFiles } from '../helpers/write-files.js';

const importAva = "import test from 'ava';\n";
const passes = "test('works', (t) => t.pass());\n";

/** Runs ava over test files, name -> source; with `groups`, name -> patterns, as `npm test` does. */
async function runAva(
  t: ExecutionContext,
  files: Readonly<Record<string, string>>,
  groups?: Readonly<Record<string, readonly string[]>>,
  args: readonly string[] = [],
) {
  const root = await temporaryFolder(t);
  const options = { root, tree: '.build', files: ['test/*.test.ts'], groups };
  const config = `import { groupFiles } from ${JSON.stringify(fromRoot('test/groups/group-files.js'))};
const options = ${JSON.stringify(options)};
export default {
  files: options.groups === undefined ? options.files : await groupFiles(options),
  workerThreads: false,
  timeout: '3m',
  typescript: { compile: false, rewritePaths: { 'test/': '.build/test/' } },
};`;
  await writeFiles(root, [
    { path: 'package.json', content: '{ "type": "module" }' },
    { path: 'ava.config.js', content: config },
    ...Object.entries(files).flatMap(([name, content]) => [
      { path: `test/${name}.test.ts`, content },
      { path: `.build/test/${name}.test.js`, content },
    ]),
  ]);
  await symlink(fromRoot('node_modules'), join(root, 'node_modules'));
  const ava = fromRoot('node_modules/ava/entrypoints/cli.mjs');
  const { code, output } = await runProgram(process.execPath, [ava, ...args], {
    cwd: root,
    env: process.env,
  });
  return { code, output, results: output.match(/^(not )?ok .*/gm) ?? [] };
}

test('a grouped run has the results of an ungrouped run, with the file in its titles', async (t) => {
  const files = {
    one: `${importAva}${passes}test.serial('is serial', (t) => t.pass());
test.skip('is skipped', (t) => t.fail());
test.todo('is to do');
test.failing('is known to fail', (t) => t.fail());
test('is given arguments', (t, one, two) => t.is(one + two, 3), 1, 2);\n`,
    two: `${importAva}${passes}await Promise.resolve();\ntest('is declared late', (t) => t.pass());\n`,
    three: `// In a process of its own: it has a hook.\n${importAva}test.before((t) => t.pass());\n${passes}`,
  };
  // Outside of a group, ava allows no declaration after an \`await\`.
  const ungrouped = await runAva(
    t,
    { ...files, two: files.two.replace('await Promise.resolve();\n', '') },
    undefined,
    ['--tap'],
  );
  const grouped = await runAva(t, files, { all: ['test/**'] }, ['--tap']);
  t.deepEqual([ungrouped.code, grouped.code], [0, 0], grouped.output);
  const named = ({ results }: { readonly results: readonly string[] }): string[] =>
    results
      .map((line) => line.replace(/ \d+ - /, ' ').replace(/(test|\.build › groups › all) › /, ''))
      .sort();
  t.is(ungrouped.results.length, 9);
  t.deepEqual(named(grouped), named(ungrouped));
  t.true(named(grouped).includes('ok one › works') && named(grouped).includes('ok two › works'));
});

test('a failure in a group fails the run and names the file and the cause', async (t) => {
  const { code, output } = await runAva(
    t,
    {
      'fails-1': `${importAva}test('breaks', (t) => t.is(1, 2));\n`,
      'fails-2': `${importAva}${passes}`,
      leaves: `${importAva}test('leaves a variable', (t) => { process.env.LEFT = 'here'; t.pass(); });
test('leaves a listener', (t) => { process.on('SIGUSR2', () => {}); t.pass(); });
test('replaces and restores', (t) => {
  const { now } = Date;
  Date.now = () => 0;
  t.teardown(() => { Date.now = now; });
  t.is(Date.now(), 0);
});\n`,
      loads: `globalThis.leftByLoading = true;\n${importAva}${passes}`,
      hooks: `${importAva}test.afterEach(() => {});\n${passes}`,
      empty: `${importAva}`,
    },
    {
      run: ['test/{fails,leaves}*'],
      loads: ['test/loads*'],
      hooks: ['test/hooks*'],
      empty: ['test/empty*'],
    },
  );
  t.is(code, 1);
  const has = (text: string | RegExp): void => {
    t.true(typeof text === 'string' ? output.includes(text) : text.test(output), `${text}\n${output}`);
  };
  has(/✘ \[fail\]: run › fails-1 › breaks/);
  has('fails-1.test.js:2');
  has('✔ run › fails-2 › works');
  has(/✘ \[fail\]: run › leaves › leaves a variable/);
  has('The test leaves changed `process.env.LEFT`.');
  has('The test leaves changed the listeners of `process` for `SIGUSR2`.');
  has('✔ run › leaves › replaces and restores');
  has('`loads.test.js` changes `globalThis.leftByLoading`.');
  has('`hooks.test.js` has a hook or a test without a title.');
  has('No tests in `empty.test.js`.');
});

test('a group without a file is an error', async (t) => {
  const { groupFiles } = await import(pathToFileURL(fromRoot('test/groups/group-files.js')).href);
  const root = await temporaryFolder(t);
  await t.throwsAsync(groupFiles({ root, tree: '.build', files: [], groups: { other: ['test/other*'] } }), {
    message: 'There is no test file in the group `other`.',
  });
});
