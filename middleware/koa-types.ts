/** What this package reads and writes on Koa's context, so that its types need no @types/koa: Koa's own types fit. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

/** A context of Koa 2 or 3. */
export interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly method: string;
  readonly protocol: string;
  readonly path: string;
  readonly url: string;
  readonly querystring: string;
  /** The app: what is mounted in it. */
  readonly app?: { readonly middleware?: unknown };
  readonly headers: IncomingHttpHeaders;
  readonly state: Record<PropertyKey, unknown>;
  status: number;
  body: unknown;
  get(field: string): string;
  set(field: string, value: string | string[]): void;
  vary(field: string): void;
}

/** Middleware for `app.use` of Koa 2 or 3. Generic, so that it leaves the type of the app as it is. */
export type KoaMiddleware = <Context extends KoaContext>(
  ctx: Context,
  next: () => Promise<unknown>,
) => Promise<unknown>;

/** A function of a context, whose parameter may be given any type of Koa's. */
export type OfContext<Result> = { of(ctx: KoaContext): Result }['of'];
