/** The endpoint that Prometheus scrapes, in a Koa app. */
import type { Clock } from '../lib/clock.js';
import { checkFactoryOptions } from '../lib/option-checks.js';
import { type KoaRoutes, koaRoutes } from './koa-routes.js';
import { type ScrapeEndpointOptions, scrapeEndpoint, scrapeOptionNames } from './scrape-endpoint.js';

export type MetricsRouterOptions = ScrapeEndpointOptions;

/**
 * A router that answers `GET /metrics`, and HEAD, in the format that Accept prefers: Prometheus' text 0.0.4, which is the
 * default, or OpenMetrics 1.0.0; gzipped where Accept-Encoding allows. `?name[]=` asks for some metrics only. Scrapes that ask
 * for the same at the same time share one. Other methods get 405.
 * @param clock for tests
 * @throws ERR_METRICS_INVALID_OPTION
 * @example
 * app.use(metricsRouter({ tokenFile: '/run/secrets/metrics-token', allowFrom: ['10.0.0.0/8'] }).routes());
 */
export function metricsRouter(options: MetricsRouterOptions = {}, clock?: Clock): KoaRoutes {
  // A misspelt `token` must not leave the endpoint open.
  checkFactoryOptions('metricsRouter', options, scrapeOptionNames);
  return koaRoutes('metricsRouter', [scrapeEndpoint('metricsRouter', options, clock)]);
}
