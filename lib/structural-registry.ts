/** Registries of prom-client and its relatives, known by their shape. */

/** What is needed of a registry to work beside it: prom-client's and @prometheus-io/client's both have it. */
export interface StructuralRegistry {
  registerMetric(metric: never): void;
  removeSingleMetric(name: string): void;
  clear?(): void;
  getSingleMetric(name: string): unknown;
  getMetricsAsArray(): readonly unknown[];
}

/** Whether something has the methods of a {@link StructuralRegistry}. */
export function isStructuralRegistry(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const methods = ['registerMetric', 'removeSingleMetric', 'getSingleMetric', 'getMetricsAsArray'] as const;
  return methods.every(
    (method) => method in value && typeof (value as Record<string, unknown>)[method] === 'function',
  );
}

/**
 * Calls `removed` after each call of `clear` and `removeSingleMetric`. A registry tells nobody what it drops, and asking it at
 * each recording would cost more than the recording: so these two methods of this one registry are wrapped. One that is
 * frozen keeps its own.
 */
export function onRemoval(registry: StructuralRegistry, removed: () => void): void {
  for (const method of ['clear', 'removeSingleMetric'] as const) {
    const original: unknown = Reflect.get(registry, method);
    if (typeof original !== 'function') continue;
    const value = function (this: unknown, ...args: unknown[]): unknown {
      const result: unknown = Reflect.apply(original, this, args);
      removed();
      return result;
    };
    Reflect.defineProperty(registry, method, {
      value,
      configurable: true,
      writable: true,
      enumerable: false,
    });
  }
}
