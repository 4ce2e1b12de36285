/** The endpoint that Prometheus scrapes. */
import { createHash, timingSafeEqual } from 'node:crypto';
import Router from '@koa/router';
import type { Middleware } from 'koa';
import { metricsError, shown } from '../lib/errors.js';
import { scrapeToString } from '../lib/exposition/scrape.js';
import { textContentType } from '../lib/exposition/text.js';
import { type MetricsRegistry, type StructuralRegistry, sharedRegistry } from '../lib/registry.js';

export interface MetricsRouterOptions {
  /** What is exposed, with the foreign metrics that stand in it. Default: `sharedRegistry`. */
  registry?: MetricsRegistry<StructuralRegistry>;
  /** Where. Default: `/metrics`. */
  path?: string;
  /** A bearer token to ask for. Default: none, anyone may scrape. */
  token?: string | undefined;
}

/**
 * A router that answers `GET /metrics` in Prometheus' text format 0.0.4.
 * @throws ERR_METRICS_INVALID_OPTION for a path that is none, or an empty token
 * @example
 * app.use(metricsRouter().routes());
 */
export function metricsRouter({
  registry = sharedRegistry,
  path = '/metrics',
  token,
}: MetricsRouterOptions = {}): Router {
  if (typeof path !== 'string' || !path.startsWith('/')) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      `Invalid \`path\` of metricsRouter: expected a path that starts with \`/\`, received ${shown(path)}.`,
    );
  }
  if (token !== undefined && (typeof token !== 'string' || token === '')) {
    throw metricsError(
      'ERR_METRICS_INVALID_OPTION',
      'Invalid `token` of metricsRouter: expected a non-empty text; leave it out to let anyone scrape.',
    );
  }
  const router = new Router();
  if (token !== undefined) router.use(bearerToken(token));
  router.get(path, async (ctx) => {
    const text = await scrapeToString(registry);
    ctx.set('Content-Type', textContentType);
    ctx.set('Cache-Control', 'no-store');
    ctx.body = text;
  });
  return router;
}

/** Lets requests with the token through; answers the others with 401 and no body to learn from. */
function bearerToken(token: string): Middleware {
  const expected = digest(token);
  return async (ctx, next) => {
    const [, given] = /^Bearer +(\S+) *$/i.exec(ctx.get('Authorization')) ?? [];
    // Digests have one length, so the comparison tells nothing of the token's.
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return next();
    ctx.status = 401;
    ctx.set('WWW-Authenticate', 'Bearer realm="metrics"');
    ctx.set('Cache-Control', 'no-store');
    ctx.body = null;
    // Koa makes an empty body a 204.
    ctx.status = 401;
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
