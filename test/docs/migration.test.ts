// In a process of its own: the other libraries register in shared registries, and keep timers.
/** Numbers of the libraries in lib/migration.md and ours, recorded by the same work. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import Router from '@koa/router';
import test from 'ava';
import Koa, { type Middleware } from 'koa';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { createTestRegistry, readText } from '../../lib/testing.js';
import { requestMetrics } from '../../middleware/index.js';
import { serve } from '../helpers/koa-server.js';
import { fromRoot } from '../helpers/package-root.js';
import { parseText } from '../helpers/parse-text.js';

const require = createRequire(import.meta.url);

interface KoaPrometheusExporter {
  readonly client: { readonly register: { metrics(): string } };
  httpMetricMiddleware(options: { pathTransform(path: string): string }): Middleware;
}

test('koa-prometheus-exporter and requestMetrics count the same requests', async (t) => {
  const old: KoaPrometheusExporter = require('@echo-health/koa-prometheus-exporter');
  const registry = createTestRegistry();
  const router = new Router();
  router.get('/orders/:id', (ctx) => {
    if (ctx.params.id === '3') ctx.throw(409);
    ctx.body = 'ok';
  });
  const app = new Koa();
  app.silent = true;
  app.use(requestMetrics({ registry }));
  app.use(old.httpMetricMiddleware({ pathTransform: (path) => path.replace(/\d+/, ':id') }));
  app.use(router.routes());
  const server = await serve(app);
  t.teardown(() => server.close());
  for (const path of ['/orders/1', '/orders/2', '/orders/3', '/missing'])
    await (await fetch(server.url + path)).text();

  // Only the metrics of requests: samples of the process have timestamps.
  const lines = old.client.register.metrics().split('\n');
  const before = parseText(lines.filter((line) => line.startsWith('http_')).join('\n'));
  const after = parseText(await readText(registry));
  const total = (samples: typeof before, name: string, labels: Readonly<Record<string, string>>): number =>
    samples
      .filter((sample) => sample.name === name)
      .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
      .reduce((sum, { value }) => sum + value, 0);
  const ours = 'http_server_request_duration_seconds_count';
  for (const [uri, route, status, count] of [
    ['/orders/:id', '/orders/:id', '200', 2],
    ['/missing', 'unmatched', '404', 1],
  ] as const) {
    t.is(total(after, ours, { method: 'GET', route, status_code: status }), count);
    t.is(total(before, 'http_requests_total', { method: 'GET', uri, code: status }), count);
    t.is(total(before, 'http_server_requests_seconds_count', { method: 'GET', uri, code: status }), count);
  }
  // As the guide says, a handler that throws is only recorded here.
  t.is(total(after, ours, { status_code: '409' }), 1);
  t.is(total(before, 'http_requests_total', { code: '409' }), 0);
});

test('the metrics in the right columns of the guide exist', async (t) => {
  const guide = await readFile(fromRoot('lib/migration.md'), 'utf8');
  const names = new Set(Object.values(catalogue).map(({ name }) => name));
  const named = [...guide.matchAll(/`((?:http_server|method)_\w+?)(?:_count)?[`{]/g)].map(
    ([, name = '']) => name,
  );
  t.true(named.length > 5);
  t.deepEqual(
    named.filter((name) => !names.has(name) && name !== 'http_server_requests_seconds'),
    [],
  );
});
