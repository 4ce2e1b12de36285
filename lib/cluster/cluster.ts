/** The hub of a cluster: exposes the metrics of many processes or threads as those of one. */
import { setImmediate as turn } from 'node:timers/promises';
import { metricsClusterWorkers } from '../catalogue/self.js';
import { type Clock, systemClock } from '../clock.js';
import { ByteWriter } from '../exposition/byte-writer.js';
import { type NamedFamily, writtenTypes } from '../exposition/family-names.js';
import { familyWriter } from '../exposition/family-writer.js';
import type { ScrapeFormat, WrittenType } from '../exposition/format.js';
import {
  type CollectedMetric,
  collectedMetrics,
  defaultLabels,
  isNamed,
  type ScrapeOptions,
} from '../exposition/scrape.js';
import { textFormat } from '../exposition/text.js';
import { chunkLength } from '../exposition/writer.js';
import { type Family, familyOf, samplesOf } from '../family.js';
import { isInstrument } from '../instruments/any-instrument.js';
import { isMetricName } from '../naming.js';
import { checkFactoryOptions } from '../option-checks.js';
import { invalidOption } from '../option-names.js';
import { processWide } from '../process-wide.js';
import { type AnyRegistry, type MetricsRegistry, sharedRegistry } from '../registry.js';
import { defaultMaxSeries } from '../registry-options.js';
import type { StructuralRegistry } from '../structural-registry.js';
import type { Handover } from './cluster-handover.js';
import { clusterRoster, type HubLinkOf, type Participant } from './cluster-roster.js';
import { mergedFamily } from './merged-family.js';

/** Options of {@link clusterMetrics}. */
export interface ClusterMetricsOptions {
  /** The primary's own registry, which is included in the sums. Default: `sharedRegistry`. */
  readonly registry?: MetricsRegistry<StructuralRegistry>;
  /** Maximum wait of a scrape for workers, in seconds; the deadline of the scrape may be sooner. Default: 3. */
  readonly deadlineSeconds?: number;
  /** Maximum number of series per metric of workers that have ended; further label values become `other`. Default: 1,000. */
  readonly maxSeries?: number;
}

/** The metrics of a cluster; made by {@link clusterMetrics}. */
export interface ClusterMetrics {
  /** A scrape of all workers, in chunks between which the event loop turns. */
  chunks(options?: ScrapeOptions): AsyncGenerator<Buffer>;
  /** A scrape of all workers as a string. Default format: Prometheus text 0.0.4. */
  metrics(options?: ScrapeOptions): Promise<string>;
  /** The number of series of workers that have ended. */
  readonly departedSeries: number;
  /** Stops receiving reports, and drops the numbers of all workers. */
  stop(): void;
}

const clusters = processWide('clusters', () => new WeakMap<AnyRegistry, ClusterMetrics>());

/**
 * Merges the metrics of all workers that called `joinCluster`, and of this process, by the aggregator of each metric: `sum`
 * (the default), `min`, `max`, `average`, `first`, or `omit`, which leaves the metric out. Call it in the primary of a cluster, or
 * in the thread that starts the others, preferably before they start. There is one per registry: further calls return the first.
 *
 * The gauges of a worker that does not answer in time are left out, and it counts as `silent` in `metrics_cluster_workers`. Its
 * counters, histograms and summaries stay as it last reported them, also after it has ended, so totals never decrease.
 * Quantiles of a summary are exposed only for series that one process has. A family of another type, or with other buckets, is
 * left out of the sum and counted in `metrics_collector_errors_total`.
 * @param clock for tests
 * @throws ERR_METRICS_INVALID_OPTION
 * @example
 * const metrics = clusterMetrics();
 * for (let worker = 0; worker < 4; worker++) cluster.fork();
 * createServer(async (_, response) => response.end(await metrics.metrics())).listen(9090);
 * @see https://nodejs.org/api/cluster.html
 */
export function clusterMetrics(
  options: ClusterMetricsOptions = {},
  clock: Clock = systemClock,
): ClusterMetrics {
  checkFactoryOptions('clusterMetrics', options, { registry: true, deadlineSeconds: true, maxSeries: true });
  const { registry = sharedRegistry, deadlineSeconds = 3, maxSeries = defaultMaxSeries } = options;
  if (!(deadlineSeconds > 0 && deadlineSeconds < 1e6))
    throw invalidOption('clusterMetrics', 'deadlineSeconds', 'a positive number of seconds', deadlineSeconds);
  if (!(Number.isInteger(maxSeries) && maxSeries > 0))
    throw invalidOption('clusterMetrics', 'maxSeries', 'a positive integer', maxSeries);
  const existing = clusters.get(registry);
  if (existing !== undefined) return existing;
  const made = newCluster(registry, deadlineSeconds * 1_000, maxSeries, clock);
  clusters.set(registry, made);
  return made;
}

/** As `clusterMetrics`, over another link to the members. */
export function clusterBy(registry: AnyRegistry, clock: Clock, linkOf: HubLinkOf): TransferableCluster {
  return newCluster(registry, 3_000, defaultMaxSeries, clock, linkOf);
}

