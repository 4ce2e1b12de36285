/** What every factory checks of its options, so that a misspelt one is told and not ignored. */
import { metricsError, shown } from './errors.js';
import { checkOptionNames, type OptionNames } from './option-names.js';
import { MetricsRegistry, type StructuralRegistry } from './registry.js';

/**
 * Checks that options are an object with known names, and that a `registry` among them is one of ours.
 * @throws ERR_METRICS_INVALID_OPTION, with the option that may be meant
 */
export function checkFactoryOptions<O extends object>(
  where: string,
  options: O,
  known: OptionNames<NoInfer<O>>,
): void {
  // A registry is an object without names of its own: it would pass for options that are all left out.
  checkOptionNames(where, options instanceof MetricsRegistry ? undefined : options, known, options);
  const { registry } = options as { registry?: unknown };
  if (registry !== undefined) checkRegistry(where, registry);
}

/** @throws ERR_METRICS_INVALID_OPTION for anything but a `MetricsRegistry` */
export function checkRegistry(
  where: string,
  registry: unknown,
): asserts registry is MetricsRegistry<StructuralRegistry> {
  if (registry instanceof MetricsRegistry) return;
  throw metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`registry\` of ${where}: expected a MetricsRegistry, received ${shown(registry)}. One of prom-client goes into it: new MetricsRegistry({ prometheus }).`,
  );
}
