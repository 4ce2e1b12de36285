/** A change to the public API shows up in review as a change to the reports in `api/`. */
import { readdir, readFile } from 'node:fs/promises';
import test from 'ava';
import { apiReports, reportFiles } from '../helpers/api-reports.js';
import { requireFreshBuild } from '../helpers/fresh-build.js';
import { fromRoot } from '../helpers/package-root.js';

test('each API report shows the public types of its entry point', async (t) => {
  await requireFreshBuild();
  for (const { file, content } of await apiReports()) {
    const checkedIn = await readFile(fromRoot(file), 'utf8').catch(() => '');
    t.is(checkedIn, content, `${file} is out of date. If the API change is intended, run \`npm run docs\`.`);
  }
});

test('every checked-in API report belongs to an entry point', async (t) => {
  const names = await readdir(fromRoot('test/docs/api'));
  t.deepEqual(names.map((name) => `test/docs/api/${name}`).sort(), [...reportFiles].sort());
});
