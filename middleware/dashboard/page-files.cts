/**
 * Reads the bundled page. A CommonJS file, since every loader gives those `__dirname`; the build replaces it with the texts, because
 * bundlers of users copy no other files.
 */
import fs = require('node:fs');
import path = require('node:path');

/** `.build/page-files`, from the sources and from the compiled sources in `.build/standard`. `test/page.js` writes it. */
const folders = ['../../.build/page-files', '../../../page-files'];

/** The texts of the page by file name: `index.html`, and the script, the style sheet and the icon that it loads. */
function readPageFiles(): Readonly<Record<string, string>> {
  const folder = folders.map((name) => path.join(__dirname, name)).find((name) => fs.existsSync(name));
  if (folder === undefined)
    throw new Error('The page of the dashboard is not built. Run `node test/page.js`.');
  const names = fs.readdirSync(folder);
  return Object.fromEntries(names.map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')]));
}

export = { readPageFiles };
