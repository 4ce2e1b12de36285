/** The structure of the sources: which files may import which, type imports included, and how long they are. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import test from 'ava';
import { parseSync } from 'oxc-parser';
import { fromRoot } from './helpers/package-root.js';

interface Import {
  readonly from: string;
  /** A file of the package, from its root, or the name of another package. */
  readonly to: string;
  readonly external: boolean;
  /** Only types are imported: nothing is loaded. */
  readonly isType: boolean;
  readonly isReExport: boolean;
  /** It is loaded by `import()` when it is needed. */
  readonly isLater: boolean;
}

async function sourceFiles(folder: string): Promise<string[]> {
  const entries = await readdir(fromRoot(folder), { recursive: true });
  return entries.filter((name) => /\.([cm]?ts|tsx)$/.test(name)).map((name) => join(folder, name));
}

async function importsOf(file: string): Promise<Import[]> {
  const source = await readFile(fromRoot(file), 'utf8');
  const { module, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const specifiers = [
    ...module.staticImports.map(({ moduleRequest, entries }) => ({
      specifier: moduleRequest.value,
      isType: entries.length > 0 && entries.every(({ isType }) => isType),
      isReExport: false,
      isLater: false,
    })),
    ...module.dynamicImports.flatMap(({ moduleRequest: { start, end } }) => {
      // Others import what a user names.
      const [, specifier] = /^'(.*)'$/.exec(source.slice(start, end)) ?? [];
      return specifier === undefined ? [] : [{ specifier, isType: false, isReExport: false, isLater: true }];
    }),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest, isType }) =>
        moduleRequest == null
          ? []
          : [{ specifier: moduleRequest.value, isType, isReExport: true, isLater: false }],
      ),
    ),
  ];
  return specifiers.map(({ specifier, ...how }) => {
    const external = !specifier.startsWith('.');
    const to = external ? packageName(specifier) : sourceOf(normalize(join(dirname(file), specifier)));
    return { from: file, to, external, ...how };
  });
}

/** The source of a compiled file. The page of the dashboard has components, in `.tsx`. */
function sourceOf(path: string): string {
  const source = path.replace(/\.([cm]?)js$/, '.$1ts');
  return existsSync(fromRoot(source)) ? source : source.replace(/ts$/, 'tsx');
}

function packageName(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

const files = (await Promise.all(['lib', 'decorators', 'middleware'].map(sourceFiles))).flat();
const imports = (await Promise.all(files.map(importsOf))).flat();
const inside =
  (folder: string) =>
  (path: string): boolean =>
    path.startsWith(`${folder}/`);
const shownArrow = ({ from, to }: Import): string => `${from} -> ${to}`;

test('the imports of the sources are found', (t) => {
  t.true(files.length > 30);
  t.true(imports.some(({ from, to }) => from === 'lib/registry.ts' && to === 'lib/definition.ts'));
  t.true(
    imports.some(({ from, to }) => from === 'middleware/index.ts' && to === 'middleware/metrics-router.ts'),
    're-exports too',
  );
  t.true(
    imports.some(({ from, to }) => from === 'lib/collector.ts' && to === 'prom-client'),
    'type imports too',
  );
  t.true(
    imports.some(
      ({ from, to, isLater }) =>
        isLater && from === 'middleware/metrics-parts.ts' && to === 'middleware/metrics-server.ts',
    ),
    'imports at run time too',
  );
  for (const { to } of imports.filter(({ external }) => !external)) t.true(files.includes(to), to);
});

for (const [folder, forbidden] of [
  ['lib', ['decorators', 'middleware']],
  ['decorators', ['middleware']],
  ['middleware', ['decorators']],
] as const) {
  test(`${folder} does not import ${forbidden.join(' or ')}`, (t) => {
    t.deepEqual(
      [
        ...new Set(
          imports
            .filter(({ from, to }) => inside(folder)(from) && forbidden.some((other) => inside(other)(to)))
            .map(shownArrow),
        ),
      ],
      // The root of the package re-exports `createMetrics`, which the next test covers. The program passes the page to `watch`.
      folder === 'lib'
        ? [
            'lib/index.ts -> middleware/create-metrics.ts',
            'lib/index.ts -> middleware/create-metrics-options.ts',
            'lib/cli/tamma-metrics.mts -> middleware/dashboard/watch-server.ts',
          ]
        : [],
    );
  });
}

test('the root of the package loads neither Koa nor parts that few programs need', (t) => {
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const { from, to, isType, isLater } of imports) if (from === file && !isType && !isLater) visit(to);
  };
  visit('lib/index.ts');
  t.true(reached.has('middleware/create-metrics.ts'));
  t.deepEqual(
    [...reached].filter(
      (file) =>
        [
          'koa',
          '@koa/router',
          'commander',
          'node:http',
          'node:net',
          'node:cluster',
          'node:worker_threads',
        ].includes(file) ||
        /monitoring|dashboard|protobuf|lib\/cli|lib\/export\/cluster|metrics-router|metrics-server/.test(
          file,
        ),
    ),
    [],
  );
});

