/** Reads runbooks and templates. A CommonJS file, since every loader gives those `__dirname`; the build replaces it with the texts. */
import fs = require('node:fs');
import path = require('node:path');

/** The text of a file in `lib/monitoring`. */
function readText(file: string): string {
  return fs.readFileSync(path.join(__dirname, file), 'utf8');
}

export = { readText };
