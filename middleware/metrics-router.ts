/** The endpoint that Prometheus scrapes. */
import { Readable } from 'node:stream';
import Router from '@koa/router';
import type { Context } from 'koa';
import type { Clock } from '../lib/clock.js';
import { metricsError, shown } from '../lib/errors.js';
import type { ExpositionFormat } from '../lib/exposition/format.js';
import { acceptsGzip, negotiatedFormat } from '../lib/exposition/negotiate.js';
import { type ScrapeOptions, scrapeChunks } from '../lib/exposition/scrape.js';
import { type ScrapeJob, startScrapeJob } from '../lib/exposition/scrape-job.js';
import { selfMetricsOf } from '../lib/exposition/self-metrics.js';
import { isMetricsPath } from '../lib/metrics-path.js';
import { checkFactoryOptions } from '../lib/option-checks.js';
import type { OptionNames } from '../lib/option-names.js';
import { type MetricsRegistry, type StructuralRegistry, sharedRegistry } from '../lib/registry.js';
import { asOwnRouter } from './request-mount.js';
import { isOver } from './response-over.js';
import { type ScrapeAccess, scrapeAccess } from './scrape-access.js';
import { collectMilliseconds, scrapePlaces } from './scrape-places.js';

export interface MetricsRouterOptions extends ScrapeAccess {
  /** What is exposed, with the foreign metrics that stand in it. Default: `sharedRegistry`. */
  registry?: MetricsRegistry<StructuralRegistry>;
  /** Where. Default: `/metrics`. */
  path?: string;
  /** Labels added to every series that does not have them. Default: none, since Prometheus adds those of its targets. */
  constantLabels?: Readonly<Record<string, string>> | undefined;
  /** Scrapes that are answered at a time; more get 503 and Retry-After. Default: 10. */
  maxScrapes?: number;
  /**
   * Seconds that collecting may take where `X-Prometheus-Scrape-Timeout-Seconds` does not say; that header is honoured up to 120 s,
   * or this where it is more. Default: 10. After twice as many a reader that is too slow is cut off, after 10 s one that reads
   * nothing (after 1 s, where another scrape needs its place), and one that shares a scrape with a faster reader some megabytes behind.
   */
  timeoutSeconds?: number;
  /**
   * Whether the numbers of all worker processes and threads that called `joinCluster` are in it, each by its metric's aggregator:
   * for the primary of a cluster. Scrapes wait for workers for three seconds at most. Default: false, this process only.
   */
  cluster?: boolean;
}

/**
 * A router that answers `GET /metrics`, and HEAD, in the format that Accept prefers: Prometheus' text 0.0.4, which is the
 * default, or OpenMetrics 1.0.0; gzipped where Accept-Encoding allows. `?name[]=` asks for some metrics only. Scrapes that ask
 * for the same at the same time share one. Other methods get 405.
 * @param clock for tests
 * @throws ERR_METRICS_INVALID_OPTION
 * @example
 * app.use(metricsRouter({ tokenFile: '/run/secrets/metrics-token', allowFrom: ['10.0.0.0/8'] }).routes());
 */
