/** Metrics of a service of many processes or threads, as if they were of one. */

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
  turn,
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

export interface ClusterMetricsOptions {
  /** The primary's own metrics, which take part as those of any worker do. Default: `sharedRegistry`. */
  readonly registry?: MetricsRegistry<StructuralRegistry>;
  /** Seconds that a scrape waits for workers, where its own deadline is no sooner. Default: 3. */
  readonly deadlineSeconds?: number;
  /** Series a metric may keep of workers that are gone, before their label values become `other`. Default: 1,000. */
  readonly maxSeries?: number;
}

export interface ClusterMetrics {
  /** One scrape of all, in chunks between which the event loop turns; options as those of a scrape of one process. */
  chunks(options?: ScrapeOptions): AsyncGenerator<Buffer>;
  /** One scrape of all as a string, in Prometheus' text format where the options do not say. */
  metrics(options?: ScrapeOptions): Promise<string>;
  /** How many series are kept of workers that are gone. */
  readonly departedSeries: number;
  /** Ends it: workers are no longer heard, and what was kept of them is gone. */
  stop(): void;
}

const clusters = processWide('clusters', () => new WeakMap<AnyRegistry, ClusterMetrics>());

/**
 * The metrics of all workers that called `joinCluster`, and of this process, each number by its metric's aggregator: `sum`
 * (counters, histograms and summaries as a rule), `min`, `max`, `average`, `first`, or `omit`, which leaves it out. To be
 * called in the primary of a cluster, or where threads are started; before them is best. Made once a registry: a second call gives
 * the first one's.
 *
 * A worker that does not answer in time is left out with its gauges, and counts as `silent` in `metrics_cluster_workers`; its
 * counters, histograms and summaries stay as it last reported them, and so they do when it ends: totals never fall. Quantiles of
 * a summary come out only where one process has them. A metric that another process has by another type, or with other
 * buckets, is left out of the sum and counted in `metrics_collector_errors_total`.
 * @param clock for tests
 * @throws ERR_METRICS_INVALID_OPTION
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

/** As `clusterMetrics`, over another way to the workers, with what an earlier one has left. */
export function clusterBy(registry: AnyRegistry, clock: Clock, linkOf: HubLinkOf): TransferableCluster {
  return newCluster(registry, 3_000, defaultMaxSeries, clock, linkOf);
}

/** Sums that another can take over. */
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
    const { format = textFormat, names, constantLabels = {}, deadline = maxWait } = options;
    const own = defaultLabels(registry);
    const constant = new Map([...Object.entries(constantLabels), ...own]);
    const [reading, metrics] = await Promise.all([
      roster.read(Math.min(deadline, maxWait)),
      collectedMetrics(registry, { names, deadline }),
    ]);
    answering.set(reading.answering);
    silent.set(reading.silent);
    const types = typesByName(metrics, reading.participants, format);
    const writer = familyWriter(format);
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

/** What each name is written as, whoever has it; the first that has it says its type. */
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

/** A family, or a metric of this process, which is read when its turn has come. */
type Source = Family | (() => Family);

/** Every metric with whoever has it, the primary first, in the order in which they come up. */
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

/** The sum of a metric; `undefined` where it is to be left out. What a process gave that cannot be read costs its own part. */
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
  // How many workers there are is of the cluster as a whole already.
  if (first === undefined || (first.aggregator === 'omit' && name !== metricsClusterWorkers.name))
    return undefined;
  return mergedFamily([first, ...others], { constant, onConflict });
}
