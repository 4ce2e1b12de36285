/** One scrape: collects every metric of a registry, own and third-party, and writes it. */
import { setImmediate as turn } from 'node:timers/promises';
import { metricsSeries } from '../catalogue/self.js';
import { late, startDeadline } from '../deadline.js';
import { shown } from '../errors.js';
import { type AnyInstrument, isInstrument } from '../instruments/any-instrument.js';
import { lookAgain } from '../instruments/exemplar-sources.js';
import type { MetricSnapshot } from '../instruments/instrument.js';
import { isConstantLabelName, isMetricName } from '../naming.js';
import type { StructuralRegistry } from '../structural-registry.js';
import { ByteWriter } from './byte-writer.js';
import { type NamedFamily, writtenTypes } from './family-names.js';
import { type AnyFormat, type FamilyWriter, familyWriter } from './family-writer.js';
import { type ExpositionFormat, isLabelValue, type WrittenType } from './format.js';
import { textFormat } from './text.js';
import type { ThirdPartyOptions } from './third-party-family.js';
import { chunkLength } from './writer.js';

/** What a scrape needs of a registry. */
export interface ScrapedRegistry {
  readonly prometheus: StructuralRegistry;
  collectFailed(metric: string, error: unknown): void;
}

/** Options of one scrape. */
export interface ScrapeOptions {
  /** Default: `textFormat`. */
  readonly format?: AnyFormat;
  /** Names of families or samples to include. Default: all. */
  readonly names?: ReadonlySet<string> | undefined;
  /** Labels to add to every series without them, in addition to those of the registry. */
  readonly constantLabels?: Readonly<Record<string, string>> | undefined;
  /**
   * Seconds that collecting may take. Metrics that have not settled by then are left out and counted in
   * `metrics_collector_errors_total`. Default: no limit.
   */
  readonly deadlineSeconds?: number | undefined;
  /**
   * Whether a chunk is overwritten as soon as the next one is asked for. V8 collects garbage more often the more memory chunks take,
   * also off its heap. Default: false, each chunk is the reader's own.
   * @internal
   */
  readonly reusesMemory?: boolean;
}

/** A third-party metric, as in prom-client. */
interface ThirdPartyMetric {
  readonly name: string;
  get(): MetricSnapshot | Promise<MetricSnapshot>;
}

/** A collected metric: an own instrument, or the result of a third-party metric. */
export interface CollectedMetric {
  readonly name: string;
  readonly family: AnyInstrument | MetricSnapshot;
}

/**
 * The text of a scrape, as chunks of bytes that yield to the event loop in between. A metric whose collect function throws,
 * rejects or times out is left out and counted in `metrics_collector_errors_total`; the others are not affected.
 */
export async function* scrapeChunks(
  registry: ScrapedRegistry,
  {
    format = textFormat,
    names,
    constantLabels = {},
    deadlineSeconds,
    reusesMemory = false,
  }: ScrapeOptions = {},
): AsyncGenerator<Buffer> {
  const constant = new Map([...Object.entries(constantLabels), ...defaultLabels(registry)]);
  const metrics = namedFamilies(registry, await collectedMetrics(registry, { names, deadlineSeconds }));
  const types = writtenTypes(metrics, format);
  const writer = await familyWriter(format);
  // One buffer for all, so that small families share a chunk.
  const out = new ByteWriter(chunkLength + chunkLength / 4, reusesMemory);
  for (const metric of metrics) {
    const { family } = metric;
    const type = types.get(metric);
    if (type === undefined)
      registry.collectFailed(metric.name, new Error('it has a name that another metric takes'));
    else if (isInstrument(family)) {
      for (const _ of writer.instrument(out, family, constant, type)) {
        if (out.length > 0) yield out.take();
        await turn();
      }
    } else yield* await thirdPartyChunks(registry, writer, out, family, { type, constant });
    if (out.length < chunkLength) continue;
    yield out.take();
    await turn();
  }
  out.text(writer.end);
  yield out.take();
}

/** Collects the metrics of a registry. Metrics that throw, reject or time out are left out and counted. Never rejects. */
export async function collectedMetrics(
  registry: ScrapedRegistry,
  { names, deadlineSeconds }: Pick<ScrapeOptions, 'names' | 'deadlineSeconds'> = {},
): Promise<CollectedMetric[]> {
  lookAgain();
  const chosen = registry.prometheus
    .getMetricsAsArray()
    .filter((metric) => names === undefined || isNamed(metric, names));
  // Collected concurrently: a slow collect function does not delay the others.
  const limit = deadlineSeconds === undefined ? undefined : startDeadline(deadlineSeconds * 1_000);
  const families = await Promise.all(
    chosen.map((metric) => (countsSeries(metric) ? metric : collected(registry, metric, limit?.passed))),
  );
  // Last, so that series that the others have just made are counted.
  for (const metric of chosen) if (countsSeries(metric)) await collected(registry, metric, limit?.passed);
  limit?.cancel();
  return families.flatMap((family, index) =>
    family === failed ? [] : [{ name: nameOf(chosen[index]), family }],
  );
}

/** The text of a scrape as one string. */
export async function scrapeToString(
  registry: ScrapedRegistry,
  options?: ScrapeOptions & { readonly format?: ExpositionFormat },
): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of scrapeChunks(registry, options)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Third-party metrics whose reading is pending, so that a metric that hangs is not read again by every scrape. */
const pending = new WeakMap<object, Promise<AnyInstrument | MetricSnapshot>>();

