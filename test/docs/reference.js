/** Writes the API reference of all entry points with TypeDoc: `npm run docs:api [-- FOLDER]`, by default into `.docs-api`. */
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installTool } from '../tools.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = process.argv[2] ?? join(root, '.docs-api');
const typedoc = join(await installTool('typedoc'), 'node_modules/typedoc/dist/index.js');
const { Application, Converter, TSConfigReader } = await import(typedoc);

const { name, exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
/** Source, from the root -> the name that users import it by. */
const entryPoints = new Map(
  Object.entries(exports)
    .filter(([, files]) => typeof files !== 'string')
    .map(([subpath, files]) => [
      files.require.types.replace('./dist/', '').replace('.d.ts', '.ts'),
      posix.join(name, subpath),
    ]),
);

const app = await Application.bootstrap(
  {
    name,
    entryPoints: [...entryPoints.keys()].map((file) => join(root, file)),
    tsconfig: join(root, 'test/docs/tsconfig.reference.json'),
    readme: 'none',
    githubPages: false,
    disableGit: true,
    disableSources: true,
    excludeInternal: true,
    excludePrivate: true,
    // The tests of the API reports check members, and that the types of signatures are exported.
    validation: { notExported: false, invalidLink: true, notDocumented: true },
    requiredToBeDocumented: ['Class', 'Function', 'Interface', 'Method', 'TypeAlias', 'Variable'],
    treatWarningsAsErrors: true,
  },
  [new TSConfigReader()],
);
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  for (const [file, imported] of entryPoints) {
    const module = project.getChildByName([file.replace(/(\/index)?\.ts$/, '')]);
    if (module === undefined) throw new Error(`TypeDoc found nothing in \`${file}\`.`);
    module.name = imported;
  }
});

const project = await app.convert();
if (project !== undefined) {
  app.validate(project);
  await app.generateDocs(project, folder);
}
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1;
