/**
 * State that a preset shares with `instrumentFetch`: a request that both see must be recorded once, with the names of the preset.
 * The async context carries the scope, but only if outgoing requests are recorded in the same registry; otherwise Node need not
 * track the context of promises.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { processWide } from '../process-wide.js';
import type { AnyRegistry } from '../registry.js';

/** One call of a decorated method that sends requests. */
export interface RequestScope {
  readonly registry: AnyRegistry;
  /** The surrounding call in the same registry. */
  readonly parent: RequestScope | undefined;
  /** Labels of its metrics, if they are known. */
  readonly service: string | undefined;
  readonly platform: string | undefined;
  readonly provider: string | undefined;
  readonly model: string | undefined;
  /** What `instrumentFetch` has recorded within it. */
  requests: number;
  rateLimits: number;
  retries: number;
}

const scopes = processWide('request scopes', () => new AsyncLocalStorage<RequestScope>());
const observed = processWide('observed wires', () => new WeakMap<AnyRegistry, number>());

/** Notes that outgoing requests are recorded in a registry; returns a function that undoes it. */
export function observeWire(registry: AnyRegistry): () => void {
  observed.set(registry, (observed.get(registry) ?? 0) + 1);
  return () => {
    observed.set(registry, (observed.get(registry) ?? 1) - 1);
  };
}

function wireIsObserved(registry: AnyRegistry): boolean {
  return (observed.get(registry) ?? 0) > 0;
}

/** Notes that `instrumentFetch` has recorded something within a call and its surrounding calls. */
export function noteInScopes(
  innermost: RequestScope | undefined,
  what: 'requests' | 'rateLimits' | 'retries',
): void {
  for (let scope = innermost; scope !== undefined; scope = scope.parent) scope[what] += 1;
}

/** The innermost call around, if it records in this registry. */
export function scopeIn(registry: AnyRegistry): RequestScope | undefined {
  const scope = scopes.getStore();
  return scope?.registry === registry ? scope : undefined;
}

/** The scope of a call; `undefined` when outbound requests are not observed in its registry and none is needed. */
export function requestScope(
  registry: AnyRegistry,
  names: Partial<Pick<RequestScope, 'service' | 'platform' | 'provider' | 'model'>>,
): RequestScope | undefined {
  if (!wireIsObserved(registry)) return undefined;
  const { service, platform, provider, model } = names;
  const parent = scopeIn(registry);
  return { registry, parent, service, platform, provider, model, requests: 0, rateLimits: 0, retries: 0 };
}

/** Runs a function within the scope of a call, if it has one. */
export function inRequestScope<T>(scope: RequestScope | undefined, run: () => T): T {
  return scope === undefined ? run() : scopes.run(scope, run);
}
