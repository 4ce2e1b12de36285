/**
 * Builds `dist`: CommonJS, which every loader and bundler takes, and beside each entry point an ES module that hands on
 * its names. So `import` and `require` give the same objects. Types and modules of both kinds are TypeScript's own output.
 */
import { execFile } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../', import.meta.url));
const require = createRequire(import.meta.url);

// So that nothing of a file that is gone is packed.
await rm(join(root, 'dist'), { recursive: true, force: true });
const compiler = join(root, 'node_modules/typescript/bin/tsc');
await promisify(execFile)(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: root }).catch(
  ({ stdout, stderr }) => {
    throw new Error(`The sources do not compile:\n${stdout}${stderr}`);
  },
);
// Node's modules without `require`, which esbuild leaves out where it puts CommonJS into an ES module.
for (const name of await readdir(join(root, 'dist'), { recursive: true })) {
  if (!/\.c?js$/.test(name)) continue;
  const file = join(root, 'dist', name);
  const text = await readFile(file, 'utf8');
  const own = text
    // The test's own, whose `hrtime` fake timers replace.
    .replaceAll('require("node:process")', 'process')
    .replaceAll('require("node:', 'process.getBuiltinModule("node:');
  await writeFile(file, own);
}
await writeFile(join(root, 'dist/package.json'), '{ "type": "commonjs", "sideEffects": false }\n');

const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
for (const { require: entry } of Object.values(exports)) {
  if (entry === undefined) continue;
  const from = `./${entry.default.split('/').at(-1)}`;
  const names = Object.keys(require(join(root, entry.default))).filter((name) => name !== '__esModule');
  const module = join(root, entry.default.replace(/\.js$/, ''));
  // By name, since loaders differ in what the default import of a CommonJS file is.
  await writeFile(
    `${module}.mjs`,
    `export {\n${names.map((name) => `  ${name},\n`).join('')}} from '${from}';\n`,
  );
  await writeFile(`${module}.d.mts`, `export * from '${from}';\n`);
}
