/** Metrics about scrapes, and the number of series of each metric. */
import {
  metricsScrapeDuration,
  metricsScrapeSize,
  metricsScrapesInProgress,
  metricsSeries,
} from '../catalogue/self.js';
import type { Gauge } from '../instruments/gauge.js';
import { processWide } from '../process-wide.js';
import type { AnyRegistry } from '../registry.js';

export interface SelfMetrics {
  started(): void;
  /** Notes that a scrape was answered or abandoned. */
  ended(): void;
  /** Records the seconds and the bytes (before compression) of a scrape. The next scrape exposes them. */
  written(format: string, seconds: number, bytes: number): void;
  /** Resolves after a scrape that starts after this call has ended. */
  nextScrape(): Promise<void>;
}

const selfMetricsByRegistry = processWide('self metrics', () => new WeakMap<AnyRegistry, SelfMetrics>());

/** One per registry, shared by all its routers. */
export function selfMetricsOf(registry: AnyRegistry): SelfMetrics {
  const existing = selfMetricsByRegistry.get(registry);
  if (existing !== undefined) return existing;
  const duration = registry.histogram(metricsScrapeDuration);
  const size = registry.gauge(metricsScrapeSize);
  const inProgress = registry.gauge(metricsScrapesInProgress);
  const countSeries = (gauge: Gauge): void => {
    for (const instrument of registry.instruments())
      gauge.series.at([instrument.name]).set(instrument.series.size);
  };
  /** At every scrape: no recording would register it again after a clear. */
  const register = (): void => {
    try {
      registry.gauge(metricsSeries, { collect: countSeries });
    } catch (error) {
      registry.collectFailed(metricsSeries.name, error);
    }
  };
  registry.gauge(metricsSeries, { collect: countSeries });
  /** Waiters: the number of scrapes started when the wait began, and the function to call after one more. */
  let begun = 0;
  let over = 0;
  const waiting: { readonly from: number; readonly resolve: () => void }[] = [];
  const made: SelfMetrics = {
    started: () => {
      register();
      begun += 1;
      inProgress.inc();
    },
    ended: () => {
      over += 1;
      inProgress.dec();
      // One more scrape has ended than had started then.
      while ((waiting[0]?.from ?? Number.POSITIVE_INFINITY) < over) waiting.shift()?.resolve();
    },
    nextScrape: () => new Promise((resolve) => waiting.push({ from: begun, resolve })),
    written: (format, seconds, bytes) => {
      duration.observe({ format }, seconds);
      size.set({ format }, bytes);
    },
  };
  selfMetricsByRegistry.set(registry, made);
  return made;
}
