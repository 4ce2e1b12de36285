/** Checks the arguments of a registry. */
import type { MetricDefinition } from './definition.js';
import { metricsError, shown } from './errors.js';
import { checkOptionNames, invalidOption } from './option-names.js';
import type { MetricsRegistryOptions } from './registry-options.js';
import { isStructuralRegistry, type StructuralRegistry } from './structural-registry.js';
import { propertiesOf } from './unknown-values.js';

/** @throws ERR_METRICS_INVALID_DEFINITION, ERR_METRICS_WRONG_TYPE */
export function checkType(type: MetricDefinition['type'], definition: unknown): void {
  const given = propertiesOf(definition);
  if (given.type === type) return;
  if (typeof given.name !== 'string' || typeof given.type !== 'string') {
    throw metricsError(
      'ERR_METRICS_INVALID_DEFINITION',
      `Invalid definition of a ${type}: expected the result of define${type[0]?.toUpperCase()}${type.slice(1)}, received ${shown(definition)}.`,
    );
  }
  throw metricsError(
    'ERR_METRICS_WRONG_TYPE',
    `Metric \`${given.name}\` is a ${given.type}, not a ${type}: expected a ${type} definition, received a ${given.type} definition.`,
  );
}

/** @throws ERR_METRICS_INVALID_OPTION for an unknown option or an invalid value */
export function checkRegistryOptions<R extends StructuralRegistry>(options: MetricsRegistryOptions<R>): void {
  checkOptionNames('MetricsRegistry', options, {
    prometheus: true,
    maxSeries: true,
    onWarning: true,
    exemplars: true,
    views: true,
    enabled: true,
  });
  const { prometheus, maxSeries, enabled } = options;
  if (maxSeries !== undefined) checkMaxSeries(maxSeries);
  if (enabled !== undefined && typeof enabled !== 'boolean')
    throw invalidOption('a registry', 'enabled', 'true or false', enabled);
  if (prometheus !== undefined && !isStructuralRegistry(prometheus))
    throw invalidOption('a registry', 'prometheus', 'a registry of prom-client', prometheus);
}

/** @throws ERR_METRICS_INVALID_OPTION if it is not a positive integer */
export function checkMaxSeries(maxSeries: unknown): void {
  if (Number.isInteger(maxSeries) && (maxSeries as number) > 0) return;
  throw invalidOption('a registry', 'maxSeries', 'a positive integer', maxSeries);
}
