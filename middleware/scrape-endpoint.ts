/** What Prometheus scrapes, apart from what serves it. */
import { Readable } from 'node:stream';
import { metricsError, shown } from '../lib/errors.js';
import type { ExpositionFormat } from '../lib/exposition/format.js';
import { acceptsGzip, negotiatedFormat } from '../lib/exposition/negotiate.js';
import { type ScrapeOptions, scrapeChunks } from '../lib/exposition/scrape.js';
import { type ScrapeJob, startScrapeJob } from '../lib/exposition/scrape-job.js';
import { selfMetricsOf } from '../lib/exposition/self-metrics.js';
import { checkFactoryOptions } from '../lib/option-checks.js';
import { type MetricsRegistry, type StructuralRegistry, sharedRegistry } from '../lib/registry.js';
import { type Endpoint, type EndpointAnswer, type EndpointRequest, refusedMethod } from './endpoint.js';
import { type ScrapeAccess, scrapeAccess } from './scrape-access.js';

export interface ScrapeEndpointOptions extends ScrapeAccess {
  /** What is exposed, with the foreign metrics that stand in it. Default: `sharedRegistry`. */
  registry?: MetricsRegistry<StructuralRegistry>;
  /** Where. Default: `/metrics`. */
  path?: string;
  /** Labels added to every series that does not have them. Default: none, since Prometheus adds those of its targets. */
  constantLabels?: Readonly<Record<string, string>> | undefined;
  /** Scrapes that are answered at a time; more get 503 and Retry-After. Default: 10. */
  maxScrapes?: number;
  /**
   * Seconds that collecting may take where `X-Prometheus-Scrape-Timeout-Seconds` does not say, and after twice as many of which a
   * reader that is too slow is cut off. Default: 10. One that shares a scrape with a faster reader is cut off some megabytes behind.
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
 * @param more names of the options that the factory has beside these
 * @throws ERR_METRICS_INVALID_OPTION
 */
export function scrapeEndpoint(
  where: string,
  options: ScrapeEndpointOptions,
  more: readonly string[] = [],
): Endpoint {
  checkOptions(where, options, more);
  const {
    registry = sharedRegistry,
    path = '/metrics',
    constantLabels,
    maxScrapes = 10,
    timeoutSeconds = 10,
    cluster = false,
  } = options;
  const self = selfMetricsOf(registry);
  const chunksOf = sourceOf(cluster, registry);
  const jobs = new Map<string, ScrapeJob>();
  let underWay = 0;

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
    const format = negotiatedFormat(request.header('accept'));
    const gzip = acceptsGzip(request.header('accept-encoding'));
    const common = { 'Cache-Control': 'no-store', Vary: 'Accept, Accept-Encoding' };
    const headers = {
      ...common,
      'Content-Type': format.contentType,
      ...(gzip ? { 'Content-Encoding': 'gzip' } : {}),
    };
    if (request.method === 'HEAD') return { status: 200, headers };
    if (underWay >= maxScrapes)
      return {
        status: 503,
        headers: { ...common, 'Retry-After': '1', 'Content-Type': 'text/plain; charset=utf-8' },
        body: `${maxScrapes} scrapes are under way\n`,
      };
    const deadline = deadlineOf(request, timeoutSeconds);
    underWay += 1;
    self.started();
    const body = Readable.from(jobFor(format, gzip, namesOf(request), deadline).read(), {
      objectMode: false,
    });
    let isEnded = false;
    const ended = (): void => {
      if (isEnded) return;
      isEnded = true;
      body.destroy();
      underWay -= 1;
      self.ended();
    };
    return { status: 200, headers, body, ended, cutOffAfter: 2 * deadline };
  };

  const refusal = scrapeAccess(where, options);
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
  const loaded = import('../lib/export/cluster.js');
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

/** Milliseconds that collecting may take: what Prometheus gives, less what sending takes. */
function deadlineOf(request: EndpointRequest, fallback: number): number {
  const told = request.header('x-prometheus-scrape-timeout-seconds') ?? '';
  const seconds = /^\d{1,6}(?:\.\d{1,9})?$/.test(told) && Number(told) > 0 ? Number(told) : fallback;
  return (seconds - Math.min(0.5, seconds / 10)) * 1_000;
}

const optionNames = [
  'registry',
  'path',
  'token',
  'tokenFile',
  'basicAuth',
  'allowFrom',
  'constantLabels',
  'maxScrapes',
  'timeoutSeconds',
  'cluster',
];

function checkOptions(where: string, options: ScrapeEndpointOptions, more: readonly string[]): void {
  // A misspelt `token` must not leave the endpoint open.
  checkFactoryOptions(where, options, [...optionNames, ...more]);
  const { path, maxScrapes, timeoutSeconds, constantLabels, cluster } = options;
  const invalid = (option: string, expected: string, received: unknown): Error =>
    metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`${option}\` of ${where}: expected ${expected}, received ${shown(received)}.`,
    );
  if (path !== undefined && (typeof path !== 'string' || !path.startsWith('/')))
    throw invalid('path', 'a path that starts with `/`', path);
  if (maxScrapes !== undefined && !(Number.isInteger(maxScrapes) && maxScrapes > 0))
    throw invalid('maxScrapes', 'a positive integer', maxScrapes);
  if (timeoutSeconds !== undefined && !(timeoutSeconds > 0 && timeoutSeconds < 1e6))
    throw invalid('timeoutSeconds', 'a positive number of seconds', timeoutSeconds);
  if (cluster !== undefined && typeof cluster !== 'boolean' && typeof cluster !== 'function')
    throw invalid('cluster', 'true, false or a function', cluster);
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
