/** One call for an application: everything that the package has, put together. */
import { hostname } from 'node:os';
import PrometheusRegistry from 'prom-client/lib/registry.js';
import { MetricsAggregator } from '../lib/aggregation.js';
import { catalogueBuckets } from '../lib/bucket-sets.js';
import { buildInfo } from '../lib/catalogue/self.js';
import { PrometheusMetricsCollector } from '../lib/collector.js';
import { type CompleteMetricsConfig, type MetricsConfig, metricsConfigOf } from '../lib/config.js';
// Types only: snapshots, pushes and clusters are loaded where they are configured.
import type { Snapshots } from '../lib/durability/keep-snapshots.js';
import { shown } from '../lib/errors.js';
import type { MetricsPush } from '../lib/export/pushgateway.js';
import { selfMetricsOf } from '../lib/exposition/self-metrics.js';
import { HealthChecks } from '../lib/health.js';
import { checkFactoryOptions } from '../lib/option-checks.js';
import { type FetchInstrumentation, instrumentFetch } from '../lib/recorders/fetch.js';
import { PlatformMetrics } from '../lib/recorders/platform.js';
import { ProviderMetrics } from '../lib/recorders/provider.js';
import { WorkflowMetrics } from '../lib/recorders/workflow.js';
import { type MetricsRegistry, type StructuralRegistry, sharedRegistry } from '../lib/registry.js';
import { type CreateMetricsOptions, createMetricsOptionNames } from './create-metrics-options.js';
import { drainStep } from './drain.js';
import type { KoaMiddleware } from './koa-types.js';
// Types only: the server and the part of a worker are loaded by `start`.
import type { MetricsServer, MetricsServerOptions } from './metrics-server.js';
import { type RequestMetricsOptions, requestMetrics } from './request-metrics.js';
import { checkStopOptions, runInOrder, type ShutdownStep, stopOnSignals } from './shutdown.js';
import type { WorkerMetrics } from './worker-metrics.js';

export type { CreateMetricsOptions } from './create-metrics-options.js';

export interface Metrics {
  readonly config: CompleteMetricsConfig;
  readonly registry: MetricsRegistry<StructuralRegistry>;
  /** The string-keyed facade, with the whole catalogue. */
  readonly collector: PrometheusMetricsCollector<StructuralRegistry>;
  readonly workflow: WorkflowMetrics;
  readonly provider: ProviderMetrics;
  readonly platform: PlatformMetrics;
  readonly health: HealthChecks;
  /** The middleware that measures requests; with METRICS_ENABLED=false it only calls the next. */
  requestMetrics(options?: Omit<RequestMetricsOptions, 'registry'>): KoaMiddleware;
  /** Where the metrics server is; `undefined` before `start`, and where none is started. */
  readonly url: string | undefined;
  /**
   * Restores the last snapshot, then starts the metrics server, outbound measurement, derived gauges, snapshots and pushes. A
   * second call is the first one's.
   */
  start(): Promise<void>;
  /**
   * In this order and within `stopSeconds`: readiness off, `drain`, a last scrape where asked for, a last push, a last
   * snapshot, the server closed. A second call is the first one's; before a start it does nothing.
   */
  stop(): Promise<void>;
}

/**
 * Puts together what a service needs. With METRICS_ENABLED=false nothing is exposed, pushed or saved, and requests are not
 * measured: recorders count where nobody reads, and the server answers health only.
 * @throws ERR_METRICS_INVALID_OPTION, and what the parts throw
 * @example
 * const metrics = createMetrics(loadMetricsConfig(), { drain: () => server });
 * app.use(metrics.requestMetrics());
 * const server = app.listen(3000);
 * await metrics.start();             // SIGTERM and SIGINT stop it, in order, within a deadline, and end the process
 */
