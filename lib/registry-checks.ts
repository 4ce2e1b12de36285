/** What a registry checks of its arguments. */
import type { MetricDefinition } from './definition.js';
import { metricsError, shown } from './errors.js';
import { isStructuralRegistry } from './structural-registry.js';

/** @throws ERR_METRICS_INVALID_DEFINITION, ERR_METRICS_WRONG_TYPE */
export function checkType(type: MetricDefinition['type'], definition: unknown): void {
  const given = (typeof definition === 'object' && definition !== null ? definition : {}) as {
    type?: unknown;
    name?: unknown;
  };
  if (given.type === type) return;
  if (typeof given.name !== 'string' || typeof given.type !== 'string') {
    throw metricsError(
      'ERR_METRICS_INVALID_DEFINITION',
      `Invalid definition of a ${type}: expected what define${type[0]?.toUpperCase()}${type.slice(1)} gives, received ${shown(definition)}.`,
    );
  }
  throw metricsError(
    'ERR_METRICS_WRONG_TYPE',
    `Metric \`${given.name}\` cannot be had as a ${type}: expected a definition of a ${type}, received one of a ${given.type}.`,
  );
}

/** @throws ERR_METRICS_INVALID_OPTION for anything but a positive integer */
export function checkMaxSeries(maxSeries: unknown): void {
  if (Number.isInteger(maxSeries) && (maxSeries as number) > 0) return;
  throw metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`maxSeries\` of a registry: expected a positive integer, received ${shown(maxSeries)}.`,
  );
}

/** @throws ERR_METRICS_INVALID_OPTION for anything but true and false */
export function checkEnabled(enabled: unknown): void {
  if (typeof enabled === 'boolean') return;
  throw metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`enabled\` of a registry: expected true or false, received ${shown(enabled)}.`,
  );
}

/** @throws ERR_METRICS_INVALID_OPTION for what is there and no registry as prom-client has it */
export function checkPrometheus(prometheus: unknown): void {
  if (prometheus === undefined || isStructuralRegistry(prometheus)) return;
  throw metricsError(
    'ERR_METRICS_INVALID_OPTION',
    `Invalid \`prometheus\` of a registry: expected a registry as prom-client has it, received ${shown(prometheus)}.`,
  );
}
