/** Writes every generated document: `npm run docs`. */
import { writeFile } from 'node:fs/promises';
import { generatedDocuments } from './generated-docs.js';
import { fromRoot } from './package-root.js';

for (const { file, content } of generatedDocuments) {
  await writeFile(fromRoot(file), content());
  console.log(`wrote ${file}`);
}
