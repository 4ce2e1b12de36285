/** Registries of prom-client and compatible libraries, recognized by their shape. */

/** The methods that a wrapped registry must have. The registries of prom-client and @prometheus-io/client have them. */
export interface StructuralRegistry {
  /** Adds a metric. */
  registerMetric(metric: never): void;
  /** Removes the metric of this name, if there is one. */
  removeSingleMetric(name: string): void;
  /** Removes all metrics. Optional: without it they are removed one by one. */
  clear?(): void;
  /** The metric of this name, or `undefined`. */
  getSingleMetric(name: string): unknown;
  /** All metrics, in the order of their output. */
  getMetricsAsArray(): readonly unknown[];
}

/** Whether a value has the methods of a {@link StructuralRegistry}. */
export function isStructuralRegistry(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const methods = ['registerMetric', 'removeSingleMetric', 'getSingleMetric', 'getMetricsAsArray'] as const;
  return methods.every(
    (method) => method in value && typeof (value as Record<string, unknown>)[method] === 'function',
  );
}

/** Removes all metrics of a registry, also if it has no `clear`. */
export function clearStructural(registry: StructuralRegistry): void {
  if (registry.clear !== undefined) {
    registry.clear();
    return;
  }
  for (const { name } of registry.getMetricsAsArray() as readonly { name: string }[])
    registry.removeSingleMetric(name);
}

/**
 * Calls `removed` after each call of `clear` and `removeSingleMetric`. prom-client emits no event for removals, and a look-up per
 * recording would cost more than the recording, so these two methods of this registry object are wrapped. Those of a frozen
 * registry stay as they are.
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
