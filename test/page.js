/**
 * Bundles the page of the dashboard for browsers: one script, one style sheet and an icon, whose names contain a hash of their
 * content, and the HTML that loads them. Preact and uPlot are part of the script, with their licences.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../', import.meta.url));
const source = join(root, 'middleware/dashboard/page');
/** The packages that are part of the script. */
const pagePackages = ['preact', 'uplot'];

/** @returns {Promise<Record<string, string>>} the text of each file, by name */
export async function pageFiles() {
  const notices = await Promise.all(pagePackages.map(notice));
  const { outputFiles, metafile } = await build({
    absWorkingDir: source,
    entryPoints: ['app.tsx', 'app.css'],
    outdir: source,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    banner: { js: notices.join('\n') },
    logLevel: 'error',
  });
  for (const input of Object.keys(metafile.inputs)) {
    const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input) ?? [];
    if (name !== undefined && !pagePackages.includes(name))
      throw new Error(`The page of the dashboard contains ${name}: add it to pagePackages in test/page.js.`);
  }
  const built = outputFiles.map(({ path, text }) => [path.slice(source.length + 1), text]);
  const assets = [...built, ['icon.svg', await readFile(join(source, 'icon.svg'), 'utf8')]].map(
    ([name, text]) => ({ name, hashed: hashedName(name, text), text }),
  );
  let html = await readFile(join(source, 'index.html'), 'utf8');
  for (const { name, hashed } of assets) html = html.replaceAll(`"${name}"`, `"${hashed}"`);
  return { 'index.html': html, ...Object.fromEntries(assets.map(({ hashed, text }) => [hashed, text])) };
}

/** Writes the files to `.build/page-files`, from which the sources read them (`middleware/dashboard/page-files.cts`). */
export async function writePage() {
  const folder = join(root, '.build/page-files');
  const files = Object.entries(await pageFiles());
  await mkdir(folder, { recursive: true });
  // Tests may read the same files at this moment: those of the same name have the same content, except for the HTML.
  const before = await readdir(folder);
  await Promise.all(files.map(([name, text]) => writeFile(join(folder, name), text)));
  const old = before.filter((name) => !files.some(([written]) => written === name));
  await Promise.all(old.map((name) => rm(join(folder, name), { force: true })));
}

/** @param {string} name of a bundled package */
async function notice(name) {
  const licence = await readFile(join(root, 'node_modules', name, 'LICENSE'), 'utf8');
  return `/*! ${name}\n${licence.trim()}\n*/`;
}

/** @param {string} name @param {string} text */
function hashedName(name, text) {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return name.replace('.', `-${hash}.`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writePage();
