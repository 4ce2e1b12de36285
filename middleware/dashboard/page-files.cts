/**
 * Reads the bundled page. A CommonJS file, since every loader gives those `__dirname`; the build replaces it with the texts, because
 * bundlers of users copy no other files.
 */
import fs = require('node:fs');
import path = require('node:path');

/** The texts of the page by file name: `index.html`, and the script, the style sheet and the icon that it loads. */
function readPageFiles(): Readonly<Record<string, string>> {
  const folder = path.join(__dirname, 'page-files');
  const names = fs.readdirSync(folder);
  return Object.fromEntries(names.map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')]));
}

export = { readPageFiles };
