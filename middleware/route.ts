/**
 * The route of a request: the template that matched (`/users/:id`), never the path, so that the label stays small.
 *
 * @koa/router leaves on the context what it did: `matched` holds the layers whose path fits, `_matchedRoute` the path of
 * the layer that ran last. A layer without methods is a `router.use` middleware: where that ended the request (a 401),
 * its path says nothing of the route, and where no method fits (405) `_matchedRoute` is not set at all.
 */

/** The route of a request that no route matched. */
export const unmatchedRoute = 'unmatched';

/** What @koa/router 12 to 15 write on a context, as far as it is read here. */
export interface RoutedContext {
  readonly method: string;
  readonly matched?: unknown;
  readonly _matchedRoute?: unknown;
}

interface RouteLayer {
  readonly path: string | RegExp;
  readonly methods: readonly string[];
}

/** The route template of a request that has been routed, or {@link unmatchedRoute}. A RegExp route gives its source. */
export function routeOf(ctx: RoutedContext): string {
  const routes = routeLayers(ctx.matched);
  const ran = routes.find(({ path }) => path === ctx._matchedRoute);
  const fitting = ran ?? routes.find(({ methods }) => methods.includes(ctx.method)) ?? routes[0];
  return fitting === undefined ? unmatchedRoute : String(fitting.path);
}

/** The layers of `ctx.matched` that are routes, in the order in which they run. */
function routeLayers(matched: unknown): RouteLayer[] {
  return Array.isArray(matched) ? matched.filter(isRouteLayer) : [];
}

function isRouteLayer(layer: unknown): layer is RouteLayer {
  if (typeof layer !== 'object' || layer === null || !('path' in layer) || !('methods' in layer))
    return false;
  return (
    Array.isArray(layer.methods) &&
    layer.methods.length > 0 &&
    (typeof layer.path === 'string' || layer.path instanceof RegExp)
  );
}
