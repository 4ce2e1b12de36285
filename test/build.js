/**
 * Builds `dist`: CommonJS, which every loader and bundler supports, and for each entry point an ES module that re-exports its
 * names, so that `import` and `require` return the same objects. Code that is loaded together is bundled into one file, because
 * Node takes twice as long for a hundred small ones. It is minified except for the names of functions and classes, which stack
 * traces show. TypeScript writes the types, and those that no entry point reaches are left out.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompressSync } from 'node:zlib';
import jsTokens from 'js-tokens';
import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';
import { pageFiles } from './page.js';
import { textFilesIn } from './text-files.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const dist = join(root, 'dist');
const types = join(root, '.build/types');
const require = createRequire(import.meta.url);
const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
/** `lib/index` and the other entry points, without their extensions. */
const entries = Object.values(exports).flatMap(({ require: entry }) =>
  entry === undefined ? [] : [entry.default.replace(/^\.\/dist\/(.*)\.js$/, '$1')],
);

/** Makes the page of the dashboard part of the module that reads it, because bundlers of users copy no other files. */
const page = {
  name: 'page',
  async load(id) {
    if (!id.endsWith('/middleware/dashboard/page-files.cts')) return undefined;
    return `const files = ${compressed(await pageFiles())};\nmodule.exports = { readPageFiles: files };\n`;
  },
};

/** Makes runbooks and templates part of the module that reads them, since bundlers of users copy no text files. */
const textFiles = {
  name: 'text-files',
  async load(id) {
    if (!id.endsWith('/lib/monitoring/text-files.cts')) return undefined;
    const texts = {};
    for (const name of await textFilesIn(dirname(id)))
      texts[name] = await readFile(join(dirname(id), name), 'utf8');
    return `const texts = ${compressed(texts)};\nmodule.exports = { readText: (file) => texts()[file] };\n`;
  },
};

/** @param {Record<string, string>} texts @returns {string} the code of a function that returns them */
function compressed(texts) {
  const packed = brotliCompressSync(JSON.stringify(texts)).toString('base64');
  return `(() => {
    let texts;
    return () => texts ??= JSON.parse(require('node:zlib').brotliDecompressSync(Buffer.from('${packed}', 'base64')).toString());
  })()`;
}

// So that nothing of a file that is gone is packed.
await rm(dist, { recursive: true, force: true });
await Promise.all([
  writeTypes(),
  writeCode([...entries, 'lib/cli/command', 'middleware/dashboard/watch-server'], 'cjs'),
  writeCode(['lib/cli/tamma-metrics'], 'es'),
]);
await finishCode();
await writeFile(join(dist, 'package.json'), '{ "type": "commonjs", "sideEffects": false }\n');
await Promise.all(entries.map(writeEntry));

