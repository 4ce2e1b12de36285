/** The metrics and health endpoints without Koa: a handler for node:http, and a fetch-style one. */
import type { HealthChecks } from '../lib/health.js';
import { checkFactoryOptions } from '../lib/option-checks.js';
import type { OptionNames } from '../lib/option-names.js';
import { type MountedDashboard, mountedDashboard } from './dashboard/mounted-dashboard.js';
import { endpointFinder } from './endpoint.js';
import { type FetchHandler, fetchHandler } from './fetch-answer.js';
import { healthEndpoints } from './health-endpoints.js';
import { type NodeHandler, nodeHandler } from './node-answer.js';
import { type DashboardPageOptions, givenDashboard } from './page-option.js';
import { type ScrapeEndpointOptions, scrapeEndpoint, scrapeOptionNames } from './scrape-endpoint.js';

/** The options of `createMetricsHandler`. */
export interface MetricsHandlerOptions extends ScrapeEndpointOptions {
  /** The checks of readiness. If given, `/health`, `/ready`, `/livez` and `/readyz` are served too. Default: metrics only. */
  checks?: HealthChecks;
  /** Whether health responses include the reason why a check failed. Default: false. */
  details?: boolean;
  /**
   * Whether the live dashboard is served at `/dashboard`, with the access rules, checks and cluster of the handler; or its options.
   * Default: false.
   */
  dashboard?: boolean | HandledDashboard;
}

/** The options of a dashboard of a handler. */
export type HandledDashboard = DashboardPageOptions;

/** A handler for node:http and Express-style frameworks, with a fetch-style handler as a property. */
export interface MetricsHandler extends NodeHandler {
  /**
   * Answers a `Request` with a `Response`, for Hono, Bun, Deno and workers. The client address is not available there, so with
   * `allowFrom` it answers 403 unless `trustedProxies` is set.
   */
  readonly fetch: FetchHandler;
  /**
   * Ends the readings of the dashboard, disconnects its open pages, and writes its history if a file is configured: to be called when
   * the server closes, which would wait for open pages. No page is connected from then on; metrics and health are answered further.
   * Not needed without `dashboard`, or to end a process. Never rejects.
   */
  close(): Promise<void>;
}

/**
 * Makes a handler that answers `GET /metrics` as `metricsRouter` does, with the same options, formats, access rules and limits,
 * and the health endpoints if `checks` is given. Other paths get 404, or are passed to `next` if there is one, as in Express
 * and Nest. `path` is the full path of a request, even if the handler is mounted below one:
 * `app.use('/internal', createMetricsHandler({ path: '/internal/metrics' }))`.
 * @throws ERR_METRICS_INVALID_OPTION
 * @example
 * const handler = createMetricsHandler({ tokenFile: '/run/secrets/metrics-token' });
 * const server = createServer(handler).listen(9090);                                          // node:http
 * server.on('close', () => handler.close());                                                  // with `dashboard`
 * app.use(handler);                                                                           // Express, Nest
 * fastify.all('/metrics', (request, reply) => { reply.hijack(); handler(request.raw, reply.raw); });
 * app.get('/metrics', (c) => handler.fetch(c.req.raw));                                       // Hono
 * @see https://prometheus.io/docs/instrumenting/content_negotiation/
 */
export function createMetricsHandler(options: MetricsHandlerOptions = {}): MetricsHandler {
  const where = 'createMetricsHandler';
  checkFactoryOptions(where, options, optionNames);
  const { checks, details, dashboard = false, ...scrapeOptions } = options;
  const health =
    checks === undefined
      ? []
      : healthEndpoints(where, { checks, ...(details === undefined ? {} : { details }) });
  const scrape = scrapeEndpoint(where, scrapeOptions);
  // After the other checks, since it starts to read the registry.
  const page = dashboard === false ? undefined : dashboardOf(where, options);
  const find = endpointFinder([scrape, ...health, ...(page?.endpoints ?? [])]);
  return Object.assign(nodeHandler(find), { fetch: fetchHandler(find), close: async () => page?.close() });
}

function dashboardOf(where: string, options: MetricsHandlerOptions): MountedDashboard {
  const { dashboard = false, registry, checks, details, cluster, ...scrape } = options;
  const { token, tokenFile, basicAuth, allowFrom, trustedProxies } = scrape;
  const own = givenDashboard(where, dashboard, handledOptionNames);
  const given = {
    registry,
    checks,
    details,
    cluster,
    token,
    tokenFile,
    basicAuth,
    allowFrom,
    trustedProxies,
  };
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return mountedDashboard(where, { ...own, ...known });
}

const handledOptionNames = {
  path: true,
  title: true,
  intervalSeconds: true,
  retentionSamples: true,
  historyFile: true,
  maxPages: true,
} satisfies OptionNames<HandledDashboard>;

const optionNames = {
  ...scrapeOptionNames,
  checks: true,
  details: true,
  dashboard: true,
} satisfies OptionNames<MetricsHandlerOptions>;
