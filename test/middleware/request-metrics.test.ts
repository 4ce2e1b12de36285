import { once } from 'node:events';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import Router from '@koa/router';
import test, { type ExecutionContext } from 'ava';
import Koa from 'koa';
import {
  httpServerAbortedBodies,
  httpServerRequestDuration,
  httpServerRequestsInFlight,
} from '../../lib/catalogue/http.js';
import {
  createTestRegistry,
  readHistogram,
  readSamples,
  readValue,
  type TestRegistry,
} from '../../lib/testing.js';
import { requestMetrics } from '../../middleware/index.js';
import { type KoaServer, serve } from '../helpers/koa-server.js';
import { stopTimers } from '../helpers/manual-stopwatch.js';
import { until } from '../helpers/until.js';

interface Measured extends KoaServer {
  readonly registry: TestRegistry;
  /** The recorded requests as `METHOD route status`, once `count` requests were recorded. */
  recorded(count?: number): Promise<string[]>;
}

/** An app with the middleware mounted first. */
async function measured(t: ExecutionContext, mount: (app: Koa) => void): Promise<Measured> {
  const registry = createTestRegistry();
  const app = new Koa();
  app.use(requestMetrics({ registry }));
  mount(app);
  const server = await serve(app);
  t.teardown(() => server.close());
  return {
    ...server,
    registry,
    recorded: (count = 1) =>
      // A request is recorded when its connection is done with it, possibly after the client has its response.
      until(`${count} recorded`, async () => {
        const counts = (await readSamples(registry, httpServerRequestDuration)).filter(({ metricName }) =>
          metricName?.endsWith('_count'),
        );
        const total = counts.reduce((sum, { value }) => sum + value, 0);
        return total >= count
          ? counts.flatMap(({ labels, value }) =>
              new Array<string>(value).fill(`${labels.method} ${labels.route} ${labels.status_code}`),
            )
          : undefined;
      }),
  };
}

function routers(app: Koa): void {
  const users = new Router({ prefix: '/users' });
  users.get('/me', (ctx) => {
    ctx.body = 'me';
  });
  users.get('/:id', (ctx) => {
    ctx.body = ctx.params.id;
  });
  users.post('/:id/rename', (ctx) => {
    ctx.status = 204;
  });
  const api = new Router({ prefix: '/api' });
  api.use('/v1', users.routes());
  const admin = new Router({ prefix: '/admin' });
  admin.use((ctx) => {
    ctx.status = 401;
  });
  admin.get('/:section', (ctx) => {
    ctx.body = 'never';
  });
  const unusual = new Router();
  unusual.get(/^\/files\/(.+)$/, (ctx) => {
    ctx.body = 'file';
  });
  unusual.get(['/a/:x', '/b/:y'], (ctx) => {
    ctx.body = 'either';
  });
  unusual.get('/fail/:how', (ctx) => {
    if (ctx.params.how === 'status') throw Object.assign(new Error('teapot'), { status: 418 });
    if (ctx.params.how === 'text') throw 'text';
    throw new Error('no');
  });
  for (const router of [users, api, admin, unusual]) app.use(router.routes()).use(router.allowedMethods());
}

for (const [method, path, expected] of [
  ['GET', '/users/me', 'GET /users/me 200'],
  ['GET', '/users/42', 'GET /users/:id 200'],
  ['HEAD', '/users/42', 'HEAD /users/:id 200'],
  ['POST', '/users/42/rename', 'POST /users/:id/rename 204'],
  ['GET', '/api/v1/users/42', 'GET /api/v1/users/:id 200'],
  ['DELETE', '/users/42', 'DELETE /users/:id 405'],
  ['OPTIONS', '/users/42', 'OPTIONS /users/:id 200'],
  ['GET', '/admin/secrets', 'GET /admin/:section 401'],
  ['GET', '/files/a/b.txt', 'GET /^\\/files\\/(.+)$/ 200'],
  ['GET', '/b/1', 'GET /b/:y 200'],
  ['GET', '/fail/status', 'GET /fail/:how 418'],
  ['GET', '/fail/error', 'GET /fail/:how 500'],
  ['GET', '/fail/text', 'GET /fail/:how 500'],
  ['GET', '/nowhere', 'GET unmatched 404'],
  ['PROPFIND', '/nowhere', 'other unmatched 501'],
] as const) {
  test(`${method} ${path} is recorded as ${expected}`, async (t) => {
    const { url, recorded } = await measured(t, routers);
    await (await fetch(`${url}${path}`, { method })).arrayBuffer();
    t.deepEqual(await recorded(), [expected]);
  });
}

