/**
 * Bundles the programs that system tests start a hundred times, because Node loads one file in a third of the time. The unit
 * tests and `npm start` run the same programs without bundling.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, stop } from 'esbuild';
import { pageFiles } from './page.js';

const programs = ['examples/service/main', 'test/fixtures/cluster/service'];
const tree = fileURLToPath(new URL('../.build/standard/', import.meta.url));

/** Makes the page of the dashboard part of the bundle, which has no folder beside it. */
const page = {
  name: 'page',
  setup({ onLoad }) {
    onLoad({ filter: /page-files\.c[jt]s$/ }, async () => ({
      contents: `module.exports = { readPageFiles: () => (${JSON.stringify(await pageFiles())}) };`,
    }));
  },
};

export async function writeSingleFiles() {
  await build({
    absWorkingDir: tree,
    entryPoints: programs.map((program) => join(tree, `${program}.js`)),
    outbase: tree,
    outdir: tree,
    outExtension: { '.js': '.single.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    // For bundled CommonJS packages.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    plugins: [page],
    logLevel: 'error',
  });
  await stop();
}
