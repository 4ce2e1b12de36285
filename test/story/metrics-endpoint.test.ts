// In a process of its own: it records in the shared registry.
/** `MetricsEndpoint`: three routes over real HTTP. */
import Router from '@koa/router';
import { HealthChecks, PrometheusMetricsCollector } from '@tamma/observability';
import { MetricsEndpoint } from '@tamma/observability/middleware';
import { createTestRegistry } from '@tamma/observability/testing';
import test, { type ExecutionContext } from 'ava';
import Koa from 'koa';
import { serve } from '../helpers/koa-server.js';

function newCollector() {
  return new PrometheusMetricsCollector({ registry: createTestRegistry() });
}

async function serveEndpoint(t: ExecutionContext, endpoint: MetricsEndpoint): Promise<string> {
  const app = new Koa();
  endpoint.registerRoutes(app);
  const { url, close } = await serve(app);
  t.teardown(close);
  return url;
}

test('GET /metrics returns what the collector recorded', async (t) => {
  const collector = newCollector();
  collector.setGauge('queue_depth', 3, { queue_name: 'issues' });
  const url = await serveEndpoint(t, new MetricsEndpoint(collector));
  const response = await fetch(`${url}/metrics`);
  t.is(response.status, 200);
  t.is(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  t.regex(await response.text(), /^queue_depth\{queue_name="issues"\} 3$/m);
});

test('GET /health returns { status, timestamp, uptime }', async (t) => {
  const url = await serveEndpoint(t, new MetricsEndpoint(newCollector()));
  const response = await fetch(`${url}/health`);
  t.is(response.status, 200);
  const body = (await response.json()) as { status: string; timestamp: string; uptime: number };
  t.deepEqual(Object.keys(body), ['status', 'timestamp', 'uptime']);
  t.is(body.status, 'healthy');
  t.is(new Date(body.timestamp).toISOString(), body.timestamp);
  t.true(body.uptime > 0);
});

test('GET /ready returns 200 and ready, or 503 and not ready if a check fails', async (t) => {
  let isConnected = true;
  const checks = new HealthChecks({ registry: createTestRegistry() });
  checks.add('database', () => isConnected, { cacheSeconds: 0 });
  const url = await serveEndpoint(t, new MetricsEndpoint(newCollector(), { checks }));
  const ready = await fetch(`${url}/ready`);
  t.is(ready.status, 200);
  t.like(await ready.json(), { status: 'ready' });
  isConnected = false;
  const notReady = await fetch(`${url}/ready`);
  t.is(notReady.status, 503);
  t.like(await notReady.json(), { status: 'not ready' });
});

test('registerRoutes also accepts a router', async (t) => {
  const router = new Router({ prefix: '/internal' });
  new MetricsEndpoint(newCollector()).registerRoutes(router);
  const { url, close } = await serve(new Koa().use(router.routes()));
  t.teardown(close);
  for (const path of ['/internal/metrics', '/internal/health', '/internal/ready'])
    t.is((await fetch(url + path)).status, 200, path);
  t.is((await fetch(`${url}/metrics`)).status, 404);
});
