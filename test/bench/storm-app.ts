/** The app of the scrape storm, in a child process: 50,000 series, a page and /metrics. On a message, it reports its memory. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { defineCounter, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { metricsRouter, requestMetrics } from '../../middleware/index.js';

const registry = new MetricsRegistry({ maxSeries: 100_000 });
const labels = { provider: label(), model: label(), operation: label() };
const counter = registry.counter(defineCounter({ name: 'storm_total', help: 'Counted.', labels }));
const histogram = registry.histogram(
  defineHistogram({ name: 'storm_seconds', help: 'Timed.', labels, buckets: [0.01, 0.1, 1, 10] }),
);
for (let index = 0; index < 45_000; index++)
  counter.inc({ provider: `p${index % 10}`, model: `m${index % 300}`, operation: `o${index}` });
for (let index = 0; index < 5_000; index++)
  histogram.observe(
    { provider: `p${index % 10}`, model: `m${index % 300}`, operation: `o${index}` },
    index / 1_000,
  );

const app = new Koa();
app.silent = true;
app.use(requestMetrics({ registry }));
app.use(metricsRouter({ registry, timeoutSeconds: 5 }).routes());
app.use((ctx) => {
  ctx.body = 'ok';
});
const server = createServer(app.callback()).listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
process.on('message', () => {
  for (let time = 0; time < 4; time++) globalThis.gc?.();
  process.send?.({ heap: process.memoryUsage().heapUsed + process.memoryUsage().external });
});
process.on('disconnect', () => process.exit());
