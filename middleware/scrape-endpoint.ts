/** What Prometheus scrapes, apart from what serves it. */

import { Readable } from 'node:stream';
import type { Clock } from '../lib/clock.js';
import { metricsError, shown } from '../lib/errors.js';
import type { ExpositionFormat } from '../lib/exposition/format.js';
import { acceptsGzip, negotiatedFormat } from '../lib/exposition/negotiate.js';
import { type ScrapeOptions, scrapeChunks } from '../lib/exposition/scrape.js';
import { type ScrapeJob, startScrapeJob } from '../lib/exposition/scrape-job.js';
import { selfMetricsOf } from '../lib/exposition/self-metrics.js';
import { isMetricsPath } from '../lib/metrics-path.js';
import { isConstantLabelName } from '../lib/naming.js';
import type { OptionNames } from '../lib/option-names.js';
import { type MetricsRegistry, sharedRegistry } from '../lib/registry.js';
import type { StructuralRegistry } from '../lib/structural-registry.js';
import { type Endpoint, type EndpointAnswer, type EndpointRequest, refusedMethod } from './endpoint.js';
import { type ScrapeAccess, scrapeAccess } from './scrape-access.js';
import { collectMilliseconds, scrapePlaces } from './scrape-places.js';

export interface ScrapeEndpointOptions extends ScrapeAccess {
  /** What is exposed, with the foreign metrics that stand in it. Default: `sharedRegistry`. */
  registry?: MetricsRegistry<StructuralRegistry>;
  /** Where. Default: `/metrics`. */
  path?: string;
  /** Labels added to every series that does not have them. Default: none, since Prometheus adds those of its targets. */
  constantLabels?: Readonly<Record<string, string>> | undefined;
  /**
   * Whether OpenMetrics tells since when each counter, histogram and summary counts (`_created`). Prometheus stores one more series
   * for each of them, unless it runs with `--enable-feature=created-timestamp-zero-ingestion`. Not in the sum of a cluster.
   * Default: false.
   */
  createdSamples?: boolean;
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
   * for the primary of a cluster. Scrapes wait for workers for three seconds at most. A function makes the answer by itself.
   * Default: false, this process only.
   */
  cluster?: boolean | ScrapeSource;
}

/** What makes the answer to a scrape, in chunks. */
export type ScrapeSource = (scrape: ScrapeOptions) => AsyncGenerator<Buffer>;

/**
 * An endpoint that answers GET, and HEAD, in the format that Accept prefers.
 * @param where the factory, for messages
 * @param clock for tests
 * @throws ERR_METRICS_INVALID_OPTION
 */
export function scrapeEndpoint(where: string, options: ScrapeEndpointOptions, clock?: Clock): Endpoint {
  checkOptions(where, options);
  const {
    registry = sharedRegistry,
    path = '/metrics',
    constantLabels,
    createdSamples = false,
    maxScrapes = 10,
    timeoutSeconds = 10,
    cluster = false,
  } = options;
  const self = selfMetricsOf(registry);
  const chunksOf = sourceOf(cluster, registry);
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

  const scraped = (request: EndpointRequest): EndpointAnswer => {
    const format = negotiatedFormat(request.header('accept'), createdSamples);
    const gzip = acceptsGzip(request.header('accept-encoding'));
    const common = { 'Cache-Control': 'no-store', Vary: 'Accept, Accept-Encoding' };
    const headers = {
      ...common,
      'Content-Type': format.contentType,
      ...(gzip ? { 'Content-Encoding': 'gzip' } : {}),
    };
    if (request.method === 'HEAD') return { status: 200, headers };
    const { connection } = request;
    const deadline = collectMilliseconds(
      request.header('x-prometheus-scrape-timeout-seconds') ?? '',
      timeoutSeconds,
    );
    let body: Readable | undefined;
    // Not where it has gone while access was looked at.
    const place = connection.isOver
      ? undefined
      : places.take(connection, 2 * deadline, () => {
          body?.destroy();
          self.ended();
        });
    if (place === undefined)
      return {
        status: 503,
        headers: { ...common, 'Retry-After': '1', 'Content-Type': 'text/plain; charset=utf-8' },
        body: `${maxScrapes} scrapes are in progress\n`,
      };
    self.started();
    body = Readable.from(place.paced(jobFor(format, gzip, namesOf(request), deadline).read()), {
      objectMode: false,
    });
    return { status: 200, headers, body };
  };

  const refusal = scrapeAccess(where, options, registry.warnOnce.bind(registry), clock);
  return {
    path,
    answer: async (request) => (await refusal?.(request)) ?? refusedMethod(request) ?? scraped(request),
  };
}

function sourceOf(
  cluster: boolean | ScrapeSource,
  registry: MetricsRegistry<StructuralRegistry>,
): ScrapeSource {
  if (typeof cluster === 'function') return cluster;
  if (!cluster) return (scrape) => scrapeChunks(registry, scrape);
  // Now, so that workers which join from here on are known at the first scrape; node:cluster is loaded by nobody else.
  const loaded = import('../lib/cluster/cluster.js');
  loaded.then(({ clusterMetrics }) => clusterMetrics({ registry })).catch(() => {});
  return async function* (scrape) {
    const { clusterMetrics } = await loaded;
    yield* clusterMetrics({ registry }).chunks(scrape);
  };
}

/** The names that `name[]` asks for, each once, in one order. */
function namesOf({ query }: EndpointRequest): string[] {
  return [...new Set(query.getAll('name[]'))].sort();
}

/** Options that no setting of the configuration stands for. */
export const codeOptionNames = {
  registry: true,
  basicAuth: true,
  allowFrom: true,
  trustedProxies: true,
  constantLabels: true,
  createdSamples: true,
  maxScrapes: true,
  timeoutSeconds: true,
  cluster: true,
} as const;

export const scrapeOptionNames = {
  ...codeOptionNames,
  path: true,
  token: true,
  tokenFile: true,
} satisfies OptionNames<ScrapeEndpointOptions>;

function checkOptions(where: string, options: ScrapeEndpointOptions): void {
  const { path, maxScrapes, timeoutSeconds, constantLabels, createdSamples, cluster } = options;
  const invalid = (option: string, expected: string, received: unknown): Error =>
    metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`${option}\` of ${where}: expected ${expected}, received ${shown(received)}.`,
    );
  if (path !== undefined && (typeof path !== 'string' || !isMetricsPath(path)))
    throw invalid('path', 'a path such as `/metrics`, without patterns', path);
  if (maxScrapes !== undefined && !(Number.isInteger(maxScrapes) && maxScrapes > 0))
    throw invalid('maxScrapes', 'a positive integer', maxScrapes);
  if (timeoutSeconds !== undefined && !(timeoutSeconds > 0 && timeoutSeconds < 1e6))
    throw invalid('timeoutSeconds', 'a positive number of seconds', timeoutSeconds);
  if (createdSamples !== undefined && typeof createdSamples !== 'boolean')
    throw invalid('createdSamples', 'true or false', createdSamples);
  if (cluster !== undefined && typeof cluster !== 'boolean' && typeof cluster !== 'function')
    throw invalid('cluster', 'true, false or a function', cluster);
  if (constantLabels === undefined) return;
  if (typeof constantLabels !== 'object' || constantLabels === null)
    throw invalid('constantLabels', 'texts by label', constantLabels);
  for (const [name, value] of Object.entries(constantLabels)) {
    if (!isConstantLabelName(name)) throw invalid('constantLabels', 'names that Prometheus takes', name);
    if (typeof value !== 'string') throw invalid('constantLabels', `a text for \`${name}\``, value);
  }
}
