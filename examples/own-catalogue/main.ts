/** Delivers three parcels, and serves the metrics until Ctrl-C. */
import { createMetrics, loadMetricsConfig } from '@tamma/observability';
import { parcels } from './catalogue.js';

const metrics = createMetrics(loadMetricsConfig({ SERVICE_NAME: 'parcels', ...process.env }));
const { registry } = metrics;

for (const { carrier, seconds, outcome } of [
  { carrier: 'road', seconds: 90_000, outcome: 'success' },
  { carrier: 'road', seconds: 200_000, outcome: 'success' },
  { carrier: 'air', seconds: 30_000, outcome: 'failure' },
] as const) {
  registry.counter(parcels.delivered).inc({ carrier, outcome });
  if (outcome === 'success') registry.histogram(parcels.deliveryTime).observe({ carrier }, seconds);
}
registry.gauge(parcels.waiting).set(4);

await metrics.start();
console.log(`Metrics on ${metrics.url}/metrics`);
