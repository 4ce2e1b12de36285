/** Compiles the instrumented sources in Stryker's copy of the package. The types of mutants do not matter. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { compile } from '../compile.js';

// The copy is three folders below the root of the package. Stryker itself would make the link after this.
await symlink('../../../node_modules', 'node_modules');
await compile('standard', { compilerOptions: ['--noCheck'] });

// What the tests import by these names.
const substitutes = {
  ava: `export { test as default } from '${new URL('declared-tests.js', import.meta.url)}';\n`,
  'fast-check': `export { fewerRuns as default } from '${new URL('fewer-runs.js', import.meta.url)}';\n`,
};
for (const [name, source] of Object.entries(substitutes)) {
  const folder = `.build/standard/node_modules/${name}`;
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/package.json`, '{ "type": "module", "exports": "./index.js" }\n');
  await writeFile(`${folder}/index.js`, source);
}