export function createMetrics(
  config: Partial<MetricsConfig> = {},
  options: CreateMetricsOptions = {},
): Metrics {
  checkFactoryOptions('createMetrics', options, createMetricsOptionNames);
  const settings = metricsConfigOf(config);
  const {
    registry = sharedRegistry,
    prices,
    fetch = {},
    defaultMetrics = true,
    revision = 'unknown',
  } = options;
  const { health = new HealthChecks({ registry }), drainSeconds, stopSeconds = 25 } = options;
  checkStopOptions({
    drainSeconds: drainSeconds === undefined ? defaultDrainSeconds : drainSeconds,
    stopSeconds,
    drain: options.drain,
  });
  registry.setMaxSeries(settings.maxSeries);
  registry.setBuckets(catalogueBuckets(settings.buckets));
  const provider = new ProviderMetrics({ registry, ...(prices === undefined ? {} : { prices }) });
  const collector = new PrometheusMetricsCollector({ registry, buckets: settings.buckets });
  let server: MetricsServer | undefined;
  let wire: FetchInstrumentation | undefined;
  let aggregator: MetricsAggregator | undefined;
  let snapshots: Snapshots | undefined;
  let push: MetricsPush | undefined;
  let worker: WorkerMetrics | undefined;
  const isWorker = options.cluster === true && isWorkerOfOthers();
  let stopListening = (): void => {};
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  const measure = async (): Promise<void> => {
    const { service, version } = settings;
    registry.gauge(buildInfo).set({ service, version, revision, node_version: process.version }, 1);
    aggregator = new MetricsAggregator({ registry });
    if (fetch !== false)
      wire = instrumentFetch({ registry, ...(fetch.hosts === undefined ? {} : { hosts: fetch.hosts }) });
    if (defaultMetrics) await collectNodeMetrics(registry);
  };
  /** Of a process that ends without `stop`, by an uncaught error for instance. */
  const exited = (): void => snapshots?.writeNow();
  const keep = async (): Promise<void> => {
    const { snapshotFile: file, scrapeIntervalSeconds: intervalSeconds } = settings;
    if (file === undefined || isWorker) return;
    const { keepSnapshots } = await import('../lib/durability/keep-snapshots.js');
    snapshots = await keepSnapshots({ file, registry, intervalSeconds });
    process.on('exit', exited);
  };
  const beginPush = async (): Promise<void> => {
    const { pushUrl: url, scrapeIntervalSeconds: intervalSeconds, labels } = settings;
    if (url === undefined) return;
    const { startPush } = await import('../lib/export/pushgateway.js');
    // What was restored would stand in the gateway once for each life, were each a group of its own.
    const grouping = snapshots === undefined ? undefined : { instance: hostname() };
    push = startPush({
      job: labels.service,
      constantLabels: labels,
      grouping,
      ...options.push,
      url,
      registry,
      intervalSeconds,
    });
  };
  const serve = async (cluster: NonNullable<MetricsServerOptions['cluster']>): Promise<void> => {
    if (options.server === false) return;
    const { startMetricsServer } = await import('./metrics-server.js');
    const started = await startMetricsServer(settings, {
      cluster,
      ...options.server,
      registry,
      checks: health,
    });
    // A worker may serve only once it knows that its primary does not, and be stopped by then.
    if (stopping === undefined) server = started;
    else await started.close();
  };
  const joinOthers = async (): Promise<void> => {
    const { startWorkerMetrics } = await import('./worker-metrics.js');
    const { service, host, port, path } = settings;
    worker = await startWorkerMetrics({ registry, service: [service, host, port, path], serve });
  };
  const begin = async (): Promise<void> => {
    // Before anyone can scrape: Prometheus would take the first numbers for a reset.
    if (settings.enabled) await keep();
    try {
      if (isWorker) {
        if (settings.enabled) await joinOthers();
      } else {
        await serve(options.cluster === true);
        if (options.cluster === undefined && server !== undefined) warnOfSharedPort(registry);
      }
      // After the server: where it cannot listen, nothing has begun that would have to be undone.
      if (settings.enabled) {
        await measure();
        await beginPush();
      }
    } catch (error) {
      await runInOrder(lastSteps(), Math.min(stopSeconds, 5));
      release();
      throw error;
    }
    if (options.signals !== false) stopListening = stopOnSignals(stop);
  };
  /** What ends the parts that have begun, each with the time that it needs. */
  const lastSteps = (): ShutdownStep[] => [
    ...given(worker, ({ leave }) => ({
      waitsFor: () => 'the other processes to take the last numbers',
      run: (deadlineSeconds) => leave({ deadlineSeconds }),
      mostSeconds: 2,
      needsSeconds: 2,
    })),
    ...given(push, (each) => ({
      waitsFor: () => 'a last push',
      run: (deadlineSeconds) => each.stop({ deadlineSeconds }),
      needsSeconds: 2,
    })),
    ...given(snapshots, (each) => ({
      waitsFor: () => 'a last snapshot',
      run: () => each.stop(),
      needsSeconds: 2,
    })),
    ...given(server, ({ close }) => ({
      waitsFor: () => 'the metrics server to close',
      run: (deadlineSeconds) => close({ deadlineSeconds }),
      mostSeconds: 5,
      needsSeconds: 1,
    })),
    ...given(worker, (each) => ({ run: () => each.stop(), mostSeconds: 2, needsSeconds: 1 })),
  ];
  /** Lets go of what takes no time to end. */
  const release = (): void => {
    process.off('exit', exited);
    wire?.stop();
    aggregator?.stop();
  };
  const drained = drainStep({
    health,
    drain: options.drain,
    graceSeconds: () => drainSeconds ?? (isBalanced() ? defaultDrainSeconds : 0),
    // Whoever will not wait for the end, by a second signal, has this one.
    meanwhile: () => snapshots?.write(),
  });
  /** Whether anything is likely to send requests by readiness; on a developer's machine nothing is, and Ctrl-C does not wait. */
  const isBalanced = (): boolean =>
    health.isWatched || (settings.environment === 'production' && server !== undefined);
  const end = async (signal: NodeJS.Signals | undefined): Promise<void> => {
    // From now on a signal does what it does by itself: a second one does not wait.
    stopListening();
    const isScraped = options.lastScrape === true && settings.enabled && server !== undefined;
    const lastScrape: ShutdownStep = {
      waitsFor: () => 'a last scrape',
      run: () => selfMetricsOf(registry).nextScrape(),
      mostSeconds: settings.scrapeIntervalSeconds,
    };
    const errors = await runInOrder(
      [drained, ...(isScraped ? [lastScrape] : []), ...lastSteps()],
      stopSeconds,
      settings.environment === 'production' ? undefined : waitReporter(signal),
    );
    for (const error of errors) {
      registry.warnOnce(`stop ${shown(error)}`, () => ({
        code: 'METRICS_STOP_FAILED',
        message: `A part of stop() failed, and the rest went on: ${error instanceof Error ? error.message : shown(error)}`,
        cause: error,
      }));
    }
    release();
  };
  const stop = (signal?: NodeJS.Signals): Promise<void> => {
    if (starting === undefined) return Promise.resolve();
    stopping ??= starting.then(
      () => end(signal),
      () => {},
    );
    return stopping;
  };

  return {
    config: settings,
    registry,
    collector,
    workflow: new WorkflowMetrics({ registry }),
    provider,
    platform: new PlatformMetrics({ registry }),
    health,
    requestMetrics: (own = {}) =>
      settings.enabled ? requestMetrics({ ...own, registry }) : (_ctx, next) => next(),
    get url() {
      return server?.url;
    },
    start: () => {
      starting ??= begin();
      return starting;
    },
    stop: () => stop(),
  };
}

