// In a process of its own: it needs an empty shared registry.
/** The shop: a service without agents exposes no metrics of the platform, and its bundle does not mention it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { bundle } from '../../examples/shop/bundle.config.js';
import { startShop } from '../../examples/shop/shop.js';
import { generateBundle } from '../../lib/monitoring/bundle.js';
import { command } from '../helpers/command.js';
import { changedPaths, filesIn, shopBundle } from '../helpers/example-bundle.js';
import { compiled, fromRoot } from '../helpers/package-root.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';

const { files, warnings } = await generateBundle(bundle);
const pathsIn = (start: string): string[] =>
  files.map(({ path }) => path).filter((path) => path.startsWith(start));
const contentOf = (path: string): string => files.find((file) => file.path === path)?.content ?? '';

test('the shop exposes its counter, HTTP and process metrics, and none of the platform', async (t) => {
  const shop = await startShop(0, { host: '127.0.0.1', port: 0 });
  t.teardown(() => shop.close());
  for (const item of ['book', 'sold-out'])
    await (await fetch(`${shop.url}/orders/${item}`, { method: 'POST' })).text();
  const text = await (await fetch(`${shop.metricsUrl}/metrics`)).text();
  t.regex(text, /^orders_total\{outcome="success"\} 1$/m);
  t.regex(text, /^http_server_request_duration_seconds_count\{method="POST",route="\/orders\/:item"/m);
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
  t.deepEqual(
    // `api_` metrics are of outgoing requests, such as the fetches of this test.
    names.filter(
      (name) => !/^(orders|http_server|metrics|api|build|process|nodejs|health_check)_/.test(name),
    ),
    [],
  );
});

test('the committed files and hashes are those of the bundle that `tamma-metrics bundle` generates', async (t) => {
  const folder = join(await temporaryFolder(t), 'bundle');
  const { code, stdout, stderr } = await command([
    'bundle',
    '--config',
    compiled(shopBundle.config),
    '--out',
    folder,
  ]);
  t.is(stderr, '');
  t.is(code, 0);
  t.notRegex(stdout, /^!/m, 'no warnings');
  const all = await filesIn(folder);
  const committed = await filesIn(fromRoot(shopBundle.folder));
  const manifest = '.tamma-bundle.json';
  t.deepEqual(
    changedPaths(committed.get(manifest) ?? '', all.get(manifest) ?? ''),
    [],
    'These files changed. If that is intended, run `npm run docs` and commit the result.',
  );
  const fresh = [...all].filter(([path]) => shopBundle.isCommitted(path));
  t.deepEqual(
    [...committed.keys()],
    fresh.map(([path]) => path),
  );
  for (const [path, content] of fresh) t.is(committed.get(path), content, path);
});

test('no file of the bundle mentions the platform', (t) => {
  const platform =
    /tamma(?!-metrics)|\bAIs?\b|\bai_|\bagents?\b|\bgit\b|github|gitlab|workflow|\bissues?\b|pull request|repositor|\bmodels?\b|provider(?!s:)/i;
  t.is(warnings.length, 0);
  for (const { path, content } of files) {
    const lines = `${path}\n${content}`.split('\n').filter((line) => platform.test(line));
    t.deepEqual(lines, [], path);
  }
});

test('the bundle covers HTTP, the process, targets, the pipeline and objectives', (t) => {
  t.deepEqual(pathsIn('prometheus/rules/'), [
    'prometheus/rules/alerts-escalation.yml',
    'prometheus/rules/alerts-http.yml',
    'prometheus/rules/alerts-pipeline.yml',
    'prometheus/rules/alerts-process.yml',
    'prometheus/rules/alerts-targets.yml',
    'prometheus/rules/recording.yml',
    'prometheus/rules/slo.yml',
  ]);
  t.deepEqual(pathsIn('runbooks/'), [
    'runbooks/http.md',
    'runbooks/pipeline.md',
    'runbooks/process.md',
    'runbooks/slo.md',
    'runbooks/targets.md',
  ]);
  t.deepEqual(pathsIn('grafana/'), [
    'grafana/dashboards/shop-http.json',
    'grafana/dashboards/shop-overview.json',
    'grafana/dashboards/shop-pipeline.json',
    'grafana/dashboards/shop-slo.json',
    'grafana/provisioning/dashboards/shop.yml',
    'grafana/provisioning/datasources/shop.yml',
  ]);
  t.regex(contentOf('prometheus/rules/slo.yml'), /alert: SloOrdersPlacedBurnsFast/);
  t.regex(contentOf('grafana/dashboards/shop-overview.json'), /orders_total\{/);
});

test('all names in the bundle start with the service', (t) => {
  t.regex(contentOf('prometheus/prometheus.yml'), /^ {2}- job_name: shop$/m);
  for (const path of pathsIn('prometheus/rules/'))
    for (const [, name = ''] of contentOf(path).matchAll(/^ {2}- name: (.*)$/gm)) t.regex(name, /^shop-/);
  for (const path of pathsIn('grafana/dashboards/')) {
    const { uid, title, tags } = JSON.parse(contentOf(path)) as Record<string, string>;
    t.is(path, `grafana/dashboards/${uid}.json`);
    t.regex(title ?? '', /^Shop: /);
    t.deepEqual(tags as unknown, ['shop', 'generated']);
  }
  t.regex(contentOf('grafana/provisioning/dashboards/shop.yml'), /folder: Shop$/m);
});

test('runbooks, routes and inhibition rules name only alerts of the bundle', async (t) => {
  const alerts = new Set(
    pathsIn('prometheus/rules/').flatMap((path) =>
      [...contentOf(path).matchAll(/^ +- alert: (\w+)$/gm)].map(([, name = '']) => name),
    ),
  );
  // Alerts of any service.
  const { files: ofAll } = await generateBundle();
  const known = new Set(
    ofAll.flatMap(({ path, content }) =>
      path.startsWith('prometheus/rules/')
        ? [...content.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name = '']) => name)
        : [],
    ),
  );
  t.true(alerts.size > 20 && known.size > alerts.size);
  for (const { path, content } of files.filter(({ path }) => !path.startsWith('COVERAGE'))) {
    const named = [...content.matchAll(/\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b/g)].map(([name]) => name);
    t.deepEqual(
      named.filter((name) => known.has(name) && !alerts.has(name)),
      [],
      path,
    );
  }
});

test('the README of the example names each dashboard', async (t) => {
  const readme = await readFile(fromRoot('examples/shop/README.md'), 'utf8');
  for (const path of pathsIn('grafana/dashboards/'))
    t.true(readme.includes(`\`${/([\w-]+)\.json$/.exec(path)?.[1]}\``), path);
});