async function writeTypes() {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  await rm(types, { recursive: true, force: true });
  await promisify(execFile)(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: root }).catch(
    ({ stdout, stderr }) => {
      throw new Error(`The sources do not compile:\n${stdout}${stderr}`);
    },
  );
  const bundle = await rolldown({
    cwd: types,
    input: Object.fromEntries(entries.map((name) => [name, `./${name}.d.ts`])),
    external: isPackage,
    checks: { bundlerTimings: false },
    plugins: [dts({ dtsInput: true, tsconfig: false })],
  });
  // Types that several entry points share are in one file, because two declarations of a class are two types.
  await bundle.write({ dir: dist, entryFileNames: '[name].ts', chunkFileNames: 'types/[name].d.ts' });
  await bundle.close();
  for (const name of await readdir(dist, { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue;
    const text = await readFile(join(dist, name), 'utf8');
    // Indentation by spaces takes 7 kB.
    const packed = text.replaceAll(/^ +(?=\*)/gm, '').replaceAll(/^(?: {2})+/gm, tabs);
    await writeFile(join(dist, name), packed);
  }
}

/** @param {string} spaces */
function tabs(spaces) {
  return '\t'.repeat(spaces.length / 2);
}

/** @param {string} id */
function isPackage(id) {
  return !/^[./]/.test(id);
}

/** @param {readonly string[]} names @param {'cjs' | 'es'} format the program is an ES module, because it uses `import()` */
async function writeCode(names, format) {
  const [ending, own] = format === 'cjs' ? ['ts', 'js'] : ['mts', 'mjs'];
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(names.map((name) => [name, `./${name}.${ending}`])),
    platform: 'node',
    checks: { bundlerTimings: false },
    // Packages, and the files that the program loads.
    makeAbsoluteExternalsRelative: false,
    external: (id) => isPackage(id) || (format === 'es' && /\/(command|watch-server)\.js$/.test(id)),
    plugins: [textFiles, page],
    resolve: { extensionAlias: { '.js': ['.ts'], '.cjs': ['.cts'] } },
  });
  await bundle.write({
    dir: dist,
    format,
    exports: 'named',
    // Jest has no import() for CommonJS.
    dynamicImportInCjs: false,
    entryFileNames: ({ name }) => (entries.includes(name) ? `${name}.code.js` : `${name}.${own}`),
    chunkFileNames: 'chunks/[name].js',
    minify: {
      compress: true,
      mangle: { keepNames: true, toplevel: true },
      codegen: { removeWhitespace: true },
    },
    // Users have the comments in the types.
    comments: false,
  });
  await bundle.close();
}

async function finishCode() {
  for (const name of await readdir(dist, { recursive: true })) {
    if (!name.endsWith('.js')) continue;
    const text = await readFile(join(dist, name), 'utf8');
    // Bundlers that convert CommonJS to an ES module do not define `require`.
    const own = text
      // In a test runner, fake timers replace `hrtime` of the global `process`.
      .replaceAll(/require\([`"]node:process[`"]\)/g, 'process')
      .replaceAll(/require\(([`"])node:/g, 'process.getBuiltinModule($1node:');
    await writeFile(join(dist, name), inLines(withPlainExports(own)));
  }
}

/**
 * Assigns functions and classes to `exports`, instead of defining a getter for each, which takes five times as many bytes.
 * @param {string} code
 */
function withPlainExports(code) {
  return code.replaceAll(
    /Object\.defineProperty\(exports,[`"](\w+)[`"],\{enumerable:!0,get:function\(\)\{return (\w+)\}\}\)/g,
    (getter, name, value) =>
      new RegExp(`\\b(?:function\\*?|class) ${value}\\b`).test(code) ? `exports.${name}=${value}` : getter,
  );
}

/**
 * Breaks minified code into lines, because Node prints the line of an uncaught error.
 * @param {string} code
 */
function inLines(code) {
  let lines = '';
  let line = '';
  for (const { type, value } of jsTokens(code)) {
    line += value;
    if (line.length < 120 || type !== 'Punctuator' || !/^[,;{]$/.test(value)) continue;
    lines += `${line}\n`;
    line = '';
  }
  return lines + line;
}

/**
 * Writes the files that users load. They re-export the names, and are small, because Node parses the CommonJS files that an ES
 * module imports to find their exports.
 * @param {string} entry
 */
async function writeEntry(entry) {
  const from = `./${entry.split('/').at(-1)}.js`;
  const code = `${entry}.code.js`;
  const names = Object.keys(require(join(dist, code)));
  const lines = names.map((name) => `exports.${name} = code.${name};\n`);
  await writeFile(
    join(dist, `${entry}.js`),
    `'use strict';\nObject.defineProperty(exports, '__esModule', { value: true });\nconst code = require('./${code.split('/').at(-1)}');\n${lines.join('')}`,
  );
  // By name, because loaders differ in the default import of a CommonJS file.
  await writeFile(
    join(dist, `${entry}.mjs`),
    `export {\n${names.map((name) => `  ${name},\n`).join('')}} from '${from}';\n`,
  );
  await writeFile(join(dist, `${entry}.d.mts`), `export * from '${from}';\n`);
}
