/** Warns about a wrong mount of `requestMetrics` in an app. It does not throw, since requests would fail. */
import { processWide } from '../lib/process-wide.js';
import { type MetricsRegistry, type StructuralRegistry, sharedRegistry } from '../lib/registry.js';
import type { KoaContext, KoaMiddleware } from './koa-types.js';

/** Routers of this package, whose requests need not be measured. */
const ownRouters = processWide('routers', () => new WeakSet<object>());

export function asOwnRouter<T extends object>(router: T): T {
  ownRouters.add(router);
  return router;
}

/** Handles `app.use(requestMetrics)`, which mounts the factory as middleware: requests are served, but not measured. */
export function servedUnmeasured(next: () => Promise<unknown>): Promise<unknown> {
  sharedRegistry.warnOnce('requestMetrics without parentheses', () => ({
    code: 'METRICS_REQUESTS_UNMEASURED',
    message:
      'Requests are not measured: expected app.use(requestMetrics()), received app.use(requestMetrics) without parentheses. Call it.',
  }));
  return next();
}

/** Warns if a router is mounted before the middleware, which then never sees the requests of that router. */
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
