/** `createMetrics`: one call that sets up everything an application needs. */
import { PrometheusMetricsCollector } from '../lib/collector.js';
import { metricsConfigOf } from '../lib/config.js';
import type { CompleteMetricsConfig, MetricsConfig } from '../lib/config-settings.js';
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
import {
  endingSteps,
  type PartContext,
  type RunningPart,
  startMeasuring,
  startPushing,
  startServer,
  startSnapshots,
  startWorker,
} from './metrics-parts.js';
// A type only: the server is loaded if it is configured.
import type { MetricsServerOptions } from './metrics-server.js';
import { givenDashboard, servedOptionNames } from './page-option.js';
import { applyRecordingSettings, warnOfUnusedViews } from './recording-settings.js';
import { type RequestMetricsOptions, requestMetrics } from './request-metrics.js';
import { isClusterWorker, warnOfSharedPort } from './shared-port.js';

/** The metrics of a service, as `createMetrics` sets them up. */
export interface Metrics {
  /** The configuration with all defaults filled in. */
  readonly config: CompleteMetricsConfig;
  /** The registry of all parts. */
  readonly registry: MetricsRegistry<StructuralRegistry>;
  /**
   * Records by metric name. It accepts the whole catalogue; a catalogue name that nothing has used yet is free for a metric of
   * the service.
   */
  readonly collector: PrometheusMetricsCollector<StructuralRegistry>;
  /** Records runs of workflows and their steps. */
  readonly workflow: WorkflowMetrics;
  /** Records requests to AI providers, with tokens and cost. */
  readonly provider: ProviderMetrics;
  /** Records requests to git platforms. */
  readonly platform: PlatformMetrics;
  /** The checks on which readiness depends. */
  readonly health: HealthChecks;
  /** Koa middleware that measures requests. With METRICS_ENABLED=false it only calls the next one. */
  requestMetrics(options?: Omit<RequestMetricsOptions, 'registry'>): KoaMiddleware;
  /** The URL of the metrics server; `undefined` before `start`, and if none is started. */
  readonly url: string | undefined;
  /**
   * Restores the last snapshot, then starts the metrics server, the measurement of outgoing requests, derived gauges,
   * snapshots and pushes. Further calls return the promise of the first one. If a part cannot start, those before it are
   * ended.
   * @throws ERR_METRICS_LISTEN if the metrics server cannot listen, and what the other parts throw
   */
  start(): Promise<void>;
  /**
   * Ends the service within `stopSeconds`, in this order: readiness off, `drain`, a last scrape if `lastScrape` is set, a last
   * push, a last snapshot, the metrics server closed. Never rejects: a part that fails is reported as a warning
   * (METRICS_STOP_FAILED). Further calls return the promise of the first one; before `start` it does nothing.
   */
  stop(): Promise<void>;
  /** The same as `stop`, for `await using metrics = createMetrics()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Sets up everything that a service needs: registry, recorders, request middleware, health, metrics server, snapshots, pushes
 * and an orderly stop. With METRICS_ENABLED=false the registry is switched off permanently: instruments, decorators and
 * recorders do nothing, nothing is exposed, pushed or saved, requests are not measured, and the server answers health checks
 * only. Catalogue metrics are registered when they are first used, those of the option `catalogue` immediately.
 * @param config as `loadMetricsConfig` returns it. Default: the default of each setting.
 * @throws ERR_METRICS_INVALID_OPTION; ERR_METRICS_DEFINITION_CONFLICT if a metric of `catalogue` has a name that is taken;
 *   ERR_METRICS_INVALID_VIEW
 * @example
 * const metrics = createMetrics(loadMetricsConfig(), { drain: () => server });
 * app.use(metrics.requestMetrics());
 * const server = app.listen(3000);
 * await metrics.start();             // SIGTERM and SIGINT stop it, in order, within a deadline, and end the process
 * @see lib/config.md for the environment variables
 */
export function createMetrics(
  config: Partial<MetricsConfig> = {},
  options: CreateMetricsOptions = {},
): Metrics {
  checkFactoryOptions('createMetrics', options, createMetricsOptionNames);
  const { dashboard = false } = options;
  givenDashboard('createMetrics', dashboard, servedOptionNames);
  const settings = metricsConfigOf(config);
  const { registry = sharedRegistry, prices } = options;
  const { health = new HealthChecks({ registry }), drainSeconds, stopSeconds = 25 } = options;
  checkStopOptions({
    drainSeconds: drainSeconds === undefined ? defaultDrainSeconds : drainSeconds,
    stopSeconds,
    drain: options.drain,
  });
  applyRecordingSettings(registry, settings, options);
  const provider = new ProviderMetrics({ registry, ...(prices === undefined ? {} : { prices }) });
  const collector = new PrometheusMetricsCollector({
    registry,
    buckets: settings.buckets,
    reserveCatalogue: false,
  });
  for (const definition of definitionsOf(options.catalogue)) registry.instrument(definition);
  const isWorker = options.cluster === true && isClusterWorker();
  const context: PartContext = { settings, options, registry, health, isWorker };
  const running: RunningPart[] = [];
  let stopListening = (): void => {};
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;
  const metricsUrl = (): string | undefined => running.find(({ url }) => url !== undefined)?.url;

  const serve = async (cluster: NonNullable<MetricsServerOptions['cluster']>): Promise<void> => {
    const server = await startServer(context, cluster);
    if (server === undefined) return;
    // A worker serves only once its primary is known not to, and may have been stopped by then.
    if (stopping === undefined) running.push(server);
    else await runInOrder(endingSteps([server]), 5);
  };
  const serveOrJoin = async (): Promise<RunningPart | undefined> => {
    if (isWorker) return settings.enabled ? startWorker(context, serve) : undefined;
    await serve(options.cluster === true);
    if (options.cluster === undefined && metricsUrl() !== undefined) warnOfSharedPort(registry);
    return undefined;
  };
  const startParts: readonly (() => Promise<RunningPart | undefined>)[] = settings.enabled
    ? [
        // Before the first scrape: Prometheus would take the restored numbers for a counter reset.
        () => startSnapshots(context),
        // Before the rest: if the server cannot listen, nothing else has to be undone.
        serveOrJoin,
        () => startMeasuring(context),
        () => startPushing(context),
      ]
    : [serveOrJoin];

  const begin = async (): Promise<void> => {
    if (options.signals !== false) endOnSignals();
    warnOfUnusedViews(registry);
    try {
      for (const startPart of startParts) {
        const part = await startPart();
        if (part !== undefined) running.push(part);
      }
    } catch (error) {
      await runInOrder(endingSteps(running), Math.min(stopSeconds, 5));
      release();
      throw error;
    }
    if (options.signals === false) return;
    stopListening = stopOnSignals(stop);
    if (isWorker && process.channel !== undefined)
      running.push({ ending: [], release: endWithPrimary(() => stopping !== undefined) });
  };
  const release = (): void => {
    for (const part of running) part.release?.();
  };
  /** Whether a load balancer probably routes requests by readiness. On a developer's machine none does, and Ctrl-C is quick. */
  const isBalanced = (): boolean =>
    health.isWatched || (settings.environment === 'production' && metricsUrl() !== undefined);
  const drained = drainStep({
    health,
    drain: options.drain,
    graceSeconds: () => drainSeconds ?? (isBalanced() ? defaultDrainSeconds : 0),
    meanwhile: () => Promise.all(running.map(({ whileDraining }) => whileDraining?.())),
  });
  const end = async (signal: NodeJS.Signals | undefined): Promise<void> => {
    // From now on a signal has its default effect: a second one ends the process immediately.
    stopListening();
    const isScraped = options.lastScrape === true && settings.enabled && metricsUrl() !== undefined;
    const lastScrape: ShutdownStep = {
      waitsFor: () => 'a last scrape',
      run: () => selfMetricsOf(registry).nextScrape(),
      maxSeconds: settings.scrapeIntervalSeconds,
    };
    // Only a signal ends the process, and so its workers; `stop()` by code does not.
    const hasWorkers = options.cluster === true && !isWorker && signal !== undefined;
    const workersEnded: ShutdownStep = { waitsFor: () => 'the workers to end', run: endWorkers };
    const errors = await runInOrder(
      [
        drained,
        ...(hasWorkers ? [workersEnded] : []),
        ...(isScraped ? [lastScrape] : []),
        ...endingSteps(running),
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
      return metricsUrl();
    },
    start: () => {
      starting ??= begin();
      return starting;
    },
    stop: () => stop(),
    [Symbol.asyncDispose]: () => stop(),
  };
}

/** Seconds that load balancers usually take to notice that a service is not ready. */
const defaultDrainSeconds = 5;
