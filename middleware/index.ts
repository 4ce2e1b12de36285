/** Koa middleware and routers: requests measured, metrics exposed. */
export { type MetricsRouterOptions, metricsRouter } from './metrics-router.js';
export { type RequestMetricsOptions, requestMetrics } from './request-metrics.js';
