/** How long a scrape may take and how many samples it may bring: what Prometheus is told, and what the alerts look at. */
import type { MetricDefinition } from '../definition.js';
import { defaultMaxSeries } from '../registry.js';
import type { BundleSettings } from './settings.js';

/** Samples that a process has beside the definitions: Node's through prom-client, and metrics of others in the registry. */
const samplesOfOthers = 1_000;

/** Seconds: Prometheus' own 10, or the scrape interval where that is shorter. */
export function scrapeTimeoutSeconds({ intervals }: Pick<BundleSettings, 'intervals'>): number {
  return Math.min(10, intervals.scrapeSeconds);
}

/** Samples that a scrape can have when every metric is at its series budget: more is none of ours. */
export function sampleLimit({ definitions, config }: Pick<BundleSettings, 'definitions' | 'config'>): number {
  return definitions.reduce(
    (samples, definition) =>
      samples + seriesLimit(definition, config.maxSeries) * samplesPerSeries(definition),
    samplesOfOthers,
  );
}

function seriesLimit({ labels, maxSeries }: MetricDefinition, budget = defaultMaxSeries): number {
  return Object.keys(labels).length === 0 ? 1 : (maxSeries ?? budget);
}

/** Buckets with +Inf, or quantiles, and sum and count. */
function samplesPerSeries(definition: MetricDefinition): number {
  if (definition.type === 'histogram') return definition.buckets.length + 3;
  return definition.type === 'summary' ? definition.quantiles.length + 2 : 1;
}
