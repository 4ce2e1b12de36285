/** One scrape: every metric of a registry collected, own and foreign, then written. */
import type { MetricSnapshot } from '../instruments/instrument.js';
import {
  type AnyInstrument,
  isInstrument,
  type MetricsRegistry,
  type StructuralRegistry,
} from '../registry.js';
import { type ConstantLabels, instrumentText, snapshotText } from './text.js';

/** What a foreign metric must have to be read: prom-client's metrics do. */
interface ForeignMetric {
  readonly name: string;
  get(): MetricSnapshot | Promise<MetricSnapshot>;
}

/**
 * The text of a whole scrape, in chunks. A metric whose collect function fails is left out and counted in
 * `metrics_collector_errors_total`; the others come out.
 */
export async function* scrapeText(registry: MetricsRegistry<StructuralRegistry>): AsyncGenerator<string> {
  const constant = defaultLabels(registry.prometheus);
  // Collected side by side: a slow collect function does not hold up the start of the others.
  const families = await Promise.all(
    registry.prometheus.getMetricsAsArray().map((metric) => collected(registry, metric, constant)),
  );
  for (const family of families) {
    if (family === undefined) continue;
    if (typeof family === 'string') yield family;
    else yield* instrumentText(family, constant);
  }
}

/** The text of a whole scrape as one string. */
export async function scrapeToString(registry: MetricsRegistry<StructuralRegistry>): Promise<string> {
  let text = '';
  for await (const chunk of scrapeText(registry)) text += chunk;
  return text;
}

/**
 * An own instrument, brought up to date, or the text of a foreign metric; `undefined` where that failed. A foreign metric
 * is written here, so that whatever is odd about it stays within it.
 */
async function collected(
  registry: MetricsRegistry<StructuralRegistry>,
  metric: unknown,
  constant: ConstantLabels,
): Promise<AnyInstrument | string | undefined> {
  try {
    if (isInstrument(metric)) {
      await metric.collect();
      return metric;
    }
    return snapshotText(await (metric as ForeignMetric).get(), constant);
  } catch (error) {
    const { name } = metric as ForeignMetric;
    registry.collectFailed(typeof name === 'string' ? name : 'unknown', error);
    return undefined;
  }
}

/** What `setDefaultLabels` was given: prom-client and @prometheus-io/client keep it under this name, and offer no getter. */
function defaultLabels(prometheus: StructuralRegistry): ConstantLabels {
  const kept: unknown = '_defaultLabels' in prometheus ? prometheus._defaultLabels : undefined;
  if (typeof kept !== 'object' || kept === null) return new Map();
  return new Map(Object.entries(kept).map(([name, value]) => [name, String(value)]));
}
