/** The parts of `createMetrics` that run between its start and its stop: how each one starts, and how it ends. */
import { hostname } from 'node:os';
import type { CompleteMetricsConfig } from '../lib/config-settings.js';
import type { HealthChecks } from '../lib/health.js';
import type { MetricsRegistry } from '../lib/registry.js';
import type { ShutdownStep } from '../lib/shutdown.js';
import type { StructuralRegistry } from '../lib/structural-registry.js';
import type { CreateMetricsOptions } from './create-metrics-options.js';
// Types only: servers, workers, snapshots and pushes are loaded if they are configured.
import type { MetricsServerOptions } from './metrics-server.js';
import { measureProcess } from './process-metrics.js';

/** What the parts are made of. */
export interface PartContext {
  readonly settings: CompleteMetricsConfig;
  readonly options: CreateMetricsOptions;
  readonly registry: MetricsRegistry<StructuralRegistry>;
  readonly health: HealthChecks;
  /** Whether this is a worker of a cluster that reports to its primary. */
  readonly isWorker: boolean;
}

/** The order in which parts end, which is not the reverse of the order in which they start. */
const endingOrder = ['leave', 'push', 'snapshot', 'server', 'election'] as const;

interface EndingStep extends ShutdownStep {
  readonly phase: (typeof endingOrder)[number];
}

/** A part that has started. */
export interface RunningPart {
  /** The steps that end it, each with the time that it needs. */
  readonly ending: readonly EndingStep[];
  /** Ends what takes no time to end, after all steps. */
  readonly release?: () => void;
  /** Called when the service starts to drain. */
  readonly whileDraining?: () => unknown;
  /** The URL of a metrics server. */
  readonly url?: string;
}

/** The steps that end parts, in their order. Parts that have not started get no step, so that no time is kept for them. */
export function endingSteps(parts: readonly RunningPart[]): ShutdownStep[] {
  return parts
    .flatMap(({ ending }) => ending)
    .sort((a, b) => endingOrder.indexOf(a.phase) - endingOrder.indexOf(b.phase));
}

/** Whether snapshots are kept. Those of the primary hold its own numbers only, so workers keep none. */
function keepsSnapshots({ settings, isWorker }: PartContext): boolean {
  return settings.snapshotFile !== undefined && !isWorker;
}

export async function startSnapshots(context: PartContext): Promise<RunningPart | undefined> {
  const { settings, options, registry } = context;
  const { snapshotFile: file, scrapeIntervalSeconds: intervalSeconds } = settings;
  if (file === undefined || !keepsSnapshots(context)) return undefined;
  const { keepSnapshots } = await import('../lib/durability/keep-snapshots.js');
  const snapshots = await keepSnapshots({ ...options.snapshots, file, registry, intervalSeconds });
  /** For a process that ends without `stop`, for example by an uncaught error. */
  const writeAtExit = (): void => snapshots.writeNow();
  process.on('exit', writeAtExit);
  return {
    ending: [
      {
        phase: 'snapshot',
        waitsFor: () => 'a last snapshot',
        run: () => snapshots.stop(),
        needsSeconds: 2,
      },
    ],
    release: () => process.off('exit', writeAtExit),
    // In case a second signal ends the process before the last snapshot.
    whileDraining: () => snapshots.write(),
  };
}

export async function startServer(
  { settings, options, registry, health }: PartContext,
  cluster: NonNullable<MetricsServerOptions['cluster']>,
): Promise<RunningPart | undefined> {
  if (options.server === false) return undefined;
  const { startMetricsServer } = await import('./metrics-server.js');
  const serverOptions = {
    cluster,
    ...options.server,
    registry,
    checks: health,
    dashboard: dashboardOf(settings, options),
  };
  const { url, close } = await startMetricsServer(settings, serverOptions);
  return {
    url,
    ending: [
      {
        phase: 'server',
        waitsFor: () => 'the metrics server to close',
        run: (deadlineSeconds) => close({ deadlineSeconds }),
        maxSeconds: 5,
        needsSeconds: 1,
      },
    ],
  };
}

/** Beside the snapshots of the metrics, the history of the dashboard is kept too. */
function dashboardOf(
  { snapshotFile }: CompleteMetricsConfig,
  { dashboard = false }: CreateMetricsOptions,
): NonNullable<MetricsServerOptions['dashboard']> {
  if (dashboard === false) return false;
  const own = dashboard === true ? {} : dashboard;
  return { ...(snapshotFile === undefined ? {} : { historyFile: `${snapshotFile}.history` }), ...own };
}

/** @param serve starts the metrics server of a worker that is elected to answer for all */
export async function startWorker(
  { settings, registry }: PartContext,
  serve: (chunks: NonNullable<MetricsServerOptions['cluster']>) => Promise<void>,
): Promise<RunningPart> {
  const { startWorkerMetrics } = await import('./worker-metrics.js');
  const { service, host, port, path } = settings;
  const worker = await startWorkerMetrics({ registry, service: [service, host, port, path], serve });
  return {
    ending: [
      {
        phase: 'leave',
        waitsFor: () => 'the other processes to take the last numbers',
        run: (deadlineSeconds) => worker.leave({ deadlineSeconds }),
        // If the elected worker ends at the same time, another one is elected first.
        maxSeconds: 5,
        needsSeconds: 2,
      },
      { phase: 'election', run: () => worker.stop(), maxSeconds: 2, needsSeconds: 1 },
    ],
  };
}

export async function startMeasuring({ settings, options, registry }: PartContext): Promise<RunningPart> {
  const { fetch = {}, defaultMetrics = true, revision = 'unknown' } = options;
  const release = await measureProcess(settings, { registry, fetch, defaultMetrics, revision });
  return { ending: [], release };
}

export async function startPushing(context: PartContext): Promise<RunningPart | undefined> {
  const { settings, options, registry } = context;
  const { pushUrl: url, scrapeIntervalSeconds: intervalSeconds, labels } = settings;
  if (url === undefined) return undefined;
  const { startPush } = await import('../lib/push/pushgateway.js');
  // Each run would push the restored numbers once more if it had a group of its own.
  const grouping = keepsSnapshots(context) ? { instance: hostname() } : undefined;
  const push = startPush({
    job: labels.service,
    constantLabels: labels,
    grouping,
    format: settings.nativeHistograms ? 'protobuf' : 'text',
    ...options.push,
    url,
    registry,
    intervalSeconds,
  });
  return {
    ending: [
      {
        phase: 'push',
        waitsFor: () => 'a last push',
        run: (deadlineSeconds) => push.stop({ deadlineSeconds }),
        needsSeconds: 2,
      },
    ],
  };
}
