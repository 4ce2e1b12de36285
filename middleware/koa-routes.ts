/**
 * Endpoints for Koa, without a router of its own: it may be any version of @koa/router, or none. What routes leave on the
 * context is left as @koa/router does, so that routes of ours are labelled and nested as others are.
 */
import { metricsError, shown } from '../lib/errors.js';
import { decodedSegment, type Endpoint, type EndpointAnswer, endpointPattern } from './endpoint.js';
import type { KoaContext, KoaMiddleware } from './koa-types.js';
import { nodeRequest } from './node-answer.js';
import { asOwnRouter } from './request-mount.js';

/** What `metricsRouter` and `healthRouter` give: mounted as a router of @koa/router is. */
export interface KoaRoutes {
  /** Middleware for `app.use`, or for `use` of a router of @koa/router, with or without a prefix. */
  routes(): KoaMiddleware;
  /** Does nothing, since all methods are answered: for who mounts it as that of any router. */
  allowedMethods(): KoaMiddleware;
}

/** Where @koa/router keeps what it has done. */
interface RoutedContext extends KoaContext {
  matched?: unknown[];
  _matchedRoute?: unknown;
}

const methods = ['HEAD', 'OPTIONS', 'GET', 'PUT', 'PATCH', 'POST', 'DELETE'];

/** @param where the factory, for messages */
export function koaRoutes(where: string, endpoints: readonly Endpoint[]): KoaRoutes {
  const stack = endpoints.map((endpoint) => new RouteLayer(endpoint));
  const dispatch = async (ctx: RoutedContext, next: () => Promise<unknown>): Promise<unknown> => {
    if (typeof next !== 'function') throw notKoa(where, ctx);
    const layer = stack.find((each) => each.match(ctx.path));
    if (layer === undefined) return next();
    ctx.matched = [...(ctx.matched ?? []), layer];
    ctx._matchedRoute = layer.path;
    return layer.stack[0](ctx);
  };
  return {
    // A router that this is nested in takes the layers.
    routes: () => Object.assign(dispatch, { router: asOwnRouter({ stack }) }),
    allowedMethods: () => (_ctx, next) => next(),
  };
}

function notKoa(where: string, received: unknown): Error {
  return metricsError(
    'ERR_METRICS_NOT_KOA',
    `The routes of \`${where}\` are middleware for Koa: expected a context and \`next\`, received ${shown(received)}. Use createMetricsHandler() with Express, Nest, Fastify and node:http.`,
  );
}

/** A route as the layers of @koa/router are: where routers are nested, the outer one copies and prefixes those of the inner. */
class RouteLayer {
  readonly opts = {};
  readonly name = undefined;
  readonly methods = methods;
  readonly paramNames: { readonly name: string }[] = [];
  readonly stack: readonly [(ctx: KoaContext) => Promise<void>];
  // Not private: an outer router copies the fields of a layer.
  readonly endpoint: Endpoint;
  path: string;
  regexp: RegExp;

  constructor(endpoint: Endpoint) {
    this.endpoint = endpoint;
    this.path = endpoint.path;
    this.regexp = endpointPattern(endpoint);
    this.stack = [(ctx) => answerKoa(ctx, endpoint)];
  }

  match(path: string): boolean {
    return this.regexp.test(path);
  }

  captures(path: string): string[] {
    return this.regexp.exec(path)?.slice(1) ?? [];
  }

  params(_path: string, captures: readonly string[], existing: object = {}): object {
    const names = [...this.path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
    return { ...existing, ...Object.fromEntries(names.map((name, index) => [name, captures[index]])) };
  }

  param(): this {
    return this;
  }

  setPrefix(prefix: string): this {
    this.path = `${prefix}${this.path}`;
    this.regexp = endpointPattern({ ...this.endpoint, path: this.path });
    return this;
  }
}

async function answerKoa(ctx: KoaContext, endpoint: Endpoint): Promise<void> {
  const request = nodeRequest(ctx.req, ctx.res, ctx.querystring);
  const parameter = decodedSegment(/([^/]*)\/?$/.exec(ctx.path)?.[1]);
  const answer = await endpoint.answer(request, parameter);
  if (!request.connection.isOver) applyAnswer(ctx, answer);
}

function applyAnswer(ctx: KoaContext, { status, headers, body }: EndpointAnswer): void {
  // Koa makes an empty body a 204, that of JSON the text "null", and chooses a type for any other.
  ctx.res.removeHeader('Content-Type');
  ctx.body = body ?? null;
  ctx.status = status;
  for (const [name, value] of Object.entries(headers)) {
    if (name === 'Vary') ctx.vary(value as string);
    else ctx.set(name, value as string | string[]);
  }
}