export function metricsRouter(options: MetricsRouterOptions = {}, clock?: Clock): Router {
  checkOptions(options);
  const {
    registry = sharedRegistry,
    path = '/metrics',
    constantLabels,
    maxScrapes = 10,
    timeoutSeconds = 10,
    cluster = false,
  } = options;
  const self = selfMetricsOf(registry);
  // Now, so that workers which join from here on are known at the first scrape; node:cluster is loaded by nobody else.
  const whole = cluster ? import('../lib/export/cluster.js') : undefined;
  whole?.then(({ clusterMetrics }) => clusterMetrics({ registry })).catch(() => {});
  const chunksOf = (scrape: ScrapeOptions): AsyncGenerator<Buffer> =>
    whole === undefined ? scrapeChunks(registry, scrape) : clusterChunks(whole, registry, scrape);
  const jobs = new Map<string, ScrapeJob>();
  const places = scrapePlaces({ max: maxScrapes });

  /** The scrape that is being made of the same, or a new one. */
  const jobFor = (
    format: ExpositionFormat,
    gzip: boolean,
    names: readonly string[],
    deadline: number,
  ): ScrapeJob => {
    const key = JSON.stringify([format.label, gzip, names]);
    const existing = jobs.get(key);
    if (existing !== undefined) return existing;
    const job = startScrapeJob({
      chunks: chunksOf({
        format,
        names: names.length === 0 ? undefined : new Set(names),
        constantLabels,
        deadline,
      }),
      gzip,
      onWritten: (seconds, bytes) => self.written(format.label, seconds, bytes),
      onClosed: () => jobs.delete(key),
    });
    jobs.set(key, job);
    return job;
  };

  const answer = (ctx: Context): void => {
    const format = negotiatedFormat(ctx.headers.accept);
    const gzip = acceptsGzip(encodingsOf(ctx));
    ctx.set('Cache-Control', 'no-store');
    ctx.vary('Accept');
    ctx.vary('Accept-Encoding');
    if (ctx.method === 'HEAD') {
      ctx.status = 200;
      describe(ctx, format, gzip);
      // Only said, not made: koa takes a HEAD without a body for one without an answer.
      ctx.respond = false;
      ctx.res.writeHead(200).end();
      return;
    }
    // Gone while access was looked at.
    if (isOver(ctx.req, ctx.res)) return;
    const deadline = collectMilliseconds(ctx.get('X-Prometheus-Scrape-Timeout-Seconds'), timeoutSeconds);
    let body: Readable | undefined;
    const place = places.take(ctx.req, ctx.res, 2 * deadline, () => {
      body?.destroy();
      self.ended();
    });
    if (place === undefined) {
      ctx.set('Retry-After', '1');
      ctx.status = 503;
      ctx.body = `${maxScrapes} scrapes are in progress\n`;
      return;
    }
    self.started();
    body = Readable.from(place.paced(jobFor(format, gzip, namesOf(ctx), deadline).read()), {
      objectMode: false,
    });
    ctx.status = 200;
    ctx.body = body;
    describe(ctx, format, gzip);
  };

  // A proxy's rule for `/metrics` must not be passed by as `/METRICS` or `/metrics/`.
  const router = asOwnRouter(new Router({ sensitive: true, strict: true }));
  const access = scrapeAccess('metricsRouter', options, registry.warnOnce.bind(registry), clock);
  router.all(path, ...(access === undefined ? [] : [access]), (ctx) => {
    if (ctx.method === 'GET' || ctx.method === 'HEAD') {
      answer(ctx);
      return;
    }
    ctx.set('Allow', 'GET, HEAD');
    ctx.set('Cache-Control', 'no-store');
    ctx.body = null;
    ctx.status = 405;
  });
  return router;
}

async function* clusterChunks(
  loaded: Promise<typeof import('../lib/export/cluster.js')>,
  registry: MetricsRegistry<StructuralRegistry>,
  scrape: ScrapeOptions,
): AsyncGenerator<Buffer> {
  const { clusterMetrics } = await loaded;
  yield* clusterMetrics({ registry }).chunks(scrape);
}

function describe(ctx: Context, format: ExpositionFormat, gzip: boolean): void {
  // After the body, for which koa would choose a type of its own.
  ctx.set('Content-Type', format.contentType);
  if (gzip) ctx.set('Content-Encoding', 'gzip');
}

function encodingsOf(ctx: Context): string | undefined {
  const header = ctx.headers['accept-encoding'];
  return Array.isArray(header) ? header.join() : header;
}

/** The names that `name[]` asks for, each once, in one order. */
function namesOf(ctx: Context): string[] {
  return [...new Set(new URLSearchParams(ctx.querystring).getAll('name[]'))].sort();
}

const optionNames = {
  registry: true,
  path: true,
  token: true,
  tokenFile: true,
  basicAuth: true,
  allowFrom: true,
  trustedProxies: true,
  constantLabels: true,
  maxScrapes: true,
  timeoutSeconds: true,
  cluster: true,
} satisfies OptionNames<MetricsRouterOptions>;

function checkOptions(options: MetricsRouterOptions): void {
  // A misspelt `token` must not leave the endpoint open.
  checkFactoryOptions('metricsRouter', options, optionNames);
  const { path, maxScrapes, timeoutSeconds, constantLabels, cluster } = options;
  const invalid = (option: string, expected: string, received: unknown): Error =>
    metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`${option}\` of metricsRouter: expected ${expected}, received ${shown(received)}.`,
    );
  if (path !== undefined && (typeof path !== 'string' || !isMetricsPath(path)))
    throw invalid('path', 'a path such as `/metrics`, without patterns', path);
  if (maxScrapes !== undefined && !(Number.isInteger(maxScrapes) && maxScrapes > 0))
    throw invalid('maxScrapes', 'a positive integer', maxScrapes);
  if (timeoutSeconds !== undefined && !(timeoutSeconds > 0 && timeoutSeconds < 1e6))
    throw invalid('timeoutSeconds', 'a positive number of seconds', timeoutSeconds);
  if (cluster !== undefined && typeof cluster !== 'boolean')
    throw invalid('cluster', 'true or false', cluster);
  if (constantLabels === undefined) return;
  if (typeof constantLabels !== 'object' || constantLabels === null)
    throw invalid('constantLabels', 'texts by label', constantLabels);
  for (const [name, value] of Object.entries(constantLabels)) {
    if (
      !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ||
      name === 'le' ||
      name === 'quantile' ||
      name.startsWith('__')
    )
      throw invalid('constantLabels', 'names that Prometheus takes', name);
    if (typeof value !== 'string') throw invalid('constantLabels', `a text for \`${name}\``, value);
  }
}
