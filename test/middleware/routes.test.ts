/** The recorded route and status of requests over real HTTP: one table, on Koa 2 and 3 and @koa/router 12 to 15. */

import type { RequestListener } from 'node:http';
import { request } from 'node:http';
import test from 'ava';
import type Koa from 'koa';
import { httpServerRequestDuration, httpServerRequestsInFlight } from '../../lib/catalogue/http.js';
import { createTestRegistry, readSamples } from '../../lib/testing.js';
import { requestMetrics } from '../../middleware/index.js';
import { serve } from '../helpers/koa-server.js';
import { until } from '../helpers/until.js';

/** The members of a Koa app and of a router that all versions share. */
interface App {
  silent: boolean;
  middleware: unknown[];
  use(middleware: unknown): App;
  callback(): RequestListener;
}
type Handler = (ctx: Koa.Context & { params: Record<string, string> }, next: () => Promise<void>) => unknown;
interface Router {
  use(...middleware: unknown[]): Router;
  get(path: string | RegExp | readonly string[], ...handlers: Handler[]): Router;
  get(name: string, path: string, ...handlers: Handler[]): Router;
  post(path: string, ...handlers: Handler[]): Router;
  put(path: string, ...handlers: Handler[]): Router;
  all(path: string, ...handlers: Handler[]): Router;
  redirect(from: string, to: string): Router;
  routes(): unknown;
  allowedMethods(options?: object): unknown;
}
type NewApp = new () => App;
type NewRouter = new (options?: { prefix?: string; methods?: string[] }) => Router;

const ok: Handler = (ctx) => {
  ctx.body = 'ok';
};

/** An app with every kind of route. */
function routed(Koa: NewApp, Router: NewRouter, mount: (prefix: string, app: App) => unknown): App {
  const app = new Koa();
  // Rewrites the path, as koa-rewrite does.
  app.use(((ctx, next) => {
    if (ctx.path.startsWith('/old/')) ctx.path = ctx.path.replace('/old/', '/users/');
    return next();
  }) satisfies Handler);

  const users = new Router({ prefix: '/users' });
  users.get('/me', ok).get('/:id', ok).get('named', '/:id/profile/:section', ok);
  users.post('/', (ctx) => {
    ctx.status = 201;
  });
  users.post('/:id/rename', (ctx) => {
    ctx.status = 204;
  });
  users.put('/:id', ok);
  users.get('/:id/redirected', (ctx) => ctx.redirect('/'));

  const api = new Router({ prefix: '/api' });
  const versioned = new Router({ prefix: '/v1' });
  const items = new Router();
  items.get('/items/:item', ok);
  versioned.use('/shops/:shop', items.routes(), items.allowedMethods());
  api.use(versioned.routes());

  const admin = new Router({ prefix: '/admin' });
  admin.use((ctx: Koa.Context, next: () => Promise<void>) => {
    if (ctx.get('authorization') !== '') return next();
    ctx.status = 401;
    return undefined;
  });
  admin.get('/:section', ok).get('/:section/:page', ok);

  const odd = new Router();
  odd.get(/^\/files\/(.+)$/, ok);
  odd.get(['/either/:x', '/or/:y'], ok);
  odd.all('/any/:thing', ok);
  odd.redirect('/from', '/users/me');
  odd.get('/twice/:how', async (_ctx, next) => {
    await next();
    await next();
  });
  odd.get(
    '/pass/:on',
    (_ctx, next) => next(),
    (_ctx, next) => next(),
    ok,
  );
  odd.get('/shared/:first', (_ctx, next) => next());
  odd.get('/shared/:second', ok);
  odd.get('/a%20b/:x', ok);
  odd.get('/', ok);

  const fail = new Router({ prefix: '/fail' });
  fail.get('/:how', (ctx): unknown => {
    const { how } = ctx.params;
    if (how === 'teapot') throw Object.assign(new Error('teapot'), { status: 418 });
    if (how === 'exposed') throw Object.assign(new Error('gone'), { status: 410, expose: true });
    if (how === 'hidden') throw Object.assign(new Error('secret'), { status: 503, expose: false });
    if (how === 'odd-status') throw Object.assign(new Error('odd'), { status: 999 });
    if (how === 'text') throw 'text';
    if (how === 'null') throw null;
    if (how === 'ctx') ctx.throw(422, 'no');
    if (how === 'rejected') return Promise.reject(new Error('late'));
    if (how === 'sent') {
      ctx.res.writeHead(202).end('sent');
      throw new Error('after the answer');
    }
    if (how === 'enoent') throw Object.assign(new Error('no file'), { code: 'ENOENT' });
    throw new Error('no');
  });

  const mounted = new Koa();
  const inner = new Router();
  inner
    .get('/', ok)
    .get('/things/:thing', ok)
    .get('/crash/:x', () => {
      throw new Error('in the mount');
    });
  mounted.use(inner.routes()).use(inner.allowedMethods());
  const deep = new Koa();
  const deepest = new Router({ prefix: '/deepest' });
  deepest.get('/:x', ok);
  deep.use(deepest.routes());
  mounted.use(mount('/deep', deep));
  app.use(mount('/mounted', mounted));

  for (const router of [users, api, admin, odd, fail]) app.use(router.routes()).use(router.allowedMethods());
  return app;
}

