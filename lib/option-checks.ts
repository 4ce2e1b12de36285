/** What every factory checks of its options, so that a misspelt one is told and not ignored. */
import { metricsError, nearest, shown } from './errors.js';
import { MetricsRegistry, type StructuralRegistry } from './registry.js';

/**
 * Checks that options are an object with known names, and that a `registry` among them is one of ours.
 * @throws ERR_METRICS_INVALID_OPTION, with the option that may be meant
 */
export function checkFactoryOptions(where: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || options instanceof MetricsRegistry) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid options of ${where}: expected { ${known.map((name) => `${name}?`).join(', ')} }, received ${shown(options)}.`,
    );
  }
  for (const option of Object.keys(options)) {
    if (known.includes(option)) continue;
    const meant = nearest(option, known);
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Unknown option \`${option}\` of ${where}: expected some of ${known.join(', ')}.${meant === undefined ? '' : ` Did you mean \`${meant}\`?`}`,
    );
  }
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