const failed = Symbol('failed');

/** Collects one metric. */
async function collected(
  registry: ScrapedRegistry,
  metric: unknown,
  passed: Promise<typeof late> | undefined,
): Promise<AnyInstrument | MetricSnapshot | typeof failed> {
  try {
    const reading = readingOf(metric as object);
    // Most instruments have no collect function to wait for.
    if (!(reading instanceof Promise)) return reading;
    const settled = passed === undefined ? await reading : await Promise.race([reading, passed]);
    if (settled !== late) return settled;
    throw new Error('it did not settle before the deadline of the scrape');
  } catch (error) {
    registry.collectFailed(nameOf(metric), error);
    return failed;
  }
}

function readingOf(metric: object): AnyInstrument | MetricSnapshot | Promise<AnyInstrument | MetricSnapshot> {
  const inProgress = pending.get(metric);
  if (inProgress !== undefined) return inProgress;
  const started = isInstrument(metric) ? metric.collect() : (metric as ThirdPartyMetric).get();
  if (!(started instanceof Promise)) return isInstrument(metric) ? metric : (started as MetricSnapshot);
  const reading = started
    .then((snapshot) => (isInstrument(metric) ? metric : (snapshot as MetricSnapshot)))
    .finally(() => pending.delete(metric));
  pending.set(metric, reading);
  // The waiting scrapes report the failure; after their timeouts it is ignored.
  reading.catch(() => {});
  return reading;
}

/** The families with valid names. */
function namedFamilies(
  registry: ScrapedRegistry,
  metrics: readonly CollectedMetric[],
): (CollectedMetric & NamedFamily)[] {
  return metrics.flatMap(({ name: registered, family }): readonly (CollectedMetric & NamedFamily)[] => {
    if (isInstrument(family)) return [{ name: family.name, type: family.type, isOwn: true, family }];
    const { name, type } = (family ?? {}) as Partial<MetricSnapshot>;
    if (isMetricName(name)) return [{ name, type: knownType(type), isOwn: false, family }];
    registry.collectFailed(registered, new Error(`it has an invalid name (${shown(name)})`));
    return [];
  });
}

function knownType(type: unknown): WrittenType {
  return type === 'counter' || type === 'gauge' || type === 'histogram' || type === 'summary'
    ? type
    : 'unknown';
}

/**
 * Writes a third-party metric. Its problems affect no other metric, and are reported once per scrape.
 * @returns the chunks that are full. None is passed on before the metric is complete, because nothing is left of one that fails
 */
async function thirdPartyChunks(
  registry: ScrapedRegistry,
  writer: FamilyWriter,
  out: ByteWriter,
  family: MetricSnapshot,
  options: Omit<ThirdPartyOptions, 'onProblem' | 'format'>,
): Promise<readonly Buffer[]> {
  const before = out.length;
  const chunks: Buffer[] = [];
  let first: string | undefined;
  const onProblem = (problem: string): void => {
    first ??= problem;
  };
  try {
    for (const _ of writer.thirdParty(out, family, family.values, { ...options, onProblem })) {
      // They are kept until the metric is complete.
      if (out.length >= chunkLength) chunks.push(out.takeOwn());
      await turn();
    }
    if (first !== undefined) registry.collectFailed(family.name, new Error(`it has ${first}`));
    return chunks;
  } catch (error) {
    registry.collectFailed(family.name, error);
    const [written] = chunks;
    out.length = written === undefined ? before : 0;
    return written === undefined ? [] : [written.subarray(0, before)];
  }
}

function countsSeries(metric: unknown): metric is AnyInstrument {
  return isInstrument(metric) && metric.name === metricsSeries.name;
}

/** Whether a metric is requested by its name, or by the name of one of its samples. */
export function isNamed(metric: unknown, names: ReadonlySet<string>): boolean {
  const name = nameOf(metric);
  if (names.has(name)) return true;
  for (const suffix of ['_bucket', '_sum', '_count', '_created', '_total']) {
    if (names.has(`${name}${suffix}`) || (name.endsWith(suffix) && names.has(name.slice(0, -suffix.length))))
      return true;
  }
  return false;
}

function nameOf(metric: unknown): string {
  try {
    const { name } = metric as { name?: unknown };
    return typeof name === 'string' ? name : 'unknown';
  } catch {
    return 'unknown';
  }
}

/**
 * The labels of `setDefaultLabels`: prom-client and @prometheus-io/client keep them in this property and have no getter. An
 * invalid label is left out and counted.
 */
export function defaultLabels(registry: ScrapedRegistry): [string, string][] {
  const { prometheus } = registry;
  const kept: unknown = '_defaultLabels' in prometheus ? prometheus._defaultLabels : undefined;
  if (typeof kept !== 'object' || kept === null) return [];
  return Object.entries(kept).flatMap(([name, value]) => {
    const isValid = isConstantLabelName(name) && isLabelValue(value);
    if (!isValid)
      registry.collectFailed(
        'default labels',
        new Error(`they have an invalid label (${shown(name)}: ${shown(value)})`),
      );
    return isValid && value !== undefined && value !== null && value !== ''
      ? [[name, String(value)] as [string, string]]
      : [];
  });
}
