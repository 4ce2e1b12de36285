/** `MetricsEndpoint` mounts `/metrics`, `/health` and `/ready` of a collector in one call. */
import Router from '@koa/router';
import test from 'ava';
import Koa from 'koa';
import { PrometheusMetricsCollector } from '../../lib/collector.js';
import { HealthChecks } from '../../lib/health.js';
import { createTestRegistry } from '../../lib/testing.js';
import { MetricsEndpoint } from '../../middleware/metrics-endpoint.js';
import { serve } from '../helpers/koa-server.js';

for (const target of ['an app', 'a router'] as const) {
  test(`MetricsEndpoint on ${target} serves metrics, health and readiness of its collector`, async (t) => {
    const registry = createTestRegistry();
    const collector = new PrometheusMetricsCollector({ registry });
    let isReady = true;
    const checks = new HealthChecks({ registry });
    checks.add('database', () => isReady, { cacheSeconds: 0 });
    const app = new Koa();
    const router = new Router();
    new MetricsEndpoint(collector, { checks }).registerRoutes(target === 'an app' ? app : router);
    if (target === 'a router') app.use(router.routes());
    const { url, close } = await serve(app);
    t.teardown(close);
    collector.incrementCounter('prs_created_total', { platform: 'github', repository: 'acme/app' });

    const metrics = await fetch(`${url}/metrics`);
    t.is(metrics.status, 200);
    t.is(metrics.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    t.true((await metrics.text()).includes('prs_created_total{platform="github",repository="acme/app"} 1\n'));
    const health = (await (await fetch(`${url}/health`)).json()) as { status: string };
    t.deepEqual(Object.keys(health), ['status', 'timestamp', 'uptime']);
    t.is(health.status, 'healthy');
    const ready = await fetch(`${url}/ready`);
    t.is(ready.status, 200);
    t.is(((await ready.json()) as { status: string }).status, 'ready');
    isReady = false;
    const notReady = await fetch(`${url}/ready`);
    t.is(notReady.status, 503);
    t.is(((await notReady.json()) as { status: string }).status, 'not ready');
  });
}

test('MetricsEndpoint rejects a collector without registry, unknown options and a target without `use`', (t) => {
  const collector = new PrometheusMetricsCollector({ registry: createTestRegistry() });
  t.throws(() => new MetricsEndpoint({} as never), {
    code: 'ERR_METRICS_INVALID_OPTION',
    message:
      'Invalid collector of MetricsEndpoint: expected a PrometheusMetricsCollector, received an object.',
  });
  t.throws(() => new MetricsEndpoint(collector, { check: 1 } as never), {
    code: 'ERR_METRICS_INVALID_OPTION',
  });
  t.throws(() => new MetricsEndpoint(collector).registerRoutes({} as never), {
    code: 'ERR_METRICS_INVALID_OPTION',
    message: 'Invalid target of registerRoutes: expected a Koa app or a router, received an object.',
  });
});
