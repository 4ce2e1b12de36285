import { readFile } from 'node:fs/promises';
import test from 'ava';
import { generatedDocuments } from '../helpers/generated-docs.js';
import { fromRoot } from '../helpers/package-root.js';

for (const { file, content } of generatedDocuments) {
  test(`${file} is what \`npm run docs\` writes`, async (t) => {
    t.is(await readFile(fromRoot(file), 'utf8'), content());
  });
}
