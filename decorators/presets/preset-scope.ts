/** The scope in which the wire finds the preset around a request. */

import { type RequestScope, runInScope, scopeIn, wireIsObserved } from '../../lib/outbound/request-scope.js';
import type { AnyRegistry } from '../../lib/registry.js';

/** A scope for a call; `undefined` where outbound requests are not observed in its registry, and none is needed. */
export function requestScope(
  registry: AnyRegistry,
  names: Partial<Pick<RequestScope, 'service' | 'platform' | 'provider' | 'model'>>,
): RequestScope | undefined {
  if (!wireIsObserved(registry)) return undefined;
  const { service, platform, provider, model } = names;
  const parent = scopeIn(registry);
  return { registry, parent, service, platform, provider, model, requests: 0, rateLimits: 0, retries: 0 };
}

export function inRequestScope<T>(scope: RequestScope | undefined, run: () => T): T {
  return scope === undefined ? run() : runInScope(scope, run);
}
