/** The package as its users install it: packed, unpacked into a new project, compiled and run. */
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { fetchedFolder } from './helpers/fetched-packages.js';
import { requireFreshBuild } from './helpers/fresh-build.js';
import { fromRoot } from './helpers/package-root.js';

const run = promisify(execFile);

/** A new project with the unpacked tarball; the other packages are linked from the repository. */
let project = '';
let tarball = '';

test.before(async () => {
  await requireFreshBuild();
  project = await mkdtemp(join(tmpdir(), 'tamma-package-'));
  const { stdout } = await run(
    'npm',
    ['pack', '--json', '--silent', '--ignore-scripts', '--pack-destination', project],
    {
      cwd: fromRoot(''),
    },
  );
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [{ filename: string }];
  tarball = join(project, filename.replace('@tamma/', 'tamma-'));
  const modules = join(project, 'node_modules');
  await mkdir(join(modules, '@tamma/observability'), { recursive: true });
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', join(modules, '@tamma/observability')]);
  for (const name of await readdir(fromRoot('node_modules'))) {
    if (!name.startsWith('.') && name !== '@tamma')
      await symlink(fromRoot(`node_modules/${name}`), join(modules, name));
  }
  await writeFile(join(project, 'package.json'), '{ "type": "module", "private": true }');
});

test.after.always(() => rm(project, { recursive: true, force: true }));

test('the package contains the built code, the types and the documents, and nothing else', async (t) => {
  const files = await readdir(join(project, 'node_modules/@tamma/observability'), { recursive: true });
  for (const file of [
    'dist/lib/index.js',
    'dist/lib/index.d.ts',
    'dist/lib/index.mjs',
    'dist/lib/index.d.mts',
    'dist/decorators/index.js',
    'dist/middleware/index.js',
    'dist/lib/testing.js',
    'lib/errors.md',
    'README.md',
    'LICENSE',
    'THIRD-PARTY-LICENSES.md',
  ]) {
    t.true(files.includes(file), file);
  }
  t.deepEqual(
    files.filter((file) => /^(test|examples)|(?<!\.d)\.[cm]?ts$|\.(?:tsbuildinfo|map)$/.test(file)),
    [],
  );
});

test('the unpacked package takes at most 1 MB', async (t) => {
  const folder = join(project, 'node_modules/@tamma/observability');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  t.true(files.length > 50, 'files are found');
  t.true(total <= 1_000_000, `${total} bytes`);
});

