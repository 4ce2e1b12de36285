// In a process of its own: it has a hook.
/** The modules that are loaded when the package is imported. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { requireFreshBuild } from './helpers/fresh-build.js';
import { fromRoot } from './helpers/package-root.js';

const run = promisify(execFile);

test.before(requireFreshBuild);

test('nothing of the dashboard is loaded unless one is mounted', async (t) => {
  const program = (dashboard: boolean): string => `
    import { createRequire } from 'node:module';
    import { createMetrics } from ${JSON.stringify(pathToFileURL(fromRoot('dist/lib/index.js')).href)};
    import * as middleware from ${JSON.stringify(pathToFileURL(fromRoot('dist/middleware/index.js')).href)};
    const metrics = createMetrics({ host: '127.0.0.1', port: 0 }, { signals: false, dashboard: ${dashboard} });
    await metrics.start();
    await fetch(metrics.url + '/dashboard/').then((response) => response.text());
    const require = createRequire(${JSON.stringify(pathToFileURL(fromRoot('package.json')).href)});
    console.log(JSON.stringify(Object.keys(require.cache).map((path) => path.replaceAll('\\\\', '/'))));
    await metrics.stop();`;
  const partsLoaded = async (dashboard: boolean): Promise<string[]> => {
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program(dashboard)]);
    const loaded = (JSON.parse(stdout) as string[]).filter((path) => path.includes('/dist/'));
    const texts = await Promise.all(loaded.map((path) => readFile(path, 'utf8')));
    // The history, the panels, the feed and the files of the page.
    const parts = ['MetricsHistory', 'http-in-flight', 'text/event-stream', 'readPageFiles'];
    return parts.filter((part) => texts.some((text) => text.includes(part)));
  };
  t.deepEqual(await partsLoaded(false), []);
  t.deepEqual(await partsLoaded(true), [
    'MetricsHistory',
    'http-in-flight',
    'text/event-stream',
    'readPageFiles',
  ]);
});

test('the writer of protobuf is loaded by the first scrape that asks for it, which gets all metrics', async (t) => {
  const program = `
    import { readFileSync } from 'node:fs';
    import { createRequire } from 'node:module';
    import { createMetrics } from ${JSON.stringify(pathToFileURL(fromRoot('dist/lib/index.js')).href)};
    const metrics = createMetrics({ host: '127.0.0.1', port: 0 }, { signals: false });
    await metrics.start();
    const require = createRequire(${JSON.stringify(pathToFileURL(fromRoot('package.json')).href)});
    const isLoaded = () => Object.keys(require.cache)
      .some((path) => path.replaceAll('\\\\', '/').includes('/dist/') && readFileSync(path, 'utf8').includes('function zigzag('));
    const scrape = async (accept) => {
      const response = await fetch(metrics.url + '/metrics', { headers: { accept } });
      return [response.headers.get('content-type'), Buffer.from(await response.arrayBuffer()).toString('latin1')];
    };
    const before = [isLoaded()];
    await scrape('text/plain');
    before.push(isLoaded());
    const accept = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';
    const scrapes = await Promise.all([scrape(accept), scrape(accept), scrape('text/plain')]);
    console.log(JSON.stringify({
      before,
      after: isLoaded(),
      scrapes: scrapes.map(([type, body]) => [type.split(';')[0], body.includes('process_cpu_user_seconds_total')]),
    }));
    await metrics.stop();`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program]);
  t.deepEqual(JSON.parse(stdout), {
    before: [false, false],
    after: true,
    scrapes: [
      ['application/vnd.google.protobuf', true],
      ['application/vnd.google.protobuf', true],
      ['text/plain', true],
    ],
  });
});

test('only the entry point of monitoring loads monitoring', async (t) => {
  const loadsMonitoring = async (entry: string): Promise<boolean> => {
    const program = `
    require(${JSON.stringify(fromRoot(`dist/${entry}.js`))});
    console.log(JSON.stringify(Object.keys(require.cache)));`;
    const { stdout } = await run(process.execPath, ['--input-type=commonjs', '--eval', program]);
    const loaded = (JSON.parse(stdout) as string[]).filter((path) => /[/\\]dist[/\\]/.test(path));
    const texts = await Promise.all(loaded.map((path) => readFile(path, 'utf8')));
    return texts.some((text) => text.includes('function generateBundle('));
  };
  for (const entry of [
    'lib/index',
    'decorators/index',
    'middleware/index',
    'lib/export/index',
    'lib/testing',
  ])
    t.false(await loadsMonitoring(entry), entry);
  t.true(await loadsMonitoring('lib/monitoring/index'));
});

test('importing the package loads only the registry of prom-client, which is the one that all of prom-client uses', async (t) => {
  const program = `
    import { createRequire } from 'node:module';
    import { catalogue, sharedRegistry } from ${JSON.stringify(pathToFileURL(fromRoot('dist/lib/index.js')).href)};
    for (const definition of Object.values(catalogue)) sharedRegistry.instrument(definition);
    const require = createRequire(${JSON.stringify(pathToFileURL(fromRoot('package.json')).href)});
    const loaded = Object.keys(require.cache).filter((path) => path.includes('node_modules'));
    const { register, Registry } = require('prom-client');
    console.log(JSON.stringify({
      loaded: loaded.map((path) => path.replaceAll('\\\\', '/').replace(/^.*node_modules\\//, '')),
      isShared: sharedRegistry.prometheus === register && register instanceof Registry,
      isThere: register.getSingleMetric('issues_processed_total') !== undefined,
    }));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program]);
  const { loaded, isShared, isThere } = JSON.parse(stdout) as {
    loaded: string[];
    isShared: boolean;
    isThere: boolean;
  };
  t.true(isShared);
  t.true(isThere);
  t.true(loaded.includes('prom-client/lib/registry.js'), 'loaded modules are listed');
  t.deepEqual(
    loaded.filter(
      (path) =>
        !/^(prom-client\/lib\/(registry|util)\.js|fastest-levenshtein\/|tdigest\/|bintrees\/)/.test(path),
    ),
    [],
  );
});
