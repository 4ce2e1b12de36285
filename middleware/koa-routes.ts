/**
 * Endpoints for Koa, independent of a router: the app may use any version of @koa/router, or none. The context gets the same
 * properties as from @koa/router, so that these routes are labelled and can be nested as others.
 */
import { Readable } from 'node:stream';
import { metricsError, shown } from '../lib/errors.js';
import { decodedSegment, type Endpoint, type EndpointAnswer, endpointPattern } from './endpoint.js';
import type { KoaContext, KoaMiddleware } from './koa-types.js';
import { nodeRequest, sendAnswer } from './node-answer.js';
import { asOwnRouter } from './request-mount.js';
import { isHttp2 } from './response-over.js';

/** The routes of `metricsRouter` and `healthRouter`. They are mounted as a router of @koa/router is. */
export interface KoaRoutes {
  /** Middleware for `app.use`, or for `use` of a router of @koa/router, with or without a prefix. */
  routes(): KoaMiddleware;
  /** Middleware that only calls the next one, since `routes()` answers all methods. Exists for compatibility. */
  allowedMethods(): KoaMiddleware;
}

/** The context properties in which @koa/router stores the matched routes. */
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
    // An outer router copies the layers of a nested one.
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

/** A route with the interface of a layer of @koa/router: an outer router copies and prefixes the layers of a nested one. */
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
  if (request.connection.isOver) return;
  // Koa would report a client that leaves as an error of the app: a scraper that times out, or `curl` piped to `head`.
  const { onerror } = ctx;
  ctx.onerror = (error) => {
    const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
    const isCutOff = answer.isSession === true || code === 'ERR_STREAM_PREMATURE_CLOSE';
    // A body that fails destroys the connection with its own error.
    const isOfBody = answer.body instanceof Readable && answer.body.errored === error;
    // The connection of HTTP/2 is not that of the request, and reports its own errors.
    const isReset =
      syscall !== undefined && !isOfBody && !isHttp2(ctx.req) && error === ctx.req.socket.errored;
    const isOfClient = isReset || (isCutOff && request.connection.isOver);
    if (!isOfClient) onerror?.call(ctx, error);
  };
  if (answer.isSession !== true) {
    applyAnswer(ctx, answer);
    return;
  }
  ctx.respond = false;
  sendAnswer(ctx.req, ctx.res, answer);
  // From now on, Koa ignores what other middleware sets.
  ctx.res.flushHeaders();
}

function applyAnswer(ctx: KoaContext, { status, headers, body }: EndpointAnswer): void {
  // Koa turns an empty body into a 204, or into the text "null" for JSON, and sets a type for any other body.
  ctx.res.removeHeader('Content-Type');
  ctx.body = body ?? null;
  ctx.status = status;
  for (const [name, value] of Object.entries(headers)) {
    if (name === 'Vary') ctx.vary(value as string);
    else ctx.set(name, value as string | string[]);
  }
}