test('sources do not import tests or examples', (t) => {
  t.deepEqual(imports.filter(({ to }) => inside('test')(to) || inside('examples')(to)).map(shownArrow), []);
});

test('the page of the dashboard loads types and pure functions of lib only, and nothing of Node', (t) => {
  const inPage = inside('middleware/dashboard/page');
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const { from, to, isType } of imports) if (from === file && !isType) visit(to);
  };
  for (const file of files.filter(inPage)) visit(file);
  t.deepEqual([...reached].filter((path) => !inPage(path)).sort(), [
    'lib/history/label-match.ts',
    'preact',
    'uplot',
  ]);
  t.deepEqual(imports.filter(({ from, to }) => inPage(to) && !inPage(from)).map(shownArrow), []);
});

test('no file imports an index.ts', (t) => {
  t.deepEqual(
    imports.filter(({ to, external }) => !external && to.endsWith('/index.ts')).map(shownArrow),
    [],
  );
});

test('only an index.ts re-exports from another file', (t) => {
  t.deepEqual(
    imports.filter(({ from, isReExport }) => isReExport && !from.endsWith('index.ts')).map(shownArrow),
    [],
  );
});

test('no source file has more than 300 lines', async (t) => {
  const lengths = await Promise.all(
    files.map(
      async (file) => [file, (await readFile(fromRoot(file), 'utf8')).split('\n').length - 1] as const,
    ),
  );
  t.deepEqual(
    lengths.filter(([, lines]) => lines > 300),
    [],
  );
});

test('no file imports Koa or its router, not even their types', (t) => {
  t.deepEqual(imports.filter(({ to }) => ['koa', '@koa/router'].includes(to)).map(shownArrow), []);
});

const registryParts = [
  'exemplar-options',
  'exposed-names',
  'failures',
  'folded-series',
  'metrics-warning',
  'registered-instruments',
  'registry-checks',
  'registry-options',
  'registry-text',
  'registry-views',
  'structural-registry',
].map((name) => `lib/${name}.ts`);
/** Files of the exposition that depend on the shape of a registry only. */
const isWriting = (path: string): boolean =>
  inside('lib/exposition')(path) && path !== 'lib/exposition/self-metrics.ts';

/** The layers of lib, lowest first: a layer imports itself and lower layers. */
const layers: readonly (readonly [name: string, holds: (path: string) => boolean])[] = [
  [
    'below all',
    (path) =>
      ['clock', 'closest-match', 'deadline', 'label-context', 'process-wide', 'unknown-values'].some(
        (name) => path === `lib/${name}.ts`,
      ),
  ],
  ['errors', (path) => ['lib/errors.ts', 'lib/option-names.ts'].includes(path)],
  [
    'definition',
    (path) =>
      [
        'lib/naming.ts',
        'lib/label.ts',
        'lib/define.ts',
        'lib/definition-checks.ts',
        'lib/definition.ts',
        'lib/native-histogram.ts',
        'lib/views.ts',
      ].includes(path),
  ],
  // On the level of the instruments, which do not import it.
  ['catalogue', inside('lib/catalogue')],
  ['instruments', inside('lib/instruments')],
  ['registry parts', (path) => registryParts.includes(path) || isWriting(path)],
  ['registry', (path) => path === 'lib/registry.ts'],
  ['the rest of lib', inside('lib')],
];
const layerOf = (path: string): number => layers.findIndex(([, holds]) => holds(path));

