/**
 * Tests the tests: Stryker changes the sources in many small ways, and each change must make a test fail.
 *
 *     npm run test:mutation                                  all folders of `folders.js`
 *     npm run test:mutation -- instruments                   one folder
 *     npm run test:mutation -- lib/instruments/counter.ts    files of one folder
 *
 * A run of whole folders writes `results.json` and the report in README.md.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { globby } from 'globby';
import { installTool } from '../tools.js';
import { folders, minShare, leftOut } from './folders.js';
import { report } from './report.js';

const own = (name) => fileURLToPath(new URL(name, import.meta.url));
process.chdir(own('../../'));
process.env.DECORATOR_MODE = 'standard';

const { Stryker } = await import(
  join(await installTool('stryker'), 'node_modules/@stryker-mutator/core/dist/src/index.js')
);

/** @param {{ sources: string, tests: readonly string[] }} folder @param {readonly string[]} mutate */
async function mutantsOf({ tests }, mutate) {
  const testFiles = (await globby([...tests, '!**/*.system.test.ts'])).filter(
    (file) => !Object.hasOwn(leftOut, file),
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
    timeoutMS: 120_000,
    timeoutFactor: 3,
    reporters: ['progress-append-only', 'clear-text'],
    clearTextReporter: { logTests: false, reportTests: false, allowColor: false },
    thresholds: { high: 95, low: minShare, break: minShare },
  }).runMutationTest();
}

/** What is kept of the mutants of a folder. */
async function summary(mutants) {
  const count = (...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
  const left = mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
  return {
    date: new Date().toISOString().slice(0, 10),
    killed: count('Killed', 'Timeout'),
    survived: left.length,
    static: mutants.filter(({ status, static: isStatic }) => status === 'Ignored' && isStatic).length,
    survivors: await Promise.all(
      left.map(async ({ fileName, location, mutatorName, replacement, status }) => ({
        file: fileName.replaceAll('\\', '/').replace(`${process.cwd()}/`, ''),
        line: location.start.line,
        code: (await readFile(fileName, 'utf8')).split('\n')[location.start.line - 1].trim(),
        mutator: mutatorName,
        replacement: replacement.split('\n')[0],
        covered: status === 'Survived',
      })),
    ),
  };
}

const args = process.argv.slice(2);
const files = args.filter((arg) => !Object.hasOwn(folders, arg));
if (files.length > 0) {
  const folder = Object.values(folders).find(({ sources }) =>
    files.every((file) => file.startsWith(`${sources}/`)),
  );
  if (folder === undefined)
    throw new Error(`Expected files of one folder of ${Object.keys(folders).join(', ')}.`);
  await mutantsOf(folder, files);
} else {
  const results = JSON.parse(await readFile(own('results.json'), 'utf8').catch(() => '{}'));
  for (const name of args.length > 0 ? args : Object.keys(folders)) {
    const folder = folders[name];
    results[name] = await summary(await mutantsOf(folder, [`${folder.sources}/**/*.ts`]));
    await writeFile(own('results.json'), `${JSON.stringify(results, undefined, 2)}\n`);
    await writeFile(own('README.md'), report(results));
  }
}
