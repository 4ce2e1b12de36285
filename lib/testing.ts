/** The exports of `@tamma/observability/testing`: a registry per test, and functions that read recorded values. */
import type { Registry } from 'prom-client';
import type {
  CounterDefinition,
  GaugeDefinition,
  HistogramDefinition,
  MetricDefinition,
} from './definition.js';
import { metricsError } from './errors.js';
import { scrapeToString } from './exposition/scrape.js';
import type { Series } from './instruments/branch.js';
import type { CounterSeries } from './instruments/counter.js';
import type { GaugeSeries } from './instruments/gauge.js';
import type { HistogramSeries } from './instruments/histogram-series.js';
import type { Sample } from './instruments/instrument.js';
import type { NativeBuckets } from './instruments/native-buckets.js';
import type { LabelShape, LabelValues } from './label.js';
import type { MetricsWarning } from './metrics-warning.js';
import { invalidOption } from './option-names.js';
import { type AnyRegistry, MetricsRegistry, sharedRegistry } from './registry.js';
import type { MetricsRegistryOptions } from './registry-options.js';

/** A registry that keeps its warnings instead of emitting them. */
export type TestRegistry = MetricsRegistry & { readonly warnings: readonly MetricsWarning[] };

/** The values of one series of a histogram. */
export interface HistogramReading {
  /** The number of observations. */
  readonly count: number;
  /** The sum of the observed values. */
  readonly sum: number;
  /** Cumulative counts by upper bound; the last bound is `Infinity`. */
  readonly buckets: ReadonlyMap<number, number>;
  /** The native buckets of a native histogram. */
  readonly native?: NativeBuckets;
}

/**
 * A new registry that shares nothing with any other.
 * @example
 * const registry = createTestRegistry();
 * const service = makeService({ registry });
 * await service.run();
 * t.is(readValue(registry, jobsDone, { outcome: 'success' }), 1);
 */
export function createTestRegistry(
  options: Omit<MetricsRegistryOptions<Registry>, 'onWarning'> = {},
): TestRegistry {
  const warnings: MetricsWarning[] = [];
  return Object.assign(new MetricsRegistry({ ...options, onWarning: (warning) => warnings.push(warning) }), {
    warnings,
  });
}

/**
 * The value of one series of a counter or gauge, without running collect functions.
 * @returns `undefined` if nothing was recorded with these labels
 * @example
 * t.is(readValue(registry, jobsDone, { outcome: 'success' }), 1);
 */
export function readValue<L extends LabelShape>(
  registry: AnyRegistry,
  definition: CounterDefinition<L> | GaugeDefinition<L>,
  labels?: Partial<LabelValues<L>>,
): number | undefined {
  return find<CounterSeries | GaugeSeries>(registry, definition, labels)?.value;
}

/**
 * The values of one series of a histogram, without running collect functions.
 * @returns `undefined` if nothing was recorded with these labels
 * @example
 * t.is(readHistogram(registry, jobDuration)?.count, 2);
 */
export function readHistogram<L extends LabelShape>(
  registry: AnyRegistry,
  definition: HistogramDefinition<L>,
  labels?: Partial<LabelValues<L>>,
): HistogramReading | undefined {
  const series = find<HistogramSeries>(registry, definition, labels);
  if (series === undefined) return undefined;
  const counts = series.cumulativeCounts();
  const { buckets } = registry.histogram(definition);
  const bounds = [...buckets, Number.POSITIVE_INFINITY];
  return {
    count: series.count,
    sum: series.sum,
    buckets: new Map(bounds.map((bound, index) => [bound, counts[index] ?? 0])),
    ...(series.native && { native: series.native }),
  };
}

/**
 * Runs the collect functions of a metric and returns its samples, in the shape of prom-client's `get()`.
 * @returns an empty array if the metric is not registered
 * @example
 * t.is((await readSamples(registry, jobsDone)).length, 3);
 */
export async function readSamples(
  registry: AnyRegistry,
  definition: MetricDefinition,
): Promise<readonly Sample[]> {
  return (await registry.get(definition.name)?.get())?.values ?? [];
}

/** What one series of a metric recorded. */
export interface RecordedChange {
  /** The labels that are present. */
  readonly labels: Readonly<Record<string, string>>;
  /** Counters: the increase. Gauges: the new value, which may be 0 for a new series. Histograms and summaries: the sum of the observed values. */
  readonly value: number;
  /** The number of observations; `undefined` for counters and gauges. */
  readonly count: number | undefined;
}

/**
 * Runs a function and returns what it recorded on one metric: the series that changed, in the order of the scrape. It works with
 * every registry, also with one that holds values of earlier tests. A gauge that is set to the value it has does not change.
 * Recordings of concurrent tests are not told apart: give each of them a registry of its own.
 * @throws ERR_METRICS_NOTHING_RECORDED if the function recorded nothing on the metric: the message lists the metrics that it did
 *   record on; ERR_METRICS_INVALID_OPTION for other arguments; and what the function throws
 * @example
 * const [recorded] = await expectRecorded(registry, jobsDone, () => service.run());
 * t.like(recorded, { labels: { outcome: 'success' }, value: 1 });
 */
