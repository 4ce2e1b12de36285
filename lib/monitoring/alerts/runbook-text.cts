/** Reads the runbooks. A CommonJS file, since every loader gives those `__dirname`; the build replaces it with the texts. */
import fs = require('node:fs');
import path = require('node:path');

function runbookText(subject: string): string {
  return fs.readFileSync(path.join(__dirname, 'runbooks', `${subject}.md`), 'utf8');
}

export = { runbookText };