test('without a router, every request is unmatched and has the status that the client gets', async (t) => {
  const { url, recorded } = await measured(t, (app) =>
    app.use((ctx) => {
      ctx.status = 202;
    }),
  );
  await fetch(`${url}/anything/${Math.random()}`);
  t.deepEqual(await recorded(), ['GET unmatched 202']);
});

test('a request is counted in flight until it has ended', async (t) => {
  let enter = (): void => {};
  let leave = (): void => {};
  const entered = new Promise<void>((resolve) => {
    enter = resolve;
  });
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const { url, registry, recorded } = await measured(t, (app) =>
    app.use(async (ctx) => {
      enter();
      await left;
      ctx.body = 'done';
    }),
  );
  const response = fetch(url);
  await entered;
  t.is(readValue(registry, httpServerRequestsInFlight, { method: 'GET' }), 1);
  leave();
  await (await response).text();
  await recorded();
  t.is(readValue(registry, httpServerRequestsInFlight, { method: 'GET' }), 0);
});

test.serial('the duration includes the time of the body', async (t) => {
  const advance = stopTimers(t);
  const { url, registry, recorded } = await measured(t, (app) =>
    app.use((ctx) => {
      ctx.body = Readable.from(
        (async function* () {
          yield 'first';
          advance(2);
          yield 'last';
        })(),
      );
    }),
  );
  t.is(await (await fetch(url)).text(), 'firstlast');
  await recorded();
  t.like(
    readHistogram(registry, httpServerRequestDuration, {
      method: 'GET',
      route: 'unmatched',
      status_code: '200',
    }),
    { count: 1, sum: 2 },
  );
});

test('a client that disconnects before the response is recorded as 499, and no longer in flight', async (t) => {
  let enter = (): void => {};
  const entered = new Promise<void>((resolve) => {
    enter = resolve;
  });
  const { url, registry, recorded } = await measured(t, (app) => {
    const router = new Router();
    router.get('/slow/:id', async (ctx) => {
      enter();
      await once(ctx.res, 'close');
    });
    app.use(router.routes());
  });
  const abort = new AbortController();
  const response = fetch(`${url}/slow/1`, { signal: abort.signal });
  await entered;
  abort.abort();
  await t.throwsAsync(response, { any: true, name: 'AbortError' });
  t.deepEqual(await recorded(), ['GET /slow/:id 499']);
  t.is(readValue(registry, httpServerRequestsInFlight, { method: 'GET' }), 0);
  t.is(readValue(registry, httpServerAbortedBodies), 0);
});

test('a client that disconnects during the body is recorded with its status and an aborted body', async (t) => {
  const { url, registry, recorded } = await measured(t, (app) =>
    app.use((ctx) => {
      ctx.body = Readable.from(
        (async function* () {
          yield 'first';
          await once(ctx.res, 'close');
        })(),
      );
    }),
  );
  const client = request(url).end();
  const [response] = await once(client, 'response');
  await once(response, 'data');
  client.destroy();
  t.deepEqual(await recorded(), ['GET unmatched 200']);
  t.is(readValue(registry, httpServerAbortedBodies), 1);
});

test('many requests on keep-alive connections are each recorded once', async (t) => {
  const { url, registry, recorded } = await measured(t, routers);
  await Promise.all(Array.from({ length: 200 }, async (_, id) => (await fetch(`${url}/users/${id}`)).text()));
  t.is((await recorded(200)).length, 200);
  t.is(
    (await readSamples(registry, httpServerRequestsInFlight)).reduce((sum, { value }) => sum + value, 0),
    0,
  );
});