/** A hub whose totals a successor can take over. */
export interface TransferableCluster extends ClusterMetrics {
  handover(): Handover;
  inherit(handover: Handover): void;
}

function newCluster(
  registry: AnyRegistry,
  maxWait: number,
  maxSeries: number,
  clock: Clock,
  linkOf?: HubLinkOf,
): TransferableCluster {
  const roster = clusterRoster(registry, maxSeries, clock, linkOf);
  const workers = registry.gauge(metricsClusterWorkers);
  const [answering, silent] = [workers.with({ state: 'answering' }), workers.with({ state: 'silent' })];

  async function* chunks(options: ScrapeOptions = {}): AsyncGenerator<Buffer> {
    const { format = textFormat, names, constantLabels = {}, deadlineSeconds = maxWait / 1_000 } = options;
    const own = defaultLabels(registry);
    const constant = new Map([...Object.entries(constantLabels), ...own]);
    const [reading, metrics] = await Promise.all([
      roster.read(Math.min(deadlineSeconds * 1_000, maxWait)),
      collectedMetrics(registry, { names, deadlineSeconds }),
    ]);
    answering.set(reading.answering);
    silent.set(reading.silent);
    const types = typesByName(metrics, reading.participants, format);
    const writer = await familyWriter(format);
    const out = new ByteWriter(chunkLength + chunkLength / 4);
    for (const [name, sources] of sourcesByName(metrics, reading.participants, names)) {
      const merged = mergedOf(registry, name, sources, constant);
      const type = types.get(name);
      if (merged === undefined) continue;
      if (type === undefined) {
        registry.collectFailed(name, new Error('it has a name that another metric takes'));
        continue;
      }
      let first: string | undefined;
      const onProblem = (problem: string): void => {
        first ??= problem;
      };
      for (const _ of writer.thirdParty(out, merged, samplesOf(merged), {
        type,
        onProblem,
        constant: new Map(),
        isMerged: true,
      })) {
        if (out.length > 0) yield out.take();
        await turn();
      }
      if (first !== undefined) registry.collectFailed(name, new Error(`it has ${first}`));
    }
    out.text(writer.end);
    yield out.take();
  }

  return {
    chunks,
    async metrics(options) {
      const parts: Buffer[] = [];
      for await (const chunk of chunks(options)) parts.push(chunk);
      return Buffer.concat(parts).toString();
    },
    handover: () => roster.handover(),
    inherit: (handover) => roster.inherit(handover),
    get departedSeries() {
      return roster.departedSeries;
    },
    stop: () => {
      clusters.delete(registry);
      roster.stop();
    },
  };
}

/** The type that each name is written with: that of the first process which has it. */
function typesByName(
  own: readonly CollectedMetric[],
  participants: readonly Participant[],
  format: ScrapeFormat,
): ReadonlyMap<string, WrittenType> {
  const families = new Map<string, NamedFamily>();
  for (const { name, family } of own) {
    const { type } = family ?? {};
    if (isMetricName(name) && type !== undefined)
      families.set(name, { name, type, isOwn: isInstrument(family) });
  }
  for (const participant of participants)
    for (const [name, { type }] of participant)
      if (isMetricName(name) && !families.has(name)) families.set(name, { name, type, isOwn: false });
  return new Map([...writtenTypes([...families.values()], format)].map(([{ name }, type]) => [name, type]));
}

/** A family, or a function that reads a metric of this process when it is written. */
type Source = Family | (() => Family);

/** The sources of every metric, the primary first. */
function sourcesByName(
  own: readonly CollectedMetric[],
  participants: readonly Participant[],
  names: ReadonlySet<string> | undefined,
): Map<string, Source[]> {
  const sources = new Map<string, Source[]>();
  const add = (name: string, source: Source): void => {
    const existing = sources.get(name);
    if (existing === undefined) sources.set(name, [source]);
    else existing.push(source);
  };
  for (const { name, family } of own) add(name, () => familyOf(family));
  for (const participant of participants) {
    for (const [name, family] of participant)
      if (name !== metricsClusterWorkers.name && (names === undefined || isNamed({ name }, names)))
        add(name, family);
  }
  return sources;
}

/** The merged family; `undefined` for a metric to leave out. A source that cannot be read is left out. */
function mergedOf(
  registry: AnyRegistry,
  name: string,
  sources: readonly Source[],
  constant: ReadonlyMap<string, string>,
): Family | undefined {
  const onConflict = (error: unknown): void => registry.collectFailed(name, error);
  const families = sources.flatMap((source) => {
    if (typeof source !== 'function') return [source];
    try {
      return [source()];
    } catch (error) {
      onConflict(error);
      return [];
    }
  });
  const [first, ...others] = families;
  // The number of workers describes the cluster as a whole already.
  if (first === undefined || (first.aggregator === 'omit' && name !== metricsClusterWorkers.name))
    return undefined;
  return mergedFamily([first, ...others], { constant, onConflict });
}
