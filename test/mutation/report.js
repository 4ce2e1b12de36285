/** The report of the mutation tests, README.md. `node test/mutation/report.js` writes it again from the results of the last runs. */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { globbySync } from 'globby';
import { accepted } from './accepted.js';
import { folders, leftOut, minShare, wholeFiles } from './folders.js';

/** @typedef {{ file: string, line: number, code: string, mutator: string, replacement: string, isReached: boolean }} Survivor */
/** @typedef {{ date: string, killed: number, untested: number, survivors: readonly Omit<Survivor, 'file'>[] }} FileResult */

/** @param {Readonly<Record<string, FileResult>>} results by file */
export function report(results) {
  const survivors = Object.entries(results).flatMap(([file, { survivors }]) =>
    survivors.map((survivor) => ({ file, ...survivor })),
  );
  const argued = new Set();
  const kinds = accepted.map(({ why, is }) => {
    const found = survivors.filter((survivor) => !argued.has(survivor) && is(survivor));
    for (const survivor of found) argued.add(survivor);
    return { why, found };
  });
  const others = survivors.filter((survivor) => !argued.has(survivor));
  return `# Mutation tests

\`npm run test:mutation\` tests the tests. [Stryker](https://stryker-mutator.io) makes one small change to a source, a mutant, and runs the
tests that reach it. If one fails, the mutant is killed; if all pass, it survives, and the tests miss something. The command fails if
less than ${minShare} % are killed. \`npm run test:mutation -- instruments\` tests one folder, and
\`npm run test:mutation -- lib/instruments/counter.ts\` a file. Each run writes its results into this page.

| folder | files | killed | survived | share | not tested | date |
|---|---|---|---|---|---|---|
${Object.entries(folders)
  .map((folder) => folderRow(folder, results))
  .join('\n')}

Not tested are the mutants of code that runs only once, when its module is loaded. Strings are not mutated: they are names and the
texts of errors, which \`test/lib/errors.test.ts\` compares with \`lib/errors.md\`.

## How it is fast

\`in-process-runner.js\` loads the compiled tests once, and switches the mutant in the same process, so that most mutants take
milliseconds. The tests run with ava's own assertions, and each killed mutant is confirmed: the test must pass again without it.
Property tests run with a fixed seed and at most 30 cases (\`fewer-runs.js\`), so that each mutant meets the same cases.

These tests are left out, or run as a whole file:

| tests | why |
|---|---|
${[
  ...Object.entries(leftOut),
  ...wholeFiles.map((file) => [
    file,
    'as a whole file, after which its process ends: it sets up OpenTelemetry',
  ]),
]
  .map(([test, why]) => `| ${test.replaceAll('|', '\\|')} | ${why} |`)
  .join('\n')}

## Survivors

| survived | why |
|---|---|
${kinds
  .filter(({ found }) => found.length > 0)
  .map(({ why, found }) => `| ${found.length} | ${why} |`)
  .join('\n')}
| ${others.length} | not argued; the list follows |

${others.length === 0 ? '' : `| where | mutant | the tests reach it |\n|---|---|---|\n${others.map(row).join('\n')}\n`}`;
}

function filesIn(sources) {
  return globbySync(`${sources}/**/*.ts`, { cwd: fileURLToPath(new URL('../../', import.meta.url)) }).length;
}

function folderRow([name, { sources }], results) {
  const found = Object.entries(results).filter(([file]) => file.startsWith(`${sources}/`));
  if (found.length === 0) return `| ${name} | 0 of ${filesIn(sources)} | | | not run | | |`;
  const sum = (of) => found.reduce((total, [, result]) => total + of(result), 0);
  const killed = sum((result) => result.killed);
  const survived = sum(({ survivors }) => survivors.length);
  const share = ((100 * killed) / (killed + survived)).toFixed(1);
  const dates = found.map(([, { date }]) => date).sort();
  return `| ${name} | ${found.length} of ${filesIn(sources)} | ${killed} | ${survived} | ${share} % | ${sum(({ untested }) => untested)} | ${dates[0]} |`;
}

/** @param {Survivor} survivor */
function row({ file, line, code, mutator, replacement, isReached }) {
  const cell = (text) => `\`${text.slice(0, 70).replaceAll('|', '\\|').replaceAll('`', "'")}\``;
  return `| ${file}:${line} ${cell(code)} | ${mutator} ${cell(replacement)} | ${isReached ? 'yes' : 'no'} |`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const results = JSON.parse(await readFile(new URL('results.json', import.meta.url), 'utf8'));
  await writeFile(new URL('README.md', import.meta.url), report(results));
}
