/** node:http without Koa: metrics and health checks on the port of the application. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMetrics, defineHistogram, HealthChecks, label, loadMetricsConfig } from '@tamma/observability';
import { createMetricsHandler } from '@tamma/observability/middleware';

const checks = new HealthChecks({ checks: { queue: () => true } });
// On a signal, readiness turns off and the server that `drain` returns finishes its requests.
const metrics = createMetrics(loadMetricsConfig(), { server: false, health: checks, drain: () => server });
const observability = createMetricsHandler({ checks });
const duration = metrics.registry.histogram(
  defineHistogram({
    name: 'app_request_duration_seconds',
    help: 'Duration of requests.',
    labels: { method: label({ limit: 10 }), status_code: label({ limit: 60 }) },
    buckets: [0.01, 0.1, 1, 10],
  }),
);

const server = createServer((request, response) => {
  // Answers /metrics and the health paths, and calls the function for all others.
  observability(request, response, () => {
    const stop = duration.startTimer();
    // `close` comes once per response, also if the client left before the end.
    response.once('close', () =>
      stop({ method: request.method ?? 'other', status_code: String(response.statusCode) }),
    );
    response.statusCode = request.url === '/' ? 200 : 404;
    response.end(response.statusCode === 200 ? 'Hello\n' : 'Not found\n');
  });
});

await metrics.start();
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(`Listening on http://127.0.0.1:${port}`);
});
