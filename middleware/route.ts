/**
 * The route of a request: the template that matched (`/users/:id`), never the path, so that the label has few values.
 *
 * @koa/router stores its matches on the context: `matched` holds the layers whose path matches, `_matchedRoute` the path of
 * the layer that ran last. A layer without methods is a `router.use` middleware: if it ended the request (a 401), its path is
 * not the route. If no method matches (405), `_matchedRoute` is not set at all.
 */

/** The route of a request that no route matched. */
export const unmatchedRoute = 'unmatched';

/** The properties that @koa/router 10 to 15, koa-router 7 to 14 and koa-mount set on a context, as far as they are read. */
export interface RoutedContext {
  readonly method: string;
  readonly path: string;
  readonly matched?: unknown;
  readonly _matchedRoute?: unknown;
  /** The mount path of the app that koa-mount entered last. It removes that prefix from the path while the app runs. */
  readonly mountPath?: unknown;
}

/** A layer of a router. */
export interface RouteLayer {
  readonly path: string | RegExp;
  readonly methods: readonly string[];
  readonly regexp?: unknown;
  /** What `requestMetrics` keeps on it. */
  readonly [kept: symbol]: unknown;
}

/** The route template of a routed request, or {@link unmatchedRoute}. For a RegExp route, its source. */
export function routeOf(ctx: RoutedContext): string {
  const fitting = fittingLayer(ctx);
  if (fitting === undefined) return unmatchedRoute;
  const { mountPath } = ctx;
  const prefix = typeof mountPath === 'string' ? mountedAt(fitting, ctx.path, mountPath) : '';
  const template = String(fitting.path);
  return prefix !== '' && template === '/' ? prefix : `${prefix}${template}`;
}

/**
 * The part of the path that koa-mount removed before the layer matched: up to the last mount path, if the layer matches the
 * rest. Empty if the layer matches the whole path, and so is outside of the mount.
 */
function mountedAt({ regexp }: RouteLayer, path: string, mountPath: string): string {
  if (!(regexp instanceof RegExp)) return '';
  const mount = mountPath.endsWith('/') ? mountPath.slice(0, -1) : mountPath;
  const start = path.indexOf(mount);
  if (start === -1) return '';
  const prefix = path.slice(0, start + mount.length);
  return fits(regexp, path.slice(prefix.length) || '/') ? prefix : '';
}

function fits(regexp: RegExp, path: string): boolean {
  // A sticky or global RegExp starts where its last match ended.
  regexp.lastIndex = 0;
  const found = regexp.test(path);
  regexp.lastIndex = 0;
  return found;
}

/**
 * The route that ran last, unless it is a catch-all; then the last one of the narrowest that ran before it. If no route ran (a
 * guard, a 405), the first one of the narrowest that would have run. Layers are in the order in which they run.
 */
function fittingLayer({ matched, method, _matchedRoute: ran }: RoutedContext): RouteLayer | undefined {
  if (!Array.isArray(matched)) return undefined;
  if (matched.length === 1) return isRouteLayer(matched[0]) ? matched[0] : undefined;
  let otherMethod: RouteLayer | undefined;
  let first: RouteLayer | undefined;
  let firstBreadth: Breadth = breadths.all;
  let last: RouteLayer | undefined;
  let lastBreadth: Breadth = breadths.all;
  for (const layer of matched as readonly unknown[]) {
    if (!isRouteLayer(layer)) continue;
    if (!layer.methods.includes(method)) {
      otherMethod ??= layer;
      continue;
    }
    const breadth = breadthOf(layer);
    if (first === undefined || breadth < firstBreadth) {
      first = layer;
      firstBreadth = breadth;
    }
    if (breadth <= lastBreadth) {
      last = layer;
      lastBreadth = breadth;
    }
    // If a catch-all ended the request (a guard), the routes after it are the requested ones.
    if (layer.path === ran && lastBreadth !== breadths.all) return last;
  }
  return first ?? otherMethod;
}

/** The layer that alone matched, in an app that is not mounted: then its path is the route. */
export function onlyLayerOf({ matched, mountPath }: RoutedContext): RouteLayer | undefined {
  if (mountPath !== undefined || !Array.isArray(matched) || matched.length !== 1) return undefined;
  return isRouteLayer(matched[0]) ? matched[0] : undefined;
}

/** The paths that a route matches: those of one template, all below a path, or all. A wider match has a greater number. */
const breadths = { template: 0, below: 1, all: 2 } as const;
type Breadth = (typeof breadths)[keyof typeof breadths];

function isRouteLayer(layer: unknown): layer is RouteLayer {
  if (typeof layer !== 'object' || layer === null || !('path' in layer) || !('methods' in layer))
    return false;
  return (
    Array.isArray(layer.methods) &&
    layer.methods.length > 0 &&
    (typeof layer.path === 'string' || layer.path instanceof RegExp)
  );
}

/** The wildcard at the end of a template: `*`, `*rest`, `{*rest}`, `(.*)`, `:rest*`, `:rest(.*)`. */
const wildcardEnd = /(?:\(\.[*+]\)|\*\w*|:\w+[*+]|:\w+\(\.[*+]\)[*+?]?)\}?$/;

function breadthOf({ path }: RouteLayer): Breadth {
  if (path instanceof RegExp) return takesAll(path) ? breadths.all : breadths.template;
  // Most templates have no wildcard, and two searches for a character are cheaper than one for a pattern.
  if (!path.includes('*') && !path.includes('+')) return breadths.template;
  const start = path.search(wildcardEnd);
  if (start === -1) return breadths.template;
  return /^[/{]*$/.test(path.slice(0, start)) ? breadths.all : breadths.below;
}

/** Whether a RegExp is `.*` except for anchors, groups and the first slash. */
function takesAll({ source }: RegExp): boolean {
  return /^(?:\.[*+]|\[\^\]\*|\[\\s\\S\]\*)$/.test(source.replace(/\\\/|[$()]|\?:|^\^/g, ''));
}
