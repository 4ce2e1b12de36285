/** One call for an application: everything that the package has, put together. */
import { hostname } from 'node:os';
import { PrometheusMetricsCollector } from '../lib/collector.js';
import { type CompleteMetricsConfig, type MetricsConfig, metricsConfigOf } from '../lib/config.js';
import { shown } from '../lib/errors.js';
import { selfMetricsOf } from '../lib/exposition/self-metrics.js';
import { HealthChecks } from '../lib/health.js';
import { checkFactoryOptions } from '../lib/option-checks.js';
import { PlatformMetrics } from '../lib/recorders/platform.js';
import { ProviderMetrics } from '../lib/recorders/provider.js';
import { WorkflowMetrics } from '../lib/recorders/workflow.js';
import { type MetricsRegistry, sharedRegistry } from '../lib/registry.js';
import {
  checkStopOptions,
  endOnSignals,
  runInOrder,
  type ShutdownStep,
  stopOnSignals,
  waitReporter,
} from '../lib/shutdown.js';
import type { StructuralRegistry } from '../lib/structural-registry.js';
import { definitionsOf } from './catalogue-option.js';
import { endWithPrimary, endWorkers } from './cluster-end.js';
import { type CreateMetricsOptions, createMetricsOptionNames } from './create-metrics-options.js';
import { drainStep } from './drain.js';
import type { KoaMiddleware } from './koa-types.js';
// Types only: servers, workers, snapshots and pushes are loaded where they are configured.
import type { MetricsServerOptions } from './metrics-server.js';
import { measureProcess } from './process-metrics.js';
import { applyRecordingSettings, warnOfUnusedViews } from './recording-settings.js';
import { type RequestMetricsOptions, requestMetrics } from './request-metrics.js';
import { endingSteps, type RunningParts } from './running-parts.js';
import { isWorkerOfOthers, warnOfSharedPort } from './shared-port.js';

export type { CreateMetricsOptions } from './create-metrics-options.js';

export interface Metrics {
  readonly config: CompleteMetricsConfig;
  readonly registry: MetricsRegistry<StructuralRegistry>;
  /** The string-keyed facade. It knows the whole catalogue; a name of it that nothing has used is free for the service's own. */
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
 * Puts together what a service needs. With METRICS_ENABLED=false the registry is switched off for good: instruments, decorators
 * and recorders do nothing, nothing is exposed, pushed or saved, requests are not measured, and the server answers health only.
 * The platform's metrics register where they are used, those of `catalogue` at once.
 * @throws ERR_METRICS_INVALID_OPTION; ERR_METRICS_DEFINITION_CONFLICT where a metric of `catalogue` has a name that is taken; what the parts throw
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
  applyRecordingSettings(registry, settings, options.views);
  const provider = new ProviderMetrics({ registry, ...(prices === undefined ? {} : { prices }) });
  const collector = new PrometheusMetricsCollector({
    registry,
    buckets: settings.buckets,
    reserveCatalogue: false,
  });
  for (const definition of definitionsOf(options.catalogue)) registry.instrument(definition);
  const parts: RunningParts = {};
  let stopMeasuring = (): void => {};
  const isWorker = options.cluster === true && isWorkerOfOthers();
  let stopListening = (): void => {};
  let stopAnswering = (): void => {};
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;

  /** Of a process that ends without `stop`, by an uncaught error for instance. */
  const exited = (): void => parts.snapshots?.writeNow();
  const keep = async (): Promise<void> => {
    const { snapshotFile: file, scrapeIntervalSeconds: intervalSeconds } = settings;
    if (file === undefined || isWorker) return;
    const { keepSnapshots } = await import('../lib/durability/keep-snapshots.js');
    parts.snapshots = await keepSnapshots({ ...options.snapshots, file, registry, intervalSeconds });
    process.on('exit', exited);
  };
  const beginPush = async (): Promise<void> => {
    const { pushUrl: url, scrapeIntervalSeconds: intervalSeconds, labels } = settings;
    if (url === undefined) return;
    const { startPush } = await import('../lib/push/pushgateway.js');
    // What was restored would stand in the gateway once for each life, were each a group of its own.
    const grouping = parts.snapshots === undefined ? undefined : { instance: hostname() };
    parts.push = startPush({
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
    if (stopping === undefined) parts.server = started;
    else await started.close();
  };
  const joinOthers = async (): Promise<void> => {
    const { startWorkerMetrics } = await import('./worker-metrics.js');
    const { service, host, port, path } = settings;
    parts.worker = await startWorkerMetrics({ registry, service: [service, host, port, path], serve });
  };
  const begin = async (): Promise<void> => {
    if (options.signals !== false) endOnSignals();
    warnOfUnusedViews(registry);
    // Before anyone can scrape: Prometheus would take the first numbers for a reset.
    if (settings.enabled) await keep();
    try {
      if (isWorker) {
        if (settings.enabled) await joinOthers();
      } else {
        await serve(options.cluster === true);
        if (options.cluster === undefined && parts.server !== undefined) warnOfSharedPort(registry);
      }
      // After the server: where it cannot listen, nothing has begun that would have to be undone.
      if (settings.enabled) {
        stopMeasuring = await measureProcess(settings, { registry, fetch, defaultMetrics, revision });
        await beginPush();
      }
    } catch (error) {
      await runInOrder(endingSteps(parts), Math.min(stopSeconds, 5));
      release();
      throw error;
    }
    if (options.signals === false) return;
    stopListening = stopOnSignals(stop);
    if (isWorker && process.channel !== undefined)
      stopAnswering = endWithPrimary(() => stopping !== undefined);
  };
  /** Lets go of what takes no time to end. */
  const release = (): void => {
    process.off('exit', exited);
    stopAnswering();
    stopMeasuring();
  };
  const drained = drainStep({
    health,
    drain: options.drain,
    graceSeconds: () => drainSeconds ?? (isBalanced() ? defaultDrainSeconds : 0),
    // Whoever will not wait for the end, by a second signal, has this one.
    meanwhile: () => parts.snapshots?.write(),
  });
  /** Whether anything is likely to send requests by readiness; on a developer's machine nothing is, and Ctrl-C does not wait. */
  const isBalanced = (): boolean =>
    health.isWatched || (settings.environment === 'production' && parts.server !== undefined);
  const end = async (signal: NodeJS.Signals | undefined): Promise<void> => {
    // From now on a signal does what it does by itself: a second one does not wait.
    stopListening();
    const isScraped = options.lastScrape === true && settings.enabled && parts.server !== undefined;
    const lastScrape: ShutdownStep = {
      waitsFor: () => 'a last scrape',
      run: () => selfMetricsOf(registry).nextScrape(),
      maxSeconds: settings.scrapeIntervalSeconds,
    };
    // By code it is no end of the process, and so none of its workers.
    const hasWorkers = options.cluster === true && !isWorker && signal !== undefined;
    const workersEnded: ShutdownStep = { waitsFor: () => 'the workers to end', run: endWorkers };
    const errors = await runInOrder(
      [
        drained,
        ...(hasWorkers ? [workersEnded] : []),
        ...(isScraped ? [lastScrape] : []),
        ...endingSteps(parts),
      ],
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
      return parts.server?.url;
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
