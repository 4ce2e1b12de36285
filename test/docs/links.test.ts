/** The relative links of all documents: the file exists, and it has the heading. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import test from 'ava';
import { documents } from '../helpers/documents.js';
import { fromRoot } from '../helpers/package-root.js';

/** The anchors that GitHub makes of the headings of a document. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.*)$/gm)];
  const counts = new Map<string, number>();
  return new Set(
    headings.map(([, heading = '']) => {
      const slug = heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-');
      const count = counts.get(slug) ?? 0;
      counts.set(slug, count + 1);
      return count === 0 ? slug : `${slug}-${count}`;
    }),
  );
}

const all = await documents();

test('the documents are found', (t) => {
  const paths = all.map(({ path }) => path);
  for (const path of ['README.md', 'lib/errors.md', 'middleware/README.md', 'examples/minimal/README.md'])
    t.true(paths.includes(path), path);
});

for (const { path, text } of all) {
  test(`the relative links of ${path} lead to files and headings that exist`, async (t) => {
    const dead: string[] = [];
    const prose = text.replace(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '``');
    for (const [, link = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : normalize(join(dirname(path), file));
      const isDead =
        !existsSync(fromRoot(target)) ||
        (anchor !== undefined && !anchorsOf(await readFile(fromRoot(target), 'utf8')).has(anchor));
      if (isDead) dead.push(link);
    }
    t.deepEqual(dead, []);
  });
}

test('every guide is linked from another document', (t) => {
  const linked = new Set(
    all.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)#\s]+\.md)/g)].map(([, link = '']) => normalize(join(dirname(path), link))),
    ),
  );
  const guides = all.map(({ path }) => path).filter((path) => /^(lib|decorators|middleware)\//.test(path));
  t.deepEqual(
    guides.filter((path) => !linked.has(path)),
    [],
  );
});
