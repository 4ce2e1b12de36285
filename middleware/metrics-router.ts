/** The scrape endpoint in a Koa app. */
import type { Clock } from '../lib/clock.js';
import { checkFactoryOptions } from '../lib/option-checks.js';
import { type KoaRoutes, koaRoutes } from './koa-routes.js';
import { type ScrapeEndpointOptions, scrapeEndpoint, scrapeOptionNames } from './scrape-endpoint.js';

/** The options of `metricsRouter`. */
export type MetricsRouterOptions = ScrapeEndpointOptions;

/**
 * A router for a Koa app that answers `GET /metrics`, and HEAD, in the format that Accept prefers: the Prometheus text format
 * 0.0.4 (the default) or OpenMetrics 1.0.0, gzipped if Accept-Encoding allows it. `?name[]=` selects metrics. Concurrent
 * scrapes with the same format and selection share one collection. Other methods get 405.
 * @throws ERR_METRICS_INVALID_OPTION
 * @example
 * app.use(metricsRouter({ tokenFile: '/run/secrets/metrics-token', allowFrom: ['10.0.0.0/8'] }).routes());
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function metricsRouter(options?: MetricsRouterOptions): KoaRoutes;
/** @internal `clock` is replaced in tests. */
export function metricsRouter(options?: MetricsRouterOptions, clock?: Clock): KoaRoutes;
export function metricsRouter(options: MetricsRouterOptions = {}, clock?: Clock): KoaRoutes {
  // A misspelt `token` must not leave the endpoint open.
  checkFactoryOptions('metricsRouter', options, scrapeOptionNames);
  return koaRoutes('metricsRouter', [scrapeEndpoint('metricsRouter', options, clock)]);
}
