/**
 * Tests the tests: Stryker changes the sources in many small ways, and each change must make a test fail.
 *
 *     npm run test:mutation                                  all folders of `folders.js`
 *     npm run test:mutation -- instruments                   one folder
 *     npm run test:mutation -- lib/instruments/counter.ts    files
 *
 * It writes the results of the tested files into `results.json`, and the report of all results into README.md.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { globby } from 'globby';
import { installTool } from '../tools.js';
import { folders, leftOut, minShare, slowTests } from './folders.js';
import { report } from './report.js';

const own = (name) => fileURLToPath(new URL(name, import.meta.url));
process.chdir(own('../../'));
process.env.DECORATOR_MODE = 'standard';

const { Stryker } = await import(
  join(await installTool('stryker'), 'node_modules/@stryker-mutator/core/dist/src/index.js')
);

/** Whether a test file is run for these sources: all files of a folder, given by a pattern, or some. */
function isFor(testFile, mutate) {
  const tested = slowTests[testFile];
  return tested === undefined || mutate.some((source) => source.includes('*') || tested.test(source));
}

/** @param {{ sources: string, tests: readonly string[] }} folder @param {readonly string[]} mutate */
async function mutantsOf({ tests }, mutate) {
  const testFiles = (await globby([...tests, '!**/*.{system,package}.test.ts'])).filter(
    (file) => !Object.hasOwn(leftOut, file) && isFor(file, mutate),
  );
  return await new Stryker({
    testRunner: 'in-process',
    plugins: [own('in-process-runner.js')],
    mutate,
    testFiles: testFiles.sort(),
    coverageAnalysis: 'perTest',
    // A mutant in code that runs when a module is loaded needs a new process.
    ignoreStatic: true,
    // The texts of errors and warnings, and names; `test/lib/errors.test.ts` compares the errors with `errors.md`.
    mutator: { excludedMutations: ['StringLiteral'] },
    disableTypeChecks: '{lib,decorators}/**/*.ts',
    // Stryker would read it with the package's TypeScript, which has no API yet.
    tsconfigFile: 'none.json',
    buildCommand: 'node test/mutation/compile.js',
    tempDirName: '.build/mutation',
    cleanTempDir: 'always',
    symlinkNodeModules: false,
    ignorePatterns: ['.build', '.cache', '.docs-api', 'dist'],
    timeoutMS: 20_000,
    timeoutFactor: 2,
    reporters: ['progress-append-only', 'clear-text'],
    clearTextReporter: { logTests: false, reportTests: false, allowColor: false },
    thresholds: { high: 95, low: minShare, break: minShare },
  }).runMutationTest();
}

/** What is kept of the mutants of a file. */
async function resultOf(file, mutants) {
  const lines = (await readFile(file, 'utf8')).split('\n');
  const count = (...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
  return {
    date: new Date().toISOString().slice(0, 10),
    killed: count('Killed', 'Timeout'),
    untested: mutants.filter(({ status, static: isStatic }) => status === 'Ignored' && isStatic).length,
    survivors: mutants
      .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
      .map(({ location, mutatorName, replacement, status }) => ({
        line: location.start.line,
        code: lines[location.start.line - 1].trim(),
        mutator: mutatorName,
        replacement: replacement.split('\n')[0],
        isReached: status === 'Survived',
      })),
  };
}

/** @returns {Map<string, object[]>} */
function byFile(mutants) {
  const files = new Map();
  for (const mutant of mutants) files.set(mutant.fileName, [...(files.get(mutant.fileName) ?? []), mutant]);
  return files;
}

const args = process.argv.slice(2);
for (const [name, folder] of Object.entries(folders)) {
  const isWhole = args.length === 0 || args.includes(name);
  const files = isWhole
    ? [`${folder.sources}/**/*.ts`]
    : args.filter((arg) => arg.startsWith(`${folder.sources}/`));
  if (files.length === 0) continue;
  const mutants = await mutantsOf(folder, files);
  const results = JSON.parse(await readFile(own('results.json'), 'utf8').catch(() => '{}'));
  const found = byFile(mutants);
  // Also those that have only types, and so no mutants.
  for (const file of await globby(files))
    results[file] = await resultOf(file, found.get(resolve(file)) ?? []);
  const sorted = Object.fromEntries(Object.entries(results).sort(([a], [b]) => (a < b ? -1 : 1)));
  await writeFile(own('results.json'), `${JSON.stringify(sorted, undefined, 2)}\n`);
  await writeFile(own('README.md'), report(sorted));
}
