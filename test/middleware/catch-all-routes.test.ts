/** Routes after and before catch-alls and guards, and those of an app behind another app. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import Koa from 'koa';
import { createTestRegistry, type TestRegistry } from '../../lib/testing.js';
import { requestMetrics } from '../../middleware/index.js';
import { recordedRequests } from '../helpers/recorded-requests.js';

type Handler = (ctx: Koa.Context, next: () => Promise<void>) => unknown;
interface Router {
  use(handler: Handler): Router;
  get(path: string | RegExp, handler: Handler): Router;
  all(path: string | RegExp, handler: Handler): Router;
  routes(): Koa.Middleware;
}
type NewRouter = new (options?: { prefix?: string }) => Router;

const goOn: Handler = async (ctx, next) => {
  ctx.body = 'found';
  await next();
};
const answer: Handler = (ctx) => {
  ctx.body ??= 'caught';
};
const refuse: Handler = (ctx) => {
  ctx.status = 401;
};
const pass: Handler = (_ctx, next) => next();

interface RoutedApp {
  readonly title: string;
  /** Mounts routes on a router; `wildcard` matches everything. */
  readonly mount: (router: Router, wildcard: string | RegExp) => unknown;
  readonly prefix?: string;
  /** The recorded routes by path; `*` is the catch-all. */
  readonly recorded: Readonly<Record<string, string>>;
}

const apps: readonly RoutedApp[] = [
  {
    title: 'handlers that call next before a catch-all',
    mount: (router, wildcard) =>
      router.get('/users/:id', goOn).get('/orders/:id', goOn).all(wildcard, answer),
    recorded: { '/users/1': '/users/:id 200', '/orders/1': '/orders/:id 200', '/nope': '* 200' },
  },
  {
    title: 'a catch-all that calls next before the handlers',
    mount: (router, wildcard) => router.all(wildcard, pass).get('/users/:id', answer),
    recorded: { '/users/1': '/users/:id 200', '/nope': '* 404' },
  },
  {
    title: 'a catch-all that rejects requests before the handlers',
    mount: (router, wildcard) =>
      router.all(wildcard, refuse).get('/users/me', answer).get('/users/:id', answer),
    recorded: { '/users/me': '/users/me 401', '/users/2': '/users/:id 401', '/nope': '* 401' },
  },
  {
    title: 'a guard of the router',
    mount: (router, wildcard) =>
      router.use(refuse).get('/users/me', answer).get('/users/:id', answer).all(wildcard, answer),
    recorded: { '/users/me': '/users/me 401', '/users/2': '/users/:id 401', '/nope': '* 401' },
  },
  {
    title: 'a guard of a router with a prefix',
    prefix: '/admin',
    mount: (router) => router.use(refuse).get('/', answer).get('/:section', answer),
    recorded: { '/admin': '/admin 401', '/admin/users': '/admin/:section 401' },
  },
];

async function ask(t: ExecutionContext, listener: RequestListener, path: string): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  await (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)).arrayBuffer();
}

const routers: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  'koa-router-12': ['(.*)', '/(.*)', '/:rest*', /.*/],
  'koa-router-13': ['/(.*)', /^\/(.*)$/],
  'koa-router-14': ['/{*rest}', '/*rest', /.*/],
  '@koa/router': ['/{*rest}', '/*rest', /^\/.*/],
};

for (const [name, wildcards] of Object.entries(routers)) {
  for (const wildcard of wildcards) {
    test(`the route is the last one that is not a catch-all: ${name}, ${wildcard}`, async (t) => {
      const { default: Router } = (await import(name)) as { default: NewRouter };
      for (const { title, mount, prefix, recorded } of apps) {
        for (const [path, expected] of Object.entries(recorded)) {
          const registry = createTestRegistry();
          const router = new Router(prefix === undefined ? {} : { prefix });
          mount(router, wildcard);
          const app = new Koa().use(requestMetrics({ registry })).use(router.routes());
          await ask(t, app.callback(), path);
          t.deepEqual(
            await recordedRequests(registry, 1),
            [`GET ${expected.replace('*', () => String(wildcard))}`],
            `${title}: ${path}`,
          );
        }
      }
    });
  }
}

test('routes below a prefix take precedence over a catch-all of that prefix', async (t) => {
  const { default: Router } = (await import('@koa/router' as string)) as { default: NewRouter };
  for (const [path, expected] of [
    ['/api/users/1', 'GET /api/users/:id 200'],
    ['/api/nope', 'GET /api/{*rest} 200'],
  ] as const) {
    const registry = createTestRegistry();
    const router = new Router({ prefix: '/api' });
    router.get('/users/:id', goOn).all('/{*rest}', answer);
    await ask(t, new Koa().use(requestMetrics({ registry })).use(router.routes()).callback(), path);
    t.deepEqual(await recordedRequests(registry, 1), [expected]);
  }
});

for (const [title, isOuterMeasured, isInnerMeasured] of [
  ['both are measured', true, true],
  ['it alone is measured', false, true],
] as const) {
  test(`an app behind another by callback() is recorded once, with its own route: ${title}`, async (t) => {
    const { default: Router } = (await import('@koa/router' as string)) as { default: NewRouter };
    const appOf = (registry: TestRegistry, isMeasured: boolean): Koa =>
      isMeasured ? new Koa().use(requestMetrics({ registry })) : new Koa();
    for (const [path, expected] of [
      ['/users/1', 'GET /users/:id 200'],
      ['/nope', isOuterMeasured ? 'GET /{*rest} 404' : 'GET unmatched 404'],
    ] as const) {
      const registry = createTestRegistry();
      const inner = appOf(registry, isInnerMeasured).use(new Router().get('/users/:id', answer).routes());
      const handOn = inner.callback();
      const outer = appOf(registry, isOuterMeasured).use(
        new Router()
          .all('/{*rest}', (ctx) => {
            ctx.respond = false;
            return handOn(ctx.req, ctx.res);
          })
          .routes(),
      );
      await ask(t, outer.callback(), path);
      t.deepEqual(await recordedRequests(registry, 1), [expected]);
    }
  });
}