test('the stack of an error of the package shows the names of its functions and classes', async (t) => {
  const script = `const { defineCounter, MetricsRegistry } = require('@tamma/observability');
const greetings = new MetricsRegistry().counter(defineCounter({ name: 'greetings_total', help: 'Greetings.' }));
try { greetings.inc({ language: 'en' }) } catch (error) { console.log(error.stack) }`;
  const { stdout } = await run(process.execPath, ['--input-type=commonjs', '-e', script], { cwd: project });
  t.regex(stdout, /^MetricsError: Unknown label/);
  t.regex(stdout, /at Counter\.inc .*\n +at \[eval\]/);
  const names = [...stdout.matchAll(/at (?:\w+\.)?(\w+) \(.*observability\/dist/g)].map(
    ([, name = '']) => name,
  );
  t.true(names.length > 1);
  t.deepEqual(
    names.filter((name) => name.length < 3),
    [],
  );
});

test('every subpath can be imported and required, and exports its public names', async (t) => {
  const promised = {
    '.': [
      'EscalationError',
      'HealthChecks',
      'MetricsAggregator',
      'MetricsRegistry',
      'PlatformMetrics',
      'PrometheusMetricsCollector',
      'ProviderMetrics',
      'WorkflowMetrics',
      'catalogue',
      'createMetrics',
      'databaseCheck',
      'defaultMetricsConfig',
      'defineCounter',
      'defineGauge',
      'defineHistogram',
      'defineSummary',
      'label',
      'instrumentFetch',
      'knownHosts',
      'loadMetricsConfig',
      'sharedRegistry',
    ],
    './decorators': [
      'Counted',
      'Instrumented',
      'PlatformRequest',
      'ProviderRequest',
      'Timed',
      'TracksGauge',
      'WorkflowRun',
      'WorkflowStep',
      'anthropicUsage',
      'errorType',
      'fromClass',
      'fromContext',
      'getInstrumentation',
      'instrument',
      'instrumentationReport',
      'openaiUsage',
      'outcome',
      'withLabels',
    ],
    './middleware': [
      'createMetricsHandler',
      'healthRouter',
      'metricsRouter',
      'requestMetrics',
      'startMetricsServer',
    ],
    './export': ['clusterMetrics', 'joinCluster', 'keepSnapshots', 'startPush'],
    './monitoring': ['defaultSlos', 'defaultThresholds', 'defineSlo', 'generateBundle', 'writeBundle'],
    './testing': ['createTestRegistry', 'readHistogram', 'readSamples', 'readText', 'readValue'],
  };
  const specifiers = Object.keys(promised).map((subpath) => `@tamma/observability${subpath.slice(1)}`);
  for (const [type, load] of [
    ['module', 'await import(specifier)'],
    ['commonjs', 'require(specifier)'],
  ] as const) {
    const script = `const found = {};
for (const specifier of ${JSON.stringify(specifiers)}) found[specifier] = Object.keys(${load});
console.log(JSON.stringify(found));`;
    const { stdout } = await run(process.execPath, [`--input-type=${type}`, '-e', script], { cwd: project });
    const found = JSON.parse(stdout) as Record<string, string[]>;
    for (const [index, names] of Object.values(promised).entries()) {
      const specifier = specifiers[index] ?? '';
      for (const name of names) t.true(found[specifier]?.includes(name), `${type}, ${specifier}: ${name}`);
    }
  }
});

const readme = readFileSync(fromRoot('README.md'), 'utf8');
const [sample = '', output = ''] = ['ts', 'text'].map(
  (language) => new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(readme)?.[1],
);

for (const mode of ['standard', 'legacy'] as const) {
  test(`README's sample compiles in ${mode} mode against the packed types, runs, and prints what README shows`, async (t) => {
    const folder = join(project, mode);
    await mkdir(folder);
    // A free port, sent to the test, instead of the port in the sample.
    const listen =
      ".listen(0, '127.0.0.1', function (this: import('node:net').Server) { process.send?.((this.address() as { port: number }).port); })";
    t.true(sample.includes('.listen(3000)'));
    await writeFile(join(folder, 'sample.ts'), sample.replace('.listen(3000)', listen));
    const options = {
      target: 'ES2022',
      module: 'NodeNext',
      strict: true,
      types: ['node'],
      rootDir: '.',
      experimentalDecorators: mode === 'legacy',
    };
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, include: ['sample.ts'] }),
    );
    const compiled = await run(process.execPath, [
      fromRoot('node_modules/typescript/bin/tsc'),
      '-p',
      folder,
    ]).catch((error: { stdout: string }) => error);
    t.is(compiled.stdout, '', 'no compile errors, library declarations checked too');

    const service = fork(join(folder, 'sample.js'), { execArgv: [], silent: true });
    t.teardown(() => service.kill());
    const [port] = (await once(service, 'message')) as [number];
    const get = async (path: string): Promise<string> =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    t.is(await get('/en'), 'Hello in en');
    await get('/en');
    await get('/xx');
    const metrics = await get('/metrics');
    t.true(output.includes('greetings_total'));
    t.true(metrics.includes(output), metrics);
    t.regex(
      metrics,
      /http_server_request_duration_seconds_count\{method="GET",route="unmatched",status_code="200"\} 2/,
    );
  });
}

test('the command of the package runs without koa', async (t) => {
  const { stdout } = await run(
    process.execPath,
    ['node_modules/@tamma/observability/dist/lib/cli/tamma-metrics.mjs', 'top', '--help'],
    { cwd: project },
  );
  t.true(stdout.startsWith('Usage: tamma-metrics top [options] <source>'));
});