/** Method, path, recorded route and status (`*`: the status that the client got), and request headers, if any. */
const cases: readonly (readonly [string, string, string, Record<string, string>?])[] = [
  ['GET', '/users/me', 'GET /users/me 200'],
  ['GET', '/users/42', 'GET /users/:id 200'],
  ['GET', '/users/42?page=2', 'GET /users/:id 200'],
  ['GET', '/users/42/', 'GET /users/:id 200'],
  ['GET', '/users/%F0%9F%99%82', 'GET /users/:id 200'],
  ['HEAD', '/users/42', 'HEAD /users/:id 200'],
  ['PUT', '/users/42', 'PUT /users/:id 200'],
  ['POST', '/users', 'POST /users 201'],
  ['POST', '/users/42/rename', 'POST /users/:id/rename 204'],
  ['GET', '/users/42/profile/photo', 'GET /users/:id/profile/:section 200'],
  ['GET', '/users/42/redirected', 'GET /users/:id/redirected 302'],
  ['OPTIONS', '/users/42', 'OPTIONS /users/:id 200'],
  ['DELETE', '/users/42', 'DELETE /users/:id 405'],
  ['DELETE', '/users/me', 'DELETE /users/me 405'],
  ['PROPFIND', '/users/42', 'other /users/:id 501'],
  ['GET', '/old/42', 'GET /users/:id 200'],
  ['GET', '/api/v1/shops/7/items/9', 'GET /api/v1/shops/:shop/items/:item 200'],
  ['HEAD', '/api/v1/shops/7/items/9', 'HEAD /api/v1/shops/:shop/items/:item 200'],
  ['GET', '/api/v1/shops/7', 'GET unmatched 404'],
  ['GET', '/api', 'GET unmatched 404'],
  ['GET', '/admin/secrets', 'GET /admin/:section 401'],
  ['GET', '/admin/secrets/2', 'GET /admin/:section/:page 401'],
  ['GET', '/admin/secrets', 'GET /admin/:section 200', { authorization: 'yes' }],
  ['GET', '/files/a/b.txt', 'GET /^\\/files\\/(.+)$/ 200'],
  ['GET', '/either/1', 'GET /either/:x 200'],
  ['GET', '/or/1', 'GET /or/:y 200'],
  ['GET', '/any/1', 'GET /any/:thing 200'],
  ['PATCH', '/any/1', 'PATCH /any/:thing 200'],
  ['GET', '/from', 'GET /from 301'],
  ['GET', '/twice/over', 'GET /twice/:how 500'],
  ['GET', '/pass/on', 'GET /pass/:on 200'],
  ['GET', '/shared/1', 'GET /shared/:second 200'],
  ['GET', '/', 'GET / 200'],
  ['GET', '/fail/error', 'GET /fail/:how 500'],
  ['GET', '/fail/rejected', 'GET /fail/:how 500'],
  ['GET', '/fail/teapot', 'GET /fail/:how 418'],
  ['GET', '/fail/exposed', 'GET /fail/:how 410'],
  ['GET', '/fail/hidden', 'GET /fail/:how 503'],
  ['GET', '/fail/odd-status', 'GET /fail/:how 500'],
  ['GET', '/fail/text', 'GET /fail/:how 500'],
  ['GET', '/fail/ctx', 'GET /fail/:how 422'],
  // 404 in Koa 2, 500 in Koa 3.
  ['GET', '/fail/enoent', 'GET /fail/:how *'],
  ['GET', '/fail/sent', 'GET /fail/:how 202'],
  ['GET', '/mounted', 'GET /mounted 200'],
  ['GET', '/mounted/things/3', 'GET /mounted/things/:thing 200'],
  ['GET', '/mounted/crash/3', 'GET /mounted/crash/:x 500'],
  ['DELETE', '/mounted/things/3', 'DELETE /mounted/things/:thing 405'],
  ['GET', '/mounted/deep/deepest/5', 'GET /mounted/deep/deepest/:x 200'],
  ['GET', '/mounted/nowhere', 'GET unmatched 404'],
  ['GET', '/mountedness', 'GET unmatched 404'],
  ['GET', '/nowhere', 'GET unmatched 404'],
  ['GET', '/users/42/none', 'GET unmatched 404'],
  ['POST', '/nowhere', 'POST unmatched 404'],
  ['PROPFIND', '/nowhere', 'other unmatched 501'],
  ['GET', '//users//42', 'GET unmatched 404'],
  ['GET', '/users/42;drop', 'GET /users/:id 200'],
];

