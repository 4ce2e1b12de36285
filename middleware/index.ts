/** Koa middleware: requests measured, what Prometheus scrapes, and health. */
export { type HealthRouterOptions, healthRouter } from './health-router.js';
export { MetricsEndpoint, type MetricsEndpointOptions, type RouteTarget } from './metrics-endpoint.js';
export { type MetricsRouterOptions, metricsRouter } from './metrics-router.js';
export {
  type MetricsServer,
  type MetricsServerOptions,
  type ServerTls,
  startMetricsServer,
} from './metrics-server.js';
export { type RequestLabels, type RequestMetricsOptions, requestMetrics } from './request-metrics.js';
export type { ScrapeAccess } from './scrape-access.js';