/** Seconds that a load balancer takes to see that a service is not ready, as a rule. */
const defaultDrainSeconds = 5;

/** Says on stderr what a stop by a signal waits for, for who has pressed Ctrl-C; one by code says nothing. */
function waitReporter(
  signal: NodeJS.Signals | undefined,
): ((what: string, seconds: number) => void) | undefined {
  if (signal === undefined) return undefined;
  return (what, seconds) =>
    process.stderr.write(
      `${signal}: waiting for ${what}, ${Math.ceil(seconds)} s at most. A second ${signal} ends the process at once.\n`,
    );
}

/** Of a worker that says nothing of `cluster`: `false` says that it has a port of its own. */
function warnOfSharedPort(registry: MetricsRegistry<StructuralRegistry>): void {
  // Others have no channel to a parent, and need not load node:cluster.
  if (process.channel === undefined || !isWorkerOfOthers()) return;
  registry.warnOnce('cluster shared port', () => ({
    code: 'METRICS_CLUSTER_SHARED_PORT',
    message:
      'createMetrics serves metrics in a worker of node:cluster: expected one answer for all workers, received a port that workers share, so that each scrape is answered by another one. Pass `cluster: true`; or, where each worker has a METRICS_PORT of its own, `cluster: false`.',
  }));
}

/** Whether this is a worker of `node:cluster` or a thread. Asked for only with `cluster`: others need not load the two modules. */
function isWorkerOfOthers(): boolean {
  // What `require` gives, though its type is that of `import`.
  const cluster = process.getBuiltinModule('node:cluster') as unknown as { readonly isWorker: boolean };
  return cluster.isWorker || !process.getBuiltinModule('node:worker_threads').isMainThread;
}

/** A step of a part that there is; none of one that there is not, so that no time is kept for it. */
function given<T>(part: T | undefined, stepOf: (part: T) => ShutdownStep): ShutdownStep[] {
  return part === undefined ? [] : [stepOf(part)];
}

/** Of a prom-client registry, and of one that has none yet: prom-client throws at a name that is there. */
async function collectNodeMetrics({ prometheus }: MetricsRegistry<StructuralRegistry>): Promise<void> {
  if (!(prometheus instanceof PrometheusRegistry)) return;
  const hasThem = (): boolean => prometheus.getSingleMetric('process_cpu_user_seconds_total') !== undefined;
  if (hasThem()) return;
  const { collectDefaultMetrics } = await import('prom-client');
  // Another start may have been faster.
  if (!hasThem()) collectDefaultMetrics({ register: prometheus });
}
