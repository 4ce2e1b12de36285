/** Distinguishes registries of prom-client from those of compatible libraries. */
import type { Registry } from 'prom-client';
import PrometheusRegistry from 'prom-client/lib/registry.js';
import { processWide } from './process-wide.js';

/** The class of each copy of prom-client that a copy of this package uses: two bundles may each contain one. */
const registryClasses = processWide('registry classes', () => new Set<typeof PrometheusRegistry>());
registryClasses.add(PrometheusRegistry);

/** Whether a value is a registry of prom-client. */
export function isPromClientRegistry(value: unknown): value is Registry {
  return [...registryClasses].some((registryClass) => value instanceof registryClass);
}
