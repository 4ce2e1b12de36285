/** What is wrong with the place of `requestMetrics` in an app: it cannot throw there, since requests would fail. */

import { processWide } from '../lib/process-wide.js';
import { type MetricsRegistry, sharedRegistry } from '../lib/registry.js';
import type { StructuralRegistry } from '../lib/structural-registry.js';
import type { KoaContext, KoaMiddleware } from './koa-types.js';

/** Routers of this package: what they answer need not be measured. */
const ownRouters = processWide('routers', () => new WeakSet<object>());

export function asOwnRouter<T extends object>(router: T): T {
  ownRouters.add(router);
  return router;
}

/** For `app.use(requestMetrics)`, which makes the factory the middleware: requests are served, and not measured. */
export function servedUnmeasured(next: () => Promise<unknown>): Promise<unknown> {
  sharedRegistry.warnOnce('requestMetrics without parentheses', () => ({
    code: 'METRICS_REQUESTS_UNMEASURED',
    message:
      'Requests are not measured: expected app.use(requestMetrics()), received app.use(requestMetrics) without parentheses. Call it.',
  }));
  return next();
}

/** Warns where a router stands before the middleware: what it answers never comes by. */
export function warnOfRoutersBefore(
  measure: KoaMiddleware,
  app: KoaContext['app'],
  registry: MetricsRegistry<StructuralRegistry>,
): void {
  const mounted = app?.middleware;
  if (!Array.isArray(mounted)) return;
  const before = mounted.slice(0, Math.max(0, mounted.indexOf(measure)));
  const isAfterRoutes = before.some((middleware) => {
    const { router } = middleware as { readonly router?: object };
    return router !== undefined && !ownRouters.has(router);
  });
  if (!isAfterRoutes) return;
  registry.warnOnce('requestMetrics after a router', () => ({
    code: 'METRICS_REQUESTS_UNMEASURED',
    message:
      'Requests that the routes answer are not measured: expected app.use(requestMetrics()) before the routers of the app, received it after one. Mount it first.',
  }));
}
