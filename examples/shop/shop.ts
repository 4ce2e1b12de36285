/** A shop: a service without agents. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Router from '@koa/router';
import { createMetrics, type MetricsConfig, sharedRegistry } from '@tamma/observability';
import Koa from 'koa';
import { orders } from './orders.js';

export interface Shop {
  /** URL for orders. */
  readonly url: string;
  /** URL of the metrics server: METRICS_ENDPOINT and METRICS_PORT. */
  readonly metricsUrl: string | undefined;
  close(): Promise<void>;
}

/** Starts the shop. @param port 0 for any free port */
export async function startShop(port: number, config: Partial<MetricsConfig>): Promise<Shop> {
  let server: Server | undefined;
  const metrics = createMetrics({ service: 'shop', ...config }, { drain: () => server });
  const router = new Router();
  router.post('/orders/:item', (ctx) => {
    const isInStock = ctx.params.item !== 'sold-out';
    sharedRegistry.counter(orders).inc({ outcome: isInStock ? 'success' : 'failure' });
    ctx.status = isInStock ? 201 : 409;
  });
  const app = new Koa().use(metrics.requestMetrics()).use(router.routes());
  await metrics.start();
  server = app.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    metricsUrl: metrics.url,
    close: () => metrics.stop(),
  };
}
