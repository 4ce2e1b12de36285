/** The metrics of a process that `createMetrics` records: build, outgoing requests, derived gauges and Node.js defaults. */
import { MetricsAggregator } from '../lib/aggregation.js';
import { defaultAggregationRules } from '../lib/aggregation-rules.js';
import { isOfCatalogue } from '../lib/catalogue/catalogue.js';
import { buildInfo } from '../lib/catalogue/self.js';
import type { MetricsConfig } from '../lib/config-settings.js';
import type { AnyInstrument } from '../lib/instruments/any-instrument.js';
import { instrumentFetch } from '../lib/outbound/fetch.js';
import { isPromClientRegistry } from '../lib/prom-client-registries.js';
import type { MetricsRegistry } from '../lib/registry.js';
import type { StructuralRegistry } from '../lib/structural-registry.js';
import type { CreateMetricsOptions } from './create-metrics-options.js';

type MeasureOptions = Required<
  Pick<CreateMetricsOptions, 'registry' | 'fetch' | 'defaultMetrics' | 'revision'>
>;

/** Starts recording. @returns a function that stops it */
export async function measureProcess(
  { service, version }: Required<Pick<MetricsConfig, 'service' | 'version'>>,
  { registry, fetch, defaultMetrics, revision }: MeasureOptions,
): Promise<() => void> {
  if (defaultMetrics) await collectNodeMetrics(registry);
  registry.gauge(buildInfo).set({ service, version, revision, node_version: process.version }, 1);
  const stopDeriving = deriveGauges(registry);
  const outbound =
    fetch === false
      ? undefined
      : instrumentFetch({ registry, ...(fetch.hosts === undefined ? {} : { hosts: fetch.hosts }) });
  return () => {
    outbound?.stop();
    stopDeriving();
  };
}

/** Derives gauges as soon as their source metrics exist, so that a service without issues does not expose them. */
function deriveGauges(registry: MetricsRegistry<StructuralRegistry>): () => void {
  let aggregator: MetricsAggregator | undefined;
  const deriveFrom = (instrument: AnyInstrument): void => {
    if (aggregator !== undefined || !isOfCatalogue(instrument.definition)) return;
    if (!defaultAggregationRules.some(({ matches }) => matches(instrument))) return;
    try {
      aggregator = new MetricsAggregator({ registry });
    } catch (error) {
      // Registering the metric must not fail because the name of a derived gauge is taken.
      registry.recordingFailed(instrument.name, 'conflict', error);
    }
  };
  const endListening = registry.onInstrument(deriveFrom);
  for (const instrument of registry.instruments()) deriveFrom(instrument);
  return () => {
    endListening();
    aggregator?.stop();
  };
}

/** Registers prom-client's default metrics, unless the registry has them: prom-client throws for a registered name. */
async function collectNodeMetrics({ prometheus }: MetricsRegistry<StructuralRegistry>): Promise<void> {
  if (!isPromClientRegistry(prometheus)) return;
  const isRegistered = (): boolean =>
    prometheus.getSingleMetric('process_cpu_user_seconds_total') !== undefined;
  if (isRegistered()) return;
  const { collectDefaultMetrics } = await import('prom-client');
  // Another `createMetrics` may have registered them during the import.
  if (!isRegistered()) collectDefaultMetrics({ register: prometheus });
}
