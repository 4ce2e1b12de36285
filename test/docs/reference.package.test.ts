/** The API reference that `npm run docs:api` writes. TypeDoc is installed first. */
import { readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import test from 'ava';
import { exportedNames, reportFiles } from '../helpers/api-reports.js';
import { fromRoot } from '../helpers/package-root.js';
import { runProgram } from '../helpers/run-program.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

test('TypeDoc documents every public export on a page of its own, without a warning', async (t) => {
  t.timeout(600_000, 'installing TypeDoc, and checking the types of all sources');
  const folder = await temporaryFolder(t);
  const { code, output } = await runProgram(process.execPath, [fromRoot('test/docs/reference.js'), folder]);
  t.is(code, 0, output);
  const pages = (await readdir(folder, { recursive: true })).map((file) => basename(file, '.html'));
  // The page of `Counted` is `_tamma_observability_decorators.Counted.html`.
  const documented = new Set(pages.map((page) => page.slice(page.lastIndexOf('.') + 1)));
  for (const file of reportFiles) {
    const names = exportedNames(await readFile(fromRoot(file), 'utf8'));
    t.true(names.length > 0, file);
    t.deepEqual(
      names.filter((name) => !documented.has(name)),
      [],
      file,
    );
  }
});
