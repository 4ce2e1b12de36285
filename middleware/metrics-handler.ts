/** The endpoints of metrics and health without Koa: a handler for node:http, and a fetch-style one. */
import type { HealthChecks } from '../lib/health.js';
import { checkFactoryOptions } from '../lib/option-checks.js';
import type { OptionNames } from '../lib/option-names.js';
import { endpointFinder } from './endpoint.js';
import { type FetchHandler, fetchHandler } from './fetch-answer.js';
import { healthEndpoints } from './health-endpoints.js';
import { type NodeHandler, nodeHandler } from './node-answer.js';
import { type ScrapeEndpointOptions, scrapeEndpoint, scrapeOptionNames } from './scrape-endpoint.js';

export interface MetricsHandlerOptions extends ScrapeEndpointOptions {
  /** Serves `/health`, `/ready`, `/livez` and `/readyz` too, as `healthRouter` does. Default: metrics only. */
  checks?: HealthChecks;
  /** Whether health answers say why a check did not pass. Default: false. */
  details?: boolean;
}

/** A `(request, response, next?)` handler with a fetch-style one as its property. */
export interface MetricsHandler extends NodeHandler {
  /**
   * Answers a `Request` with a `Response`, for Hono, Bun, Deno and workers. It does not know the address of a client: with
   * `allowFrom` it answers 403, unless `trustedProxies` says whom to ask.
   */
  readonly fetch: FetchHandler;
}

/**
 * Answers `GET /metrics` as `metricsRouter` does, with the same options, formats, access rules and limits, and health where
 * `checks` are given. Other paths get 404, or go to `next` where there is one, as in Express and Nest. `path` is the whole path
 * of a request, also where the handler is mounted below one: `app.use('/internal', createMetricsHandler({ path: '/internal/metrics' }))`.
 * @throws ERR_METRICS_INVALID_OPTION
 * @example
 * const handler = createMetricsHandler({ tokenFile: '/run/secrets/metrics-token' });
 * createServer(handler).listen(9090);                                                         // node:http
 * app.use(handler);                                                                           // Express, Nest
 * fastify.all('/metrics', (request, reply) => { reply.hijack(); handler(request.raw, reply.raw); });
 * app.get('/metrics', (c) => handler.fetch(c.req.raw));                                       // Hono
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
