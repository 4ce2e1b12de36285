/** Writes every generated document, the API reports and the bundles of the examples: `npm run docs`. */
import { writeFile } from 'node:fs/promises';
import { apiReports } from './api-reports.js';
import { exampleBundle, shopBundle, writeExampleBundle, writeShopBundle } from './example-bundle.js';
import { generatedDocuments } from './generated-docs.js';
import { fromRoot } from './package-root.js';

for (const { file, content } of generatedDocuments) {
  await writeFile(fromRoot(file), content());
  console.log(`wrote ${file}`);
}
for (const { file, content } of await apiReports()) {
  await writeFile(fromRoot(file), content);
  console.log(`wrote ${file}`);
}
const { written, removed } = await writeExampleBundle();
console.log(`wrote ${exampleBundle.folder} (${written.length} files changed, ${removed.length} removed)`);
console.log(`wrote ${shopBundle.folder} (${await writeShopBundle()} files)`);
