/** Checks the options of factories, so that a misspelt option is reported instead of ignored. */
import { checkOptionNames, invalidOption, type OptionNames } from './option-names.js';
import { type AnyRegistry, MetricsRegistry } from './registry.js';

/**
 * Checks that options are an object with known names, and that `registry` is a `MetricsRegistry`.
 * @throws ERR_METRICS_INVALID_OPTION, with the nearest option name
 */
export function checkFactoryOptions<O extends object>(
  where: string,
  options: O,
  known: OptionNames<NoInfer<O>>,
): void {
  // A registry has no enumerable properties, so it would pass as empty options.
  checkOptionNames(where, options instanceof MetricsRegistry ? undefined : options, known, options);
  const { registry } = options as { registry?: unknown };
  if (registry !== undefined) checkRegistry(where, registry);
}

/** @throws ERR_METRICS_INVALID_OPTION if it is not a `MetricsRegistry` */
function checkRegistry(where: string, registry: unknown): asserts registry is AnyRegistry {
  if (registry instanceof MetricsRegistry) return;
  throw invalidOption(
    where,
    'registry',
    'a MetricsRegistry',
    registry,
    ' To use a prom-client registry, wrap it: new MetricsRegistry({ prometheus }).',
  );
}
