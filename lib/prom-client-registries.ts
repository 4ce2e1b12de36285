/** Tells registries of prom-client from those of its relatives. */
import type { Registry } from 'prom-client';
import PrometheusRegistry from 'prom-client/lib/registry.js';
import { processWide } from './process-wide.js';

/** One of each copy of prom-client that a copy of this package uses: two bundles may each have their own. */
const registryClasses = processWide('registry classes', () => new Set<typeof PrometheusRegistry>());
registryClasses.add(PrometheusRegistry);

export function isPromClientRegistry(value: unknown): value is Registry {
  return [...registryClasses].some((registryClass) => value instanceof registryClass);
}