for (const koa of ['koa-2', 'koa']) {
  for (const router of ['koa-router-12', 'koa-router-13', 'koa-router-14', '@koa/router']) {
    test(`${koa} with ${router}: ${cases.length} cases`, async (t) => {
      const { default: Koa } = (await import(koa)) as { default: NewApp };
      const { default: Router } = (await import(router)) as { default: NewRouter };
      const { default: mount } = (await import('koa-mount' as string)) as {
        default: (prefix: string, app: App) => unknown;
      };
      const registry = createTestRegistry();
      const app = new Koa();
      app.use(requestMetrics({ registry }));
      const inner = routed(Koa, Router, mount);
      for (const middleware of inner.middleware) app.use(middleware);
      const server = await serve(app);
      t.teardown(() => server.close());
      for (const [method, path, expected, headers = {}] of cases) {
        registry.reset();
        const status = await ask(server.url, method, path, headers);
        const recorded = await until(`${method} ${path}`, async () => {
          const counts = (await readSamples(registry, httpServerRequestDuration)).filter(({ metricName }) =>
            metricName?.endsWith('_count'),
          );
          return counts.length > 0
            ? counts.map(
                ({ labels, value }) =>
                  `${labels.method} ${labels.route} ${labels.status_code}${value === 1 ? '' : ` x ${value}`}`,
              )
            : undefined;
        });
        t.deepEqual(recorded, [expected.replace('*', String(status))], `${method} ${path}`);
        t.true(recorded[0]?.endsWith(` ${status}`), `${method} ${path}: the client got ${status}`);
      }
      const inFlight = await readSamples(registry, httpServerRequestsInFlight);
      t.true(inFlight.length > 0);
      for (const { labels, value } of inFlight) t.is(value, 0, `${labels.method} in flight`);
      t.deepEqual(registry.warnings, []);
    });
  }
}

/** Sent by node:http, since fetch normalizes paths. */
function ask(url: string, method: string, path: string, headers: Record<string, string>): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, method, path, headers, agent: false }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode ?? 0));
    })
      .once('error', reject)
      .end();
  });
}
