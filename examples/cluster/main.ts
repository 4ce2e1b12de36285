/** A service of several processes with node:cluster. One endpoint, in the primary, has the sum of all of them. */
import cluster from 'node:cluster';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMetrics, defineCounter, loadMetricsConfig } from '@tamma/observability';

const processes = 2;
const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs done.' });

let server: Server | undefined;
// The same call in the primary and in each worker.
const metrics = createMetrics(loadMetricsConfig({ SERVICE_NAME: 'jobs', ...process.env }), {
  cluster: true,
  drain: () => server,
});
await metrics.start();

if (cluster.isPrimary) {
  for (let count = 0; count < processes; count++) cluster.fork();
  console.log(`Metrics of all processes on ${metrics.url}/metrics`);
} else {
  const done = metrics.registry.counter(jobs);
  server = createServer((_request, response) => {
    done.inc();
    // So that the next request opens a new connection, which may go to the other process.
    response.setHeader('connection', 'close').end(`done by process ${process.pid}\n`);
  });
  server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  console.log(`Process ${process.pid} listens on http://127.0.0.1:${port}`);
}
