/**
 * Builds `dist`: CommonJS, which every loader and bundler takes, and beside each entry point an ES module that hands on its
 * names. So `import` and `require` give the same objects. What is loaded together is in one file: of a hundred small ones, Node
 * takes twice as long to load. The types are TypeScript's, file by file.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { textFilesIn } from './text-files.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const dist = join(root, 'dist');
const require = createRequire(import.meta.url);
const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
/** `lib/index` and the others, without their endings. */
const entries = Object.values(exports).flatMap(({ require: entry }) =>
  entry === undefined ? [] : [entry.default.replace(/^\.\/dist\/(.*)\.js$/, '$1')],
);

/** Makes runbooks and templates part of the module that reads them, since bundlers of users copy no text files. */
const textFiles = {
  name: 'text-files',
  async load(id) {
    if (!id.endsWith('/lib/monitoring/text-files.cts')) return undefined;
    const texts = {};
    for (const name of await textFilesIn(dirname(id)))
      texts[name] = await readFile(join(dirname(id), name), 'utf8');
    return `const texts = ${JSON.stringify(texts)};\nmodule.exports = { readText: (file) => texts[file] };\n`;
  },
};

// So that nothing of a file that is gone is packed.
await rm(dist, { recursive: true, force: true });
await Promise.all([
  writeTypes(),
  writeCode([...entries, 'lib/cli/command'], 'cjs'),
  writeCode(['lib/cli/tamma-metrics'], 'es'),
]);
await reachNodeWithoutRequire();
await writeFile(join(dist, 'package.json'), '{ "type": "commonjs", "sideEffects": false }\n');
await Promise.all(entries.map(writeEntry));

async function writeTypes() {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: root }).catch(
    ({ stdout, stderr }) => {
      throw new Error(`The sources do not compile:\n${stdout}${stderr}`);
    },
  );
}

/** @param {readonly string[]} names @param {'cjs' | 'es'} format the program is an ES module, for its `import()` */
async function writeCode(names, format) {
  const [ending, own] = format === 'cjs' ? ['ts', 'js'] : ['mts', 'mjs'];
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(names.map((name) => [name, `./${name}.${ending}`])),
    platform: 'node',
    // Packages, and what the program loads.
    makeAbsoluteExternalsRelative: false,
    external: (id) => !/^[./]/.test(id) || (format === 'es' && id === './command.js'),
    plugins: [textFiles],
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
    sourcemap: true,
  });
  await bundle.close();
}

/** Bundlers leave `require` out where they put CommonJS into an ES module. */
async function reachNodeWithoutRequire() {
  for (const name of await readdir(dist, { recursive: true })) {
    if (!name.endsWith('.js')) continue;
    const text = await readFile(join(dist, name), 'utf8');
    const own = text
      // In a test runner, the global `process` is the one whose `hrtime` fake timers replace.
      .replaceAll('require("node:process")', 'process')
      .replaceAll('require("node:', 'process.getBuiltinModule("node:');
    await writeFile(join(dist, name), own);
  }
}

/**
 * The files that users load: they hand on the names, and are so small that Node, which reads through the CommonJS that an ES
 * module imports in search of names, is done at once.
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
  // By name, since loaders differ in what the default import of a CommonJS file is.
  await writeFile(
    join(dist, `${entry}.mjs`),
    `export {\n${names.map((name) => `  ${name},\n`).join('')}} from '${from}';\n`,
  );
  await writeFile(join(dist, `${entry}.d.mts`), `export * from '${from}';\n`);
}