test('each layer of lib imports lower layers only', (t) => {
  const upwards = imports.filter(
    ({ from, to, external }) => !external && inside('lib')(from) && layerOf(to) > layerOf(from),
  );
  t.deepEqual(upwards.map(shownArrow), []);
  t.deepEqual(
    imports
      .filter(({ from, to }) => inside('lib/instruments')(from) && inside('lib/catalogue')(to))
      .map(shownArrow),
    [],
  );
});

test('the package does not load the command line', (t) => {
  t.deepEqual(
    imports.filter(({ from, to }) => inside('lib/cli')(to) && !inside('lib/cli')(from)).map(shownArrow),
    [],
  );
  t.deepEqual(
    imports.filter(({ from, to }) => to === 'commander' && !inside('lib/cli')(from)).map(shownArrow),
    [],
  );
});

test('there are no circular imports', (t) => {
  const targets = new Map<string, string[]>();
  for (const { from, to, external } of imports)
    if (!external) targets.set(from, [...(targets.get(from) ?? []), to]);
  const finished = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (finished.has(file) || path.includes(file)) return;
    for (const to of targets.get(file) ?? []) visit(to, [...path, file]);
    finished.add(file);
  };
  for (const file of files) visit(file, []);
  t.deepEqual(circles, []);
});

test('only the command line needs ES modules, since the rest is also built as CommonJS', async (t) => {
  const needs = /\bimport\.meta\b|\bcreateRequire\b/;
  const sources = await Promise.all(
    files.map(async (file) => [file, await readFile(fromRoot(file), 'utf8')] as const),
  );
  t.deepEqual(
    sources.filter(([, source]) => needs.test(source)).map(([file]) => file),
    [],
  );
  t.deepEqual(
    files.filter((file) => file.endsWith('.mts')),
    ['lib/cli/tamma-metrics.mts'],
  );
});

test('every external import is a dependency, a peer or Node', async (t) => {
  const manifest = JSON.parse(await readFile(fromRoot('package.json'), 'utf8')) as Record<
    'dependencies' | 'peerDependencies',
    Record<string, string>
  >;
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  const packages = imports.filter(({ to, external }) => external && !to.startsWith('node:'));
  // The build makes them part of the script of the page.
  const isBundled = inside('middleware/dashboard/page');
  t.deepEqual([...new Set(packages.filter(({ from }) => isBundled(from)).map(({ to }) => to))].sort(), [
    'preact',
    'uplot',
  ]);
  const used = new Set(packages.filter(({ from }) => !isBundled(from)).map(({ to }) => to));
  // Used by the monitoring bundle only, and loaded when one is generated.
  const optional = await readFile(fromRoot('lib/monitoring/optional-package.ts'), 'utf8');
  // Optional peers that are declared for their version range and never imported.
  const known = ['koa', '@koa/router'];
  const later = declared.filter((name) => !used.has(name) && !known.includes(name));
  t.true(
    later.every((name) => optional.includes(`'${name}'`)),
    later.join(),
  );
  t.deepEqual([...used, ...later, ...known].sort(), declared.sort());
});

test('only the monitoring and the command line import the file formats of Prometheus and Grafana', (t) => {
  t.deepEqual(
    imports
      .filter(
        ({ from, to }) =>
          // The limits of alerts are no file format: the dashboard evaluates them too.
          (to === 'yaml' || (inside('lib/monitoring')(to) && to !== 'lib/monitoring/alerts/thresholds.ts')) &&
          !inside('lib/monitoring')(from) &&
          !inside('lib/cli')(from),
      )
      .map(shownArrow),
    [],
  );
});

test('the top level has the fixed folders only', async (t) => {
  const folders = (await readdir(fromRoot(''), { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  t.deepEqual(
    folders.filter((name) => !name.startsWith('.') && !['node_modules', 'dist'].includes(name)).sort(),
    ['decorators', 'examples', 'lib', 'middleware', 'test'],
  );
});
