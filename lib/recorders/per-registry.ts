/** State that the recorders of one registry share, also between copies of this package. */
import { processWide } from '../process-wide.js';
import type { AnyRegistry } from '../registry.js';

/** Gives the state of a registry, made when first asked for. */
export function perRegistry<S>(name: string, make: () => S): (registry: AnyRegistry) => S {
  const byRegistry = processWide(name, () => new WeakMap<AnyRegistry, S>());
  return (registry) => {
    const existing = byRegistry.get(registry);
    if (existing !== undefined) return existing;
    const made = make();
    byRegistry.set(registry, made);
    return made;
  };
}
