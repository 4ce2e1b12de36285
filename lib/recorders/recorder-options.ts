/** The options of recorders: a collector, or options with a registry. */
import type { MetricsCollector } from '../collector.js';
import { metricsError, shown } from '../errors.js';
import { checkFactoryOptions } from '../option-checks.js';
import type { OptionNames } from '../option-names.js';
import type { AnyRegistry } from '../registry.js';
import { MetricsRegistry, sharedRegistry } from '../registry.js';

/** Options of all recorders. */
export interface RecorderOptions {
  /** Where to record. Default: `sharedRegistry`. */
  readonly registry?: AnyRegistry;
}

/** A collector with a registry: a `PrometheusMetricsCollector` or a subclass. */
export interface RegistryCollector extends MetricsCollector {
  /** Where the collector records. */
  readonly registry: AnyRegistry;
}

/**
 * The options of a recorder, with the registry filled in.
 * @throws ERR_METRICS_INVALID_OPTION for unknown options, a registry that is not a `MetricsRegistry`, or a collector without one
 */
export function recorderOptions<O extends RecorderOptions>(
  where: string,
  given: RegistryCollector | O,
  known: OptionNames<O>,
): O & { readonly registry: AnyRegistry } {
  if (isCollector(given)) {
    if (given.registry instanceof MetricsRegistry)
      return { registry: given.registry } as O & { registry: AnyRegistry };
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid collector of ${where}: expected a PrometheusMetricsCollector, which has a \`registry\`, received one whose \`registry\` is ${shown(given.registry)}. Pass new PrometheusMetricsCollector(), or options: { ${Object.keys(
        known,
      )
        .map((name) => `${name}?`)
        .join(', ')} }.`,
    );
  }
  checkFactoryOptions<O>(where, given, known);
  return { ...given, registry: given.registry ?? sharedRegistry };
}

function isCollector(given: unknown): given is RegistryCollector {
  return typeof (given as Partial<MetricsCollector> | null)?.incrementCounter === 'function';
}
