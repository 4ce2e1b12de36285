/** A Koa hello world in a process of its own, bare or measured; told to, it says how much CPU time it has used. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Router from '@koa/router';
import Koa from 'koa';
import * as promClient from 'prom-client';
import { MetricsRegistry } from '../../lib/registry.js';
import { requestMetrics } from '../../middleware/index.js';

const app = new Koa();
if (process.argv[2] === 'ours') app.use(requestMetrics({ registry: new MetricsRegistry() }));
if (process.argv[2] === 'by hand') app.use(measuredByHand());
const router = new Router();
router.get('/users/:id', (ctx) => {
  ctx.body = 'hello';
});
app.use(router.routes());
const server = createServer(app.callback()).listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ microseconds: user + system });
});
process.on('disconnect', () => process.exit());

/** What one writes on prom-client: a duration and a gauge. */
function measuredByHand(): Koa.Middleware {
  const registers = [new promClient.Registry()];
  const durations = new promClient.Histogram({
    name: 'http_request_duration_seconds',
    help: 'Durations.',
    labelNames: ['method', 'route', 'status_code'],
    registers,
  });
  const inFlight = new promClient.Gauge({
    name: 'http_requests_in_flight',
    help: 'In flight.',
    labelNames: ['method'],
    registers,
  });
  return async (ctx, next) => {
    const stop = durations.startTimer();
    inFlight.inc({ method: ctx.method });
    ctx.res.once('close', () => {
      const route = (ctx as { _matchedRoute?: unknown })._matchedRoute;
      stop({ method: ctx.method, route: String(route), status_code: ctx.res.statusCode });
      inFlight.dec({ method: ctx.method });
    });
    await next();
  };
}
