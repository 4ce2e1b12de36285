/** The metrics of this process, or of its cluster, as a target of the dashboard. */
import { setImmediate as turn } from 'node:timers/promises';
import { buildInfo } from '../catalogue/self.js';
import { type Clock, systemClock } from '../clock.js';
import { collectedMetrics } from '../exposition/scrape.js';
import type { HealthChecks } from '../health.js';
import { isInstrument } from '../instruments/any-instrument.js';
import type { MetricSnapshot } from '../instruments/instrument.js';
import type { AnyRegistry } from '../registry.js';
import { exposedFamilies } from './exposed-families.js';
import { feedType, type SampledFamily } from './family-reading.js';
import { combinedBy } from './instrument-reading.js';
import { listeners } from './listeners.js';
import { MetricsHistory } from './metrics-history.js';
import { type ReadingKind, startSampler } from './sampler.js';
import type { DashboardTarget, ReadingState } from './target.js';

export interface RegistryTargetOptions {
  readonly registry: AnyRegistry;
  readonly service: string;
  /** Seconds between two readings while no page is open. */
  readonly intervalSeconds: number;
  /** The maximum number of samples per metric. */
  readonly maxSamples: number;
  readonly health?: HealthChecks | undefined;
  /** Whether the reasons why checks fail are shown. */
  readonly details?: boolean;
  /** The exposition of the whole cluster, in any format. Default: this process only. */
  readonly cluster?: (() => AsyncIterable<Buffer>) | undefined;
  /** A restored history. Default: an empty one. */
  readonly history?: MetricsHistory;
  /** Replaced in tests. */
  readonly clock?: Clock;
}

/** Milliseconds for which a reading holds the event loop before it lets other work run. */
const sliceMilliseconds = 5;

/** Milliseconds that collect functions may take. */
const collectMilliseconds = 10_000;

export function registryTarget(options: RegistryTargetOptions): DashboardTarget {
  const { registry, service, intervalSeconds, maxSamples, health, cluster, details = true } = options;
  const { clock = systemClock, history = new MetricsHistory(maxSamples) } = options;
  const failed = (error: unknown): void => registry.collectFailed('dashboard', error);
  const afterReading = listeners(failed);
  let state: ReadingState = { isUp: true, time: clock.timestamp() };

  const readMetrics = async (time: number, kind: ReadingKind): Promise<number> => {
    const metrics: readonly unknown[] =
      kind === 'quick'
        ? registry.prometheus.getMetricsAsArray().filter(isInstrument)
        : (await collectedMetrics(registry, { deadlineSeconds: collectMilliseconds / 1_000 })).map(
            ({ family }) => family,
          );
    const took = await inSlices(metrics, (metric) => {
      try {
        if (isInstrument(metric)) history.readInstrument(time, metric);
        else history.readFamily(time, snapshotFamily(metric as MetricSnapshot));
      } catch (error) {
        registry.collectFailed(nameOf(metric), error);
      }
    });
    if (kind === 'full') history.forget(time);
    return took;
  };
  const readCluster = async (time: number, source: () => AsyncIterable<Buffer>): Promise<number> => {
    const chunks: Buffer[] = [];
    for await (const chunk of source()) chunks.push(chunk);
    const took = await inSlices(exposedFamilies(Buffer.concat(chunks)), (family) =>
      // The processes of the cluster are this service: their series start when they are first recorded.
      history.readFamily(time, { ...family, startsAtZero: true }),
    );
    history.forget(time);
    return 2 * took;
  };
  const read = async (kind: ReadingKind): Promise<number> => {
    const time = clock.timestamp();
    let took = 0;
    try {
      took = cluster === undefined ? await readMetrics(time, kind) : await readCluster(time, cluster);
      state = { isUp: true, time };
    } catch (error) {
      history.gap(time);
      state = { isUp: false, time, error: error instanceof Error ? error.message : String(error) };
    }
    afterReading.notify(time);
    return took;
  };
  const sampler = startSampler({
    clock,
    intervalSeconds,
    // Every reading of a cluster asks all its processes.
    openSeconds: cluster === undefined ? 1 : 5,
    read,
  });
  return {
    id: 'own',
    name: service,
    history,
    isOwn: true,
    get about() {
      const labels = history.storeOf(buildInfo.name)?.tracks[0]?.labels ?? {};
      return labels;
    },
    get state() {
      return state;
    },
    get intervalSeconds() {
      return sampler.intervalSeconds;
    },
    ...(health === undefined || health.names().length === 0
      ? {}
      : { health: () => healthOf(health, details) }),
    open: () => sampler.open(),
    failed,
    onReading: (listener) => afterReading.add(listener),
    readNow: () => sampler.readNow(),
    stop: () => sampler.stop(),
  };
}

/** Works on all items, and lets other work run in between. @returns the milliseconds that it took */
async function inSlices<T>(items: Iterable<T>, work: (item: T) => void): Promise<number> {
  let took = 0;
  let slice = performance.now();
  for (const item of items) {
    work(item);
    const now = performance.now();
    if (now - slice < sliceMilliseconds) continue;
    took += now - slice;
    await turn();
    slice = performance.now();
  }
  return took + performance.now() - slice;
}

async function healthOf(
  checks: HealthChecks,
  details: boolean,
): ReturnType<NonNullable<DashboardTarget['health']>> {
  const report = await checks.report();
  return {
    status: report.status,
    checks: [...report.checks].map(([name, { status, output, seconds, time }]) => ({
      name,
      status,
      ...(details && output !== undefined ? { output } : {}),
      seconds,
      time: time.getTime(),
    })),
  };
}

function nameOf(metric: unknown): string {
  const { name } = (metric ?? {}) as { readonly name?: unknown };
  return typeof name === 'string' ? name : 'unknown';
}

/** A metric of another library. Its label values may be of any type. */
function snapshotFamily({ name, help, type, aggregator, values }: MetricSnapshot): SampledFamily {
  return {
    name,
    help: typeof help === 'string' ? help : '',
    type: feedType(type),
    combine: combinedBy(aggregator),
    samples: values.map(({ value, labels, metricName, native }) => ({
      name: metricName ?? name,
      value: typeof value === 'number' ? value : Number.NaN,
      native,
      labels: Object.fromEntries(
        Object.entries(labels ?? {}).flatMap(([label, text]) =>
          text === undefined || text === null ? [] : [[label, String(text)]],
        ),
      ),
    })),
  };
}
