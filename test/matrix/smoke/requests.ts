/** Requests of a Koa app are recorded with the route's template, and `/metrics` has them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricsRouter, requestMetrics } from '@tamma/observability/middleware';
import { createTestRegistry } from '@tamma/observability/testing';
import Koa from 'koa';
import { parseText } from '../../helpers/parse-text.js';
import { Router } from './router.js';
import { serve } from './serve.js';

const name = 'http_server_request_duration_seconds_count';

test('requests over HTTP are in /metrics, each with method, route template and status', async () => {
  const registry = createTestRegistry();
  const shops = new Router({ prefix: '/shops/:shop' });
  shops.get('/items/:item', (ctx) => {
    ctx.body = ctx.params.item;
  });
  const api = new Router();
  api.get('/users/:id', (ctx) => {
    ctx.body = ctx.params.id;
  });
  api.use('/api', shops.routes());
  const app = new Koa();
  app.use(requestMetrics({ registry }));
  app.use(metricsRouter({ registry }).routes());
  app.use(api.routes()).use(api.allowedMethods());

  await serve(app.callback(), async (url) => {
    const status = async (path: string, method = 'GET'): Promise<number> => {
      const response = await fetch(`${url}${path}`, { method });
      await response.arrayBuffer();
      return response.status;
    };
    assert.equal(await status('/users/1'), 200);
    assert.equal(await status('/users/2'), 200);
    assert.equal(await status('/users/3', 'DELETE'), 405);
    assert.equal(await status('/api/shops/7/items/9'), 200);
    assert.equal(await status('/nowhere'), 404);
    const response = await fetch(`${url}/metrics`);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    const counts = parseText(await response.text())
      .filter((sample) => sample.name === name)
      .map(({ labels, value }) => `${labels.method} ${labels.route} ${labels.status_code} ${value}`);
    assert.deepEqual(counts.sort(), [
      'DELETE /users/:id 405 1',
      'GET /api/shops/:shop/items/:item 200 1',
      'GET /users/:id 200 2',
      'GET unmatched 404 1',
    ]);
  });
  assert.deepEqual(registry.warnings, []);
});
