/**
 * Bundles the programs that tests start as processes, because Node loads one file in half the time of a hundred. They are
 * compiled first, so a bundle has the code that users' compilers emit. `npm start` runs the same programs without bundling.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, stop } from 'esbuild';
import { pageFiles } from './page.js';
import { textFilesIn } from './text-files.js';

/** Without their extensions, from the root of the compiled tree. */
const programs = [
  'decorators/index',
  'examples/batch-job/main',
  'examples/cluster/main',
  'examples/minimal/main',
  'examples/node-http/main',
  'examples/own-catalogue/main',
  'examples/prom-client-migration/main',
  'examples/service/main',
  'lib/cli/tamma-metrics',
  'lib/index',
  'test/fixtures/cluster/create-metrics',
  'test/fixtures/cluster/ending-service',
  'test/fixtures/cluster/prom-client',
  'test/fixtures/cluster/service',
  'test/fixtures/cluster/worker-service',
  'test/fixtures/stopping-app',
  'test/matrix/smoke/pipelines',
];
const root = fileURLToPath(new URL('../', import.meta.url));
const tree = join(root, '.build/standard');

/** The files that the package reads beside its modules become part of the bundle, which is in another folder. */
const ownFiles = {
  name: 'own-files',
  setup({ onLoad }) {
    onLoad({ filter: /page-files\.cjs$/ }, async () => ({
      contents: `module.exports = { readPageFiles: () => (${JSON.stringify(await pageFiles())}) };`,
    }));
    onLoad({ filter: /monitoring[\\/]text-files\.cjs$/ }, async ({ path }) => {
      const names = await textFilesIn(dirname(path));
      const texts = await Promise.all(names.map((name) => readFile(join(dirname(path), name), 'utf8')));
      const byName = Object.fromEntries(names.map((name, index) => [name, texts[index]]));
      return {
        contents: `const texts = ${JSON.stringify(byName)}; module.exports = { readText: (name) => texts[name] };`,
      };
    });
  },
};

/** `test/fixtures/stopping-app.single.mjs` and so on, beside the compiled files. */
export async function writeSingleFiles() {
  const extension = (program) => (program === 'lib/cli/tamma-metrics' ? 'mjs' : 'js');
  await build({
    absWorkingDir: tree,
    entryPoints: programs.map((program) => join(tree, `${program}.${extension(program)}`)),
    outbase: tree,
    outdir: tree,
    outExtension: { '.js': '.single.mjs' },
    bundle: true,
    // Without the `paths` of tsconfig.json, the name of the package means the compiled files, not the sources.
    tsconfigRaw: {},
    platform: 'node',
    format: 'esm',
    // For bundled CommonJS packages.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    plugins: [ownFiles],
    logLevel: 'error',
  });
  await stop();
}