export async function expectRecorded(
  registry: AnyRegistry,
  definition: MetricDefinition,
  run: () => unknown,
): Promise<readonly [RecordedChange, ...RecordedChange[]]> {
  checkArguments('expectRecorded', registry, run);
  if (typeof definition?.name !== 'string')
    throw invalidOption('expectRecorded', 'definition', 'the definition of a metric', definition);
  const before = await valuesIn(registry);
  await run();
  const after = await valuesIn(registry);
  const name = exposedName(registry, definition);
  const changes = changesOf(definition, before.get(name), after.get(name));
  const [first, ...rest] = changes;
  if (first !== undefined) return [first, ...rest];
  const changed = [...registry.instruments()].filter(
    (other) => changesOf(other, before.get(other.name), after.get(other.name)).length > 0,
  );
  const instead =
    changed.length === 0
      ? 'It recorded nothing at all: is it given this registry?'
      : `It recorded on ${changed.map((other) => `\`${other.name}\``).join(', ')}.`;
  throw metricsError(
    'ERR_METRICS_NOTHING_RECORDED',
    `Nothing was recorded on metric \`${name}\`: expected the function to record on it, received no change. ${instead}`,
  );
}

/**
 * Runs a function and returns the lines of the text format that it changed, as a diff: `-` before lines that are gone, `+` before
 * new ones. For snapshots of a test runner.
 * @throws ERR_METRICS_INVALID_OPTION for other arguments; and what the function throws
 * @example
 * t.snapshot(await expositionDiff(registry, () => service.run()));
 * // + jobs_total{outcome="success"} 1
 */
export async function expositionDiff(registry: AnyRegistry, run: () => unknown): Promise<string> {
  checkArguments('expositionDiff', registry, run);
  const lines = async (): Promise<string[]> =>
    (await readText(registry)).split('\n').filter((line) => line !== '');
  const before = await lines();
  await run();
  const after = await lines();
  const [old, fresh] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !fresh.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !old.has(line)).map((line) => `+ ${line}`),
  ].join('\n');
}

/**
 * Resets all metrics of `sharedRegistry`, third-party ones included, so that a test of code that records there starts from 0. Call
 * it before each test. Tests that run concurrently in one process need a registry each: `createTestRegistry`.
 * @returns a function that resets them again, which vitest calls after the test if `beforeEach` returns it
 * @example
 * beforeEach(isolateSharedRegistry);                 // vitest
 * test.beforeEach(() => void isolateSharedRegistry());    // ava with test.serial, Jest: beforeEach
 */
export function isolateSharedRegistry(): () => void {
  const resetAll = (): void => {
    sharedRegistry.reset();
    sharedRegistry.prometheus.resetMetrics();
  };
  resetAll();
  return resetAll;
}

function checkArguments(where: string, registry: unknown, run: unknown): void {
  if (!(registry instanceof MetricsRegistry))
    throw invalidOption(where, 'registry', 'a MetricsRegistry', registry);
  if (typeof run !== 'function') throw invalidOption(where, 'run', 'a function', run);
}

/** The samples of a metric, by the labels of their series. */
type Samples = ReadonlyMap<string, Sample>;
type Values = ReadonlyMap<string, Samples>;

async function valuesIn(registry: AnyRegistry): Promise<Values> {
  const values = new Map<string, Samples>();
  for (const instrument of registry.instruments()) {
    const samples = (await instrument.get()).values;
    values.set(
      instrument.name,
      new Map(
        samples.map((sample) => [`${sample.metricName ?? ''} ${JSON.stringify(sample.labels)}`, sample]),
      ),
    );
  }
  return values;
}

function exposedName(registry: AnyRegistry, { name }: MetricDefinition): string {
  return registry.get(name)?.name ?? name;
}

function changesOf(
  { type }: Pick<MetricDefinition, 'type'>,
  before: Samples | undefined,
  after: Samples | undefined,
): RecordedChange[] {
  const increase = (key: string): number => (after?.get(key)?.value ?? 0) - (before?.get(key)?.value ?? 0);
  const changes: RecordedChange[] = [];
  for (const [key, { value, labels, metricName }] of after ?? []) {
    const texts = Object.fromEntries(Object.entries(labels).map(([label, text]) => [label, String(text)]));
    if (type === 'gauge') {
      // Also if the series is new and its value is 0, because a gauge counts nothing: it was set.
      if (!Object.is(value, before?.get(key)?.value))
        changes.push({ labels: texts, value, count: undefined });
    } else if (type === 'counter') {
      if (increase(key) !== 0) changes.push({ labels: texts, value: increase(key), count: undefined });
    } else if (metricName?.endsWith('_count') === true && increase(key) !== 0) {
      const sum = increase(key.replace(metricName, metricName.replace(/_count$/, '_sum')));
      changes.push({ labels: texts, value: sum, count: increase(key) });
    }
  }
  return changes;
}

/**
 * The text of a scrape of the registry, in the text format of Prometheus.
 * @example
 * t.regex(await readText(registry), /^jobs_done_total 1$/m);
 */
export function readText(registry: AnyRegistry): Promise<string> {
  return scrapeToString(registry);
}

function find<S extends Series>(
  registry: AnyRegistry,
  definition: MetricDefinition,
  labels: object = {},
): S | undefined {
  // The definition determines the type of the instrument and its series.
  return registry.get(definition.name)?.series.peek({ ...labels }) as Series | undefined as S | undefined;
}
