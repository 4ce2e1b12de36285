/** What the scrapes tell of themselves, and how many series each metric has. */
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
  /** A scrape has been answered, or given up. */
  ended(): void;
  /** A scrape has been written, in so many seconds and bytes before compression. Shown from the next one on. */
  written(format: string, seconds: number, bytes: number): void;
  /** Resolves once a scrape has ended that had not begun when this was called. */
  nextScrape(): Promise<void>;
}

const selfMetricsByRegistry = processWide('self metrics', () => new WeakMap<AnyRegistry, SelfMetrics>());

/** Made once a registry, however many routers stand on it. */
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
  /** At every scrape: nothing records on it, so nothing else would bring it back after a clear. */
  const register = (): void => {
    try {
      registry.gauge(metricsSeries, { collect: countSeries });
    } catch (error) {
      registry.collectFailed(metricsSeries.name, error);
    }
  };
  registry.gauge(metricsSeries, { collect: countSeries });
  /** Scrapes that are over, or in progress, when someone begins to wait, and what to call after one more. */
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
      // As many as had begun have ended, and one more: that one had not.
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
