/** The parts of Koa's context that this package uses, so that its types do not need @types/koa. Koa's own types fit them. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

/**
 * The context of a request in Koa 2 or 3, as far as this package uses it.
 * @see https://koajs.com/#context
 */
export interface KoaContext {
  /** Node's request. */
  readonly req: IncomingMessage;
  /** Node's response. */
  readonly res: ServerResponse;
  /** Request method, such as `GET`. */
  readonly method: string;
  /** `http` or `https`; behind a trusted proxy, the one of the client. */
  readonly protocol: string;
  /** Path of the request, without the query. */
  readonly path: string;
  /** Path and query of the request. */
  readonly url: string;
  /** Query of the request, without the question mark. */
  readonly querystring: string;
  /** The app, with its mounted middleware. */
  readonly app?: { readonly middleware?: unknown };
  /** Request headers by lower-case name. */
  readonly headers: IncomingHttpHeaders;
  /** Values that middleware shares. */
  readonly state: Record<PropertyKey, unknown>;
  /** Status of the response. */
  status: number;
  /** Body of the response. */
  body: unknown;
  /** Whether Koa sends the response. Default: true. */
  respond?: boolean | undefined;
  /** Reports an error of the response. */
  onerror?(error: Error): void;
  /** Reads a request header. */
  get(field: string): string;
  /** Sets a response header. */
  set(field: string, value: string | string[]): void;
  /** Adds a field to the response header `Vary`. */
  vary(field: string): void;
}

/** Middleware for `app.use` of Koa 2 or 3. It is generic, so that it does not change the type of the app. */
export type KoaMiddleware = <Context extends KoaContext>(
  ctx: Context,
  next: () => Promise<unknown>,
) => Promise<unknown>;

/** A function of the context. Its parameter may be typed as any context of Koa. */
export type ContextFunction<Result> = {
  /** Returns the result for a request. */
  of(ctx: KoaContext): Result;
}['of'];
