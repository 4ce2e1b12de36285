/** Runs the shop until Ctrl-C. */
import { loadMetricsConfig } from '@tamma/observability';
import { startShop } from './shop.js';

const { url, metricsUrl } = await startShop(
  3000,
  loadMetricsConfig({ SERVICE_NAME: 'shop', ...process.env }),
);
console.log(`curl -X POST ${url}/orders/book, and see ${metricsUrl}/metrics`);
