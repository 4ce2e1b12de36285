/** For users' own tests: a registry of their own for each test, and readers of what was recorded. */
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
import type { HistogramSeries } from './instruments/histogram.js';
import type { Sample } from './instruments/instrument.js';
import type { LabelShape, LabelValues } from './label.js';
import type { MetricsWarning } from './metrics-warning.js';
import { type AnyRegistry, MetricsRegistry } from './registry.js';
import type { MetricsRegistryOptions } from './registry-options.js';

/** A registry that keeps its warnings instead of emitting them. */
export type TestRegistry = MetricsRegistry & { readonly warnings: readonly MetricsWarning[] };

/** What a histogram's series holds. */
export interface HistogramReading {
  readonly count: number;
  readonly sum: number;
  /** Upper bound -> observations up to it; `Infinity` is the last. */
  readonly buckets: ReadonlyMap<number, number>;
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

/** The number of one series of a counter or gauge; `undefined` where nothing was recorded with these labels. */
export function readValue<L extends LabelShape>(
  registry: AnyRegistry,
  definition: CounterDefinition<L> | GaugeDefinition<L>,
  labels?: Partial<LabelValues<L>>,
): number | undefined {
  return find<CounterSeries | GaugeSeries>(registry, definition, labels)?.value;
}

/** One series of a histogram; `undefined` where nothing was recorded with these labels. */
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
  };
}

/** All numbers of a metric, collected anew, as prom-client's `get()` has them; none where it was never registered. */
export async function readSamples(
  registry: AnyRegistry,
  definition: MetricDefinition,
): Promise<readonly Sample[]> {
  return (await registry.get(definition.name)?.get())?.values ?? [];
}

/** What Prometheus would get. */
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
