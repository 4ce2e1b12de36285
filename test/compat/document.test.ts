/** lib/prom-client.md lists exactly the differences that this suite tests. */
import { readdir, readFile } from 'node:fs/promises';
import test from 'ava';
import { fromRoot } from '../helpers/package-root.js';

test('lib/prom-client.md has a section for each tested difference, and no other', async (t) => {
  const document = await readFile(fromRoot('lib/prom-client.md'), 'utf8');
  const sections = [...document.matchAll(/^### (.+)$/gm)].map(([, heading = '']) => heading);
  t.is(new Set(sections).size, sections.length, 'no section twice');
  const files = (await readdir(fromRoot('test/compat'))).filter((file) => file.endsWith('.test.ts'));
  const sources = await Promise.all(files.map((file) => readFile(fromRoot(`test/compat/${file}`), 'utf8')));
  const stated = sources.flatMap((source) =>
    [...source.matchAll(/^ *differs\(\s*'([^']+)'/gm)].map(([, difference = '']) => difference),
  );
  t.true(stated.length >= sections.length);
  t.deepEqual([...new Set(stated)].sort(), [...sections].sort());
});

test('each section has a text, and its error codes exist', async (t) => {
  const document = await readFile(fromRoot('lib/prom-client.md'), 'utf8');
  const errors = await readFile(fromRoot('lib/errors.md'), 'utf8');
  for (const section of document.split(/^### /m).slice(1)) {
    const [heading = '', ...text] = section.split('\n');
    t.true(text.join(' ').trim().length > 60, heading);
    for (const [code] of section.matchAll(/ERR_METRICS_[A-Z_]+/g))
      t.true(errors.includes(`## ${code}\n`), code);
  }
});
