/** A service for PM2's cluster mode. The primary is PM2, so the workers elect one of themselves, which answers for all. */
import { createServer } from 'node:http';
import { createMetrics, defineCounter, loadMetricsConfig } from '@tamma/observability';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs done.' });

const server = createServer((_request, response) => {
  metrics.registry.counter(jobs).inc();
  response.setHeader('connection', 'close').end('done\n');
});

const metrics = createMetrics(loadMetricsConfig({ SERVICE_NAME: 'jobs', ...process.env }), {
  cluster: true,
  drain: () => server,
});

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', async () => {
  await metrics.start();
  console.log(`Process ${process.pid} listens`);
  // With `wait_ready`, PM2 stops the old worker of a reload after this message.
  process.send?.('ready');
});