/** A project with the package and its dependencies, without koa, @koa/router and their types. */
async function bareProject(t: ExecutionContext, others: readonly string[] = []): Promise<string> {
  const bare = await mkdtemp(join(tmpdir(), 'tamma-bare-'));
  t.teardown(() => rm(bare, { recursive: true, force: true }));
  const modules = join(bare, 'node_modules');
  await mkdir(join(modules, '@tamma/observability'), { recursive: true });
  await mkdir(join(modules, '@types'));
  // A copy, because Node resolves packages from the real path of a file.
  await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', join(modules, '@tamma/observability')]);
  const { dependencies } = JSON.parse(await readFile(fromRoot('package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of ['prom-client', ...Object.keys(dependencies), ...others])
    await symlink(fromRoot(`node_modules/${name}`), join(modules, name));
  await writeFile(join(bare, 'package.json'), '{ "type": "module" }');
  return bare;
}

test('createMetrics serves metrics and health on its own port where koa and @koa/router are not installed', async (t) => {
  const bare = await bareProject(t);
  const script = `
    const { createMetrics } = await import('@tamma/observability');
    await import('@tamma/observability/decorators');
    const { createMetricsHandler } = await import('@tamma/observability/middleware');
    const metrics = createMetrics({ host: '127.0.0.1', port: 0 });
    await metrics.start();
    const handler = createMetricsHandler();
    for (const answer of [
      await fetch(metrics.url + '/metrics'),
      await fetch(metrics.url + '/ready'),
      await handler.fetch(new Request('http://service/metrics')),
    ]) console.log(answer.status, (await answer.text()).includes('build_info'));
    await metrics.stop();
    console.log(await import('koa').catch((error) => error.code));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: bare });
  t.is(stdout, '200 true\n200 false\n200 true\nERR_MODULE_NOT_FOUND\n');
});

test('the types of every subpath except ./monitoring compile without @types/koa, with library checks', async (t) => {
  const bare = await bareProject(t, ['@types/node', 'undici-types']);
  await writeFile(
    join(bare, 'service.ts'),
    `import { createMetrics, loadMetricsConfig, sharedRegistry } from '@tamma/observability';
     import { Counted } from '@tamma/observability/decorators';
     import { keepSnapshots } from '@tamma/observability/export';
     import { createMetricsHandler, metricsRouter, requestMetrics } from '@tamma/observability/middleware';
     import { createServer } from 'node:http';
     const server = createServer(createMetricsHandler());
     const metrics = createMetrics(loadMetricsConfig(), { drain: () => server });
     metrics.requestMetrics({ skip: (ctx) => ctx.path === '/health' });
     export const response: Promise<Response> = createMetricsHandler().fetch(new Request('http://service/metrics'));
     export { Counted, keepSnapshots, metricsRouter, requestMetrics };
     export const text: Promise<string> = sharedRegistry.metrics({ format: 'openmetrics' });
     // @ts-expect-error internal members are not in the types
     sharedRegistry.warnOnce;`,
  );
  const options = {
    target: 'ES2022',
    module: 'NodeNext',
    strict: true,
    skipLibCheck: false,
    types: ['node'],
    noEmit: true,
  };
  await writeFile(
    join(bare, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: options, include: ['service.ts'] }),
  );
  const compiled = await run(process.execPath, [
    fromRoot('node_modules/typescript/bin/tsc'),
    '-p',
    bare,
  ]).catch((error: { stdout: string }) => error);
  t.is(compiled.stdout, '');
});

test('publint and arethetypeswrong report no problems', async (t) => {
  const checks = await fetchedFolder('package-checks');
  const bin = (name: string): string => join(checks, `node_modules/.bin/${name}`);
  const publint = await run(bin('publint'), ['run', tarball, '--strict']).catch(
    (error: { stdout: string; stderr: string }) => error,
  );
  t.regex(publint.stdout, /All good!/, `${publint.stdout}${publint.stderr}`);
  // It exits with 1 if it finds a problem, for any module resolution of TypeScript.
  await t.notThrowsAsync(run(bin('attw'), [tarball, '--profile', 'strict', '--no-color']));
});
