/** What the scrapes tell of themselves, and how many series each metric has. */
import {
  metricsScrapeDuration,
  metricsScrapeSize,
  metricsScrapesInProgress,
  metricsSeries,
} from '../catalogue/self.js';
import type { AnyRegistry } from './scrape.js';

export interface SelfMetrics {
  started(): void;
  /** A scrape has been answered, or given up. */
  ended(): void;
  /** A scrape has been written, in so many seconds and bytes before compression. Shown from the next one on. */
  written(format: string, seconds: number, bytes: number): void;
}

const selfMetricsByRegistry = new WeakMap<AnyRegistry, SelfMetrics>();

/** Made once a registry, however many routers stand on it. */
export function selfMetricsOf(registry: AnyRegistry): SelfMetrics {
  const existing = selfMetricsByRegistry.get(registry);
  if (existing !== undefined) return existing;
  const duration = registry.histogram(metricsScrapeDuration);
  const size = registry.gauge(metricsScrapeSize);
  const inProgress = registry.gauge(metricsScrapesInProgress);
  registry.gauge(metricsSeries, {
    collect: (gauge) => {
      for (const instrument of registry.instruments())
        gauge.series.at([instrument.name]).set(instrument.series.size);
    },
  });
  const made: SelfMetrics = {
    started: () => inProgress.inc(),
    ended: () => inProgress.dec(),
    written: (format, seconds, bytes) => {
      duration.observe({ format }, seconds);
      size.set({ format }, bytes);
    },
  };
  selfMetricsByRegistry.set(registry, made);
  return made;
}
