/** The scrape endpoint, independent of the server. */
import { Readable } from 'node:stream';
import type { Clock } from '../lib/clock.js';
import type { AnyFormat } from '../lib/exposition/family-writer.js';
import { acceptsGzip, negotiatedFormat } from '../lib/exposition/negotiate.js';
import { type ScrapeOptions, scrapeChunks } from '../lib/exposition/scrape.js';
import { type ScrapeJob, startScrapeJob } from '../lib/exposition/scrape-job.js';
import { selfMetricsOf } from '../lib/exposition/self-metrics.js';
import { isMetricsPath } from '../lib/metrics-path.js';
import { invalidOption, type OptionNames } from '../lib/option-names.js';
import { type MetricsRegistry, sharedRegistry } from '../lib/registry.js';
import type { StructuralRegistry } from '../lib/structural-registry.js';
import { type Endpoint, type EndpointAnswer, type EndpointRequest, refusedMethod } from './endpoint.js';
import { type ScrapeAccess, scrapeAccess } from './scrape-access.js';
import { collectMilliseconds, scrapeSlots } from './scrape-slots.js';

/** The options of a scrape endpoint, with its access rules. */
export interface ScrapeEndpointOptions extends ScrapeAccess {
  /** The exposed registry, including the third-party metrics in it. Default: `sharedRegistry`. */
  registry?: MetricsRegistry<StructuralRegistry>;
  /** The path of the endpoint. Default: `/metrics`. */
  path?: string;
  /** Labels added to every series that lacks them. Default: none, since Prometheus adds the labels of its targets. */
  constantLabels?: Readonly<Record<string, string>> | undefined;
  /**
   * Whether OpenMetrics responses include the creation time of each counter, histogram and summary (`_created`). Prometheus
   * stores one more series for each of them, unless it runs with `--enable-feature=created-timestamp-zero-ingestion`. Not
   * included in the aggregate of a cluster. Default: false.
   * @see https://prometheus.io/docs/specs/om/open_metrics_spec/
   */
  createdSamples?: boolean;
  /** The number of scrapes answered concurrently. Further ones get 503 with Retry-After. Default: 10. */
  maxScrapes?: number;
  /**
   * Seconds that collecting may take if the request has no `X-Prometheus-Scrape-Timeout-Seconds`. That header is respected up to
   * 120 s, or up to this option if it is greater. A slow reader is disconnected after twice that time; one that reads nothing
   * after 10 s, or after 1 s if another scrape needs its slot; one that shares a scrape with a faster reader when it falls some
   * megabytes behind. Default: 10.
   */
  timeoutSeconds?: number;
  /**
   * Whether the response aggregates the metrics of all worker processes and threads that called `joinCluster`, each metric by
   * its aggregator. For the primary of a cluster. A scrape waits for workers for at most three seconds. A function makes the
   * response itself. Default: false, this process only.
   */
  cluster?: boolean | ScrapeSource;
}

/** Makes the response to a scrape, in chunks. */
export type ScrapeSource = (scrape: ScrapeOptions) => AsyncGenerator<Buffer>;

/**
 * An endpoint that answers GET and HEAD in the format that Accept prefers.
 * @param where the factory, for messages
 * @param clock replaced in tests
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
  const slots = scrapeSlots({ max: maxScrapes });

  /** The scrape in progress with the same format and selection, or a new one. */
  const jobFor = (
    format: AnyFormat,
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
        deadlineSeconds: deadline / 1_000,
        // Compressed text is other memory; text itself is kept for the readers.
        reusesMemory: gzip,
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
    // The client may have left while its access was checked.
    const slot = connection.isOver
      ? undefined
      : slots.take(connection, 2 * deadline, () => {
          body?.destroy();
          self.ended();
        });
    if (slot === undefined)
      return {
        status: 503,
        headers: { ...common, 'Retry-After': '1', 'Content-Type': 'text/plain; charset=utf-8' },
        body: `${maxScrapes} scrapes are in progress\n`,
      };
    self.started();
    body = Readable.from(slot.paced(jobFor(format, gzip, namesOf(request), deadline).read()), {
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
  // Started here, so that workers which join from now on are known at the first scrape. Only this option loads node:cluster.
  const loaded = import('../lib/cluster/cluster.js');
  loaded.then(({ clusterMetrics }) => clusterMetrics({ registry })).catch(() => {});
  return async function* (scrape) {
    const { clusterMetrics } = await loaded;
    yield* clusterMetrics({ registry }).chunks(scrape);
  };
}

/** The names that `name[]` selects, sorted and without duplicates. */
function namesOf({ query }: EndpointRequest): string[] {
  return [...new Set(query.getAll('name[]'))].sort();
}

/** The options that are not settings of the configuration. */
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
  if (path !== undefined && (typeof path !== 'string' || !isMetricsPath(path)))
    throw invalidOption(where, 'path', 'a path such as `/metrics`, without patterns', path);
  if (maxScrapes !== undefined && !(Number.isInteger(maxScrapes) && maxScrapes > 0))
    throw invalidOption(where, 'maxScrapes', 'a positive integer', maxScrapes);
  if (timeoutSeconds !== undefined && !(timeoutSeconds > 0 && timeoutSeconds < 1e6))
    throw invalidOption(where, 'timeoutSeconds', 'a positive number of seconds', timeoutSeconds);
  if (createdSamples !== undefined && typeof createdSamples !== 'boolean')
    throw invalidOption(where, 'createdSamples', 'true or false', createdSamples);
  if (cluster !== undefined && typeof cluster !== 'boolean' && typeof cluster !== 'function')
    throw invalidOption(where, 'cluster', 'true, false or a function', cluster);
  if (constantLabels === undefined) return;
  if (typeof constantLabels !== 'object' || constantLabels === null)
    throw invalidOption(where, 'constantLabels', 'an object of strings by label', constantLabels);
  for (const [name, value] of Object.entries(constantLabels)) {
    if (
      !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ||
      name === 'le' ||
      name === 'quantile' ||
      name.startsWith('__')
    )
      throw invalidOption(where, 'constantLabels', 'valid label names', name);
    if (typeof value !== 'string')
      throw invalidOption(where, 'constantLabels', `a string for \`${name}\``, value);
  }
}
