/** Helpers for tests of users: a registry per test, and functions that read recorded values. */
import type { Registry } from 'prom-client';
import type {
  CounterDefinition,
  GaugeDefinition,
  HistogramDefinition,
  MetricDefinition,
} from './definition.js';
import { scrapeToString } from './exposition/scrape.js';
import type { Series } from './instruments/branch.js';
import type { CounterSeries } from './instruments/counter.js';
import type { GaugeSeries } from './instruments/gauge.js';
import type { HistogramSeries } from './instruments/histogram-series.js';
import type { Sample } from './instruments/instrument.js';
import type { NativeBuckets } from './instruments/native-buckets.js';
import type { LabelShape, LabelValues } from './label.js';
import type { MetricsWarning } from './metrics-warning.js';
import { type AnyRegistry, MetricsRegistry } from './registry.js';
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

/** The value of one series of a counter or gauge; `undefined` if nothing was recorded with these labels. */
export function readValue<L extends LabelShape>(
  registry: AnyRegistry,
  definition: CounterDefinition<L> | GaugeDefinition<L>,
  labels?: Partial<LabelValues<L>>,
): number | undefined {
  return find<CounterSeries | GaugeSeries>(registry, definition, labels)?.value;
}

/** The values of one series of a histogram; `undefined` if nothing was recorded with these labels. */
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

/** Collects and returns all samples of a metric, in the shape of prom-client's `get()`; none if it is not registered. */
export async function readSamples(
  registry: AnyRegistry,
  definition: MetricDefinition,
): Promise<readonly Sample[]> {
  return (await registry.get(definition.name)?.get())?.values ?? [];
}

/** The text of a scrape of the registry. */
export function readText(registry: AnyRegistry): Promise<string> {
  return scrapeToString(registry);
}

function find<S extends Series>(
  registry: AnyRegistry,
  definition: MetricDefinition,
  labels: object = {},
): S | undefined {
  // The definition says the instrument's type, and so its series'.
  return registry.get(definition.name)?.series.peek({ ...labels }) as Series | undefined as S | undefined;
}
