/** Koa middleware: requests measured, and what Prometheus scrapes. */
export { type MetricsRouterOptions, metricsRouter } from './metrics-router.js';
export { type RequestLabels, type RequestMetricsOptions, requestMetrics } from './request-metrics.js';
