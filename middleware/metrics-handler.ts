/** The metrics and health endpoints without Koa: a handler for node:http, and a fetch-style one. */
import type { HealthChecks } from '../lib/health.js';
import { checkFactoryOptions } from '../lib/option-checks.js';
import type { OptionNames } from '../lib/option-names.js';
import { endpointFinder } from './endpoint.js';
import { type FetchHandler, fetchHandler } from './fetch-answer.js';
import { healthEndpoints } from './health-endpoints.js';
import { type NodeHandler, nodeHandler } from './node-answer.js';
import { type ScrapeEndpointOptions, scrapeEndpoint, scrapeOptionNames } from './scrape-endpoint.js';

/** The options of `createMetricsHandler`. */
export interface MetricsHandlerOptions extends ScrapeEndpointOptions {
  /** The checks of readiness. If given, `/health`, `/ready`, `/livez` and `/readyz` are served too. Default: metrics only. */
  checks?: HealthChecks;
  /** Whether health responses include the reason why a check failed. Default: false. */
  details?: boolean;
}

/** A handler for node:http and Express-style frameworks, with a fetch-style handler as a property. */
export interface MetricsHandler extends NodeHandler {
  /**
   * Answers a `Request` with a `Response`, for Hono, Bun, Deno and workers. The client address is not available there, so with
   * `allowFrom` it answers 403 unless `trustedProxies` is set.
   */
  readonly fetch: FetchHandler;
}

/**
 * Makes a handler that answers `GET /metrics` as `metricsRouter` does, with the same options, formats, access rules and limits,
 * and the health endpoints if `checks` is given. Other paths get 404, or are passed to `next` if there is one, as in Express
 * and Nest. `path` is the full path of a request, even if the handler is mounted below one:
 * `app.use('/internal', createMetricsHandler({ path: '/internal/metrics' }))`.
 * @throws ERR_METRICS_INVALID_OPTION
 * @example
 * const handler = createMetricsHandler({ tokenFile: '/run/secrets/metrics-token' });
 * createServer(handler).listen(9090);                                                         // node:http
 * app.use(handler);                                                                           // Express, Nest
 * fastify.all('/metrics', (request, reply) => { reply.hijack(); handler(request.raw, reply.raw); });
 * app.get('/metrics', (c) => handler.fetch(c.req.raw));                                       // Hono
 * @see https://prometheus.io/docs/instrumenting/content_negotiation/
 */
export function createMetricsHandler(options: MetricsHandlerOptions = {}): MetricsHandler {
  const where = 'createMetricsHandler';
  checkFactoryOptions(where, options, optionNames);
  const { checks, details, ...scrapeOptions } = options;
  const health =
    checks === undefined
      ? []
      : healthEndpoints(where, { checks, ...(details === undefined ? {} : { details }) });
  const find = endpointFinder([scrapeEndpoint(where, scrapeOptions), ...health]);
  return Object.assign(nodeHandler(find), { fetch: fetchHandler(find) });
}

const optionNames = {
  ...scrapeOptionNames,
  checks: true,
  details: true,
} satisfies OptionNames<MetricsHandlerOptions>;
