/** Koa middleware that measures requests; metrics and health endpoints for Koa, node:http and fetch handlers. */
export type { RequestMeasure } from './body-watch.js';
export type { DashboardOptions } from './dashboard/dashboard-options.js';
export { type DashboardRoutes, dashboardRouter } from './dashboard.js';
export type { FetchHandler } from './fetch-answer.js';
export type { HealthRouterOptions } from './health-endpoints.js';
export { healthRouter } from './health-router.js';
export type { KoaRoutes } from './koa-routes.js';
export type { ContextFunction, KoaContext, KoaMiddleware } from './koa-types.js';
export { MetricsEndpoint, type MetricsEndpointOptions, type RouteTarget } from './metrics-endpoint.js';
export {
  createMetricsHandler,
  type HandledDashboard,
  type MetricsHandler,
  type MetricsHandlerOptions,
} from './metrics-handler.js';
export { type MetricsRouterOptions, metricsRouter } from './metrics-router.js';
export {
  type MetricsServer,
  type MetricsServerOptions,
  type ServerTls,
  startMetricsServer,
} from './metrics-server.js';
export type { NodeHandler } from './node-answer.js';
export type { DashboardPageOptions, ServedDashboard } from './page-option.js';
export {
  type FilledLabel,
  type RequestLabels,
  type RequestMetricsOptions,
  requestMetrics,
} from './request-metrics.js';
export type { ScrapeAccess } from './scrape-access.js';
export type { ScrapeEndpointOptions, ScrapeSource } from './scrape-endpoint.js';
