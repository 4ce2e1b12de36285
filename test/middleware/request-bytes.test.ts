/** Bytes as sent, time to the first byte, and aborts, over HTTP/1.1 and HTTP/2. */
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  createServer as createServer2,
} from 'node:http2';
import { type AddressInfo, connect as connectSocket } from 'node:net';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import Router from '@koa/router';
import test, { type ExecutionContext } from 'ava';
import Koa from 'koa';
import {
  httpServerAbortedBodies,
  httpServerRequestDuration,
  httpServerRequestSize,
  httpServerRequestsInFlight,
  httpServerResponseSize,
  httpServerTimeToFirstByte,
} from '../../lib/catalogue/http.js';
import { createTestRegistry, readHistogram, readSamples, readValue } from '../../lib/testing.js';
import { requestMeasures } from '../../middleware/body-watch.js';
import { requestMetrics } from '../../middleware/index.js';
import { stopTimers } from '../helpers/manual-stopwatch.js';
import { until } from '../helpers/until.js';

const text = 'x'.repeat(5_000);

function appOf(registry: ReturnType<typeof createTestRegistry>): Koa {
  const router = new Router();
  router.get('/text', (ctx) => {
    ctx.body = text;
  });
  router.get('/unicode', (ctx) => {
    ctx.body = 'ü'.repeat(100);
  });
  router.get('/stream', (ctx) => {
    ctx.body = Readable.from(['a'.repeat(700), 'b'.repeat(300)]);
  });
  router.get('/endless', (ctx) => {
    ctx.body = Readable.from(
      (async function* parts() {
        yield 'z'.repeat(100);
        await once(ctx.res, 'close');
      })(),
    );
  });
  router.get('/empty', (ctx) => {
    ctx.status = 204;
  });
  router.post('/echo', async (ctx) => {
    let bytes = 0;
    for await (const chunk of ctx.req) {
      bytes += (chunk as Buffer).length;
      ctx.app.emit('request bytes', bytes);
    }
    ctx.body = String(bytes);
  });
  router.post('/ignore', (ctx) => {
    ctx.body = 'ignored';
  });
  router.get('/hang', () => new Promise(() => {}));
  const app = new Koa();
  app.silent = true;
  app.use(requestMetrics({ registry, measure: requestMeasures })).use(router.routes());
  return app;
}

type Reading = { count: number; sum: number };
interface Setting {
  readonly registry: ReturnType<typeof createTestRegistry>;
  readonly port: number;
  response(route: string, method?: string): Promise<Reading>;
  request(route: string, method?: string): Promise<Reading>;
  status(route: string): Promise<string>;
}

async function start(t: ExecutionContext, version: 1 | 2, prepare?: (app: Koa) => void): Promise<Setting> {
  const registry = createTestRegistry();
  const app = appOf(registry);
  prepare?.(app);
  const server = version === 1 ? createServer(app.callback()) : createServer2(app.callback() as never);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
  const reading = (metric: typeof httpServerRequestSize, labels: { method: string; route: string }) =>
    until(`${metric.name} of ${labels.route}`, async () => {
      const found = readHistogram(registry, metric, labels);
      return found === undefined ? undefined : { count: found.count, sum: found.sum };
    });
  return {
    registry,
    port: (server.address() as AddressInfo).port,
    response: (route, method = 'GET') => reading(httpServerResponseSize, { method, route }),
    request: (route, method = 'POST') => reading(httpServerRequestSize, { method, route }),
    status: (route) =>
      until(`a status of ${route}`, async () =>
        (await readSamples(registry, httpServerRequestDuration))
          .find(({ labels }) => labels.route === route)
          ?.labels.status_code?.toString(),
      ),
  };
}

// ---- HTTP/1.1 -----------------------------------------------------------------------------------------------------

test('response bytes are those of the body: declared, chunked, Unicode or empty', async (t) => {
  const { port, response } = await start(t, 1);
  for (const path of ['/text', '/unicode', '/stream', '/empty'])
    await (await fetch(`http://127.0.0.1:${port}${path}`)).arrayBuffer();
  await fetch(`http://127.0.0.1:${port}/text`, { method: 'HEAD' });
  t.deepEqual(await response('/text'), { count: 1, sum: 5_000 });
  t.deepEqual(await response('/unicode'), { count: 1, sum: 200 });
  t.deepEqual(await response('/stream'), { count: 1, sum: 1_000 });
  t.deepEqual(await response('/empty'), { count: 1, sum: 0 });
  t.deepEqual(await response('/text', 'HEAD'), { count: 1, sum: 0 }, 'HEAD has no body');
});

test('a compressed response counts its compressed bytes', async (t) => {
  const { default: compress } = (await import('koa-compress' as string)) as {
    default: (options: object) => Koa.Middleware;
  };
  const { port, response } = await start(t, 1, (app) => {
    // Mounted between the measuring middleware and the routes, as users do.
    app.middleware.splice(1, 0, compress({ threshold: 0 }) as never);
  });
  const answer = await fetch(`http://127.0.0.1:${port}/text`, { headers: { 'accept-encoding': 'gzip' } });
  t.is(answer.headers.get('content-encoding'), 'gzip');
  t.is((await answer.text()).length, 5_000);
  const { sum } = await response('/text');
  t.true(sum > 20 && sum < 200, `${sum} bytes`);
});

test('request bytes are those of the body: declared, chunked, compressed, unread or empty', async (t) => {
  const { port, request } = await start(t, 1);
  const post = async (path: string, body: RequestInit['body'], more: object = {}): Promise<void> => {
    await (
      await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: body ?? null, ...more })
    ).text();
  };
  await post('/echo', 'y'.repeat(1_234));
  t.deepEqual(await request('/echo'), { count: 1, sum: 1_234 });
  await post('/echo', new Blob(['c'.repeat(2_000)]).stream(), { duplex: 'half' });
  t.deepEqual(await request('/echo'), { count: 2, sum: 3_234 });
  const zipped = gzipSync(text);
  await post('/echo', zipped, { headers: { 'content-encoding': 'gzip' } });
  t.deepEqual(await request('/echo'), { count: 3, sum: 3_234 + zipped.length });
  await post('/ignore', 'w'.repeat(50));
  t.deepEqual(await request('/ignore'), { count: 1, sum: 50 });
  await (await fetch(`http://127.0.0.1:${port}/text`)).text();
  t.deepEqual(await request('/text', 'GET'), { count: 1, sum: 0 });
});

test.serial('the time to the first byte ends with the headers, the duration with the body', async (t) => {
  const advance = stopTimers(t);
  const { registry, port, response } = await start(t, 1, (app) => {
    app.middleware.splice(1, 0, (_ctx, next) => {
      advance(2);
      return next();
    });
  });
  const controller = new AbortController();
  const answer = await fetch(`http://127.0.0.1:${port}/endless`, { signal: controller.signal });
  await answer.body?.getReader().read();
  advance(3);
  controller.abort();
  await response('/endless');
  const first = readHistogram(registry, httpServerTimeToFirstByte, { method: 'GET', route: '/endless' });
  const whole = readHistogram(registry, httpServerRequestDuration, {
    method: 'GET',
    route: '/endless',
    status_code: '200',
  });
  t.like(first, { count: 1, sum: 2 });
  t.like(whole, { count: 1, sum: 5 });
  t.is(readValue(registry, httpServerAbortedBodies), 1, 'the client left in the middle');
});

test('a client that disconnects before the response is recorded as 499, without an aborted body', async (t) => {
  const { registry, port, status } = await start(t, 1);
  const socket = connectSocket(port, '127.0.0.1');
  socket.write('GET /hang HTTP/1.1\r\nHost: here\r\n\r\n');
  await until('in flight', async () =>
    readValue(registry, httpServerRequestsInFlight, { method: 'GET' }) === 1 ? true : undefined,
  );
  socket.destroy();
  t.is(await status('/hang'), '499');
  t.is(readValue(registry, httpServerAbortedBodies), 0);
  t.is(readValue(registry, httpServerRequestsInFlight, { method: 'GET' }), 0);
  t.is(readHistogram(registry, httpServerTimeToFirstByte, { method: 'GET', route: '/hang' }), undefined);
});

test('a request body that ends early counts the received bytes, not its Content-Length', async (t) => {
  const arrived = new EventEmitter();
  const { port, request } = await start(t, 1, (app) => {
    app.on('request bytes', (bytes) => arrived.emit(String(bytes)));
  });
  const threeBytes = once(arrived, '3');
  const socket = connectSocket(port, '127.0.0.1');
  socket.write('POST /echo HTTP/1.1\r\nHost: here\r\nContent-Length: 900000000000\r\n\r\nabc');
  await threeBytes;
  socket.destroy();
  t.deepEqual(await request('/echo'), { count: 1, sum: 3 });
});

// ---- HTTP/2 -------------------------------------------------------------------------------------------------------

async function session(t: ExecutionContext, port: number): Promise<ClientHttp2Session> {
  const client = connect(`http://127.0.0.1:${port}`);
  t.teardown(() => client.destroy());
  await new Promise<void>((resolve) => client.once('connect', () => resolve()));
  return client;
}

test('HTTP/2: bytes, statuses, and aborts before and after the headers are recorded', async (t) => {
  const { registry, port, response, request, status } = await start(t, 2);
  const client = await session(t, port);
  const ask = (
    headers: Record<string, string>,
    body?: string,
    cancelWhen?: (stream: ClientHttp2Stream) => Promise<unknown>,
  ): Promise<void> =>
    new Promise((resolve) => {
      const stream = client.request(headers);
      void cancelWhen?.(stream).then(() => stream.close(constants.NGHTTP2_CANCEL));
      stream
        .resume()
        .once('close', resolve)
        .once('error', () => {});
      stream.end(body);
    });
  await ask({ ':path': '/text' });
  await ask({ ':path': '/stream' });
  await ask({ ':path': '/echo', ':method': 'POST' }, 'q'.repeat(333));
  t.deepEqual(await response('/text'), { count: 1, sum: 5_000 });
  t.deepEqual(await response('/stream'), { count: 1, sum: 1_000 });
  t.deepEqual(await request('/echo'), { count: 1, sum: 333 });
  t.deepEqual(await request('/text', 'GET'), { count: 1, sum: 0 });
  t.is(readValue(registry, httpServerAbortedBodies), 0);
  await ask({ ':path': '/endless' }, undefined, (stream) => once(stream, 'data'));
  t.is(await status('/endless'), '200');
  t.is(readValue(registry, httpServerAbortedBodies), 1);
  await ask({ ':path': '/hang' }, undefined, () =>
    until('in flight', async () =>
      readValue(registry, httpServerRequestsInFlight, { method: 'GET' }) === 1 ? true : undefined,
    ),
  );
  t.is(await status('/hang'), '499');
  t.is(readValue(registry, httpServerAbortedBodies), 1);
  t.deepEqual(
    (await readSamples(registry, httpServerRequestsInFlight)).map(({ labels, value }) => [
      labels.method,
      value,
    ]),
    [
      ['GET', 0],
      ['POST', 0],
    ],
  );
  t.deepEqual(registry.warnings, []);
});

test('requests in flight return to 0, whenever clients disconnect', async (t) => {
  // Some clients leave before the server has seen them.
  let seen = 0;
  const arrived = new EventEmitter().setMaxListeners(0);
  const { registry, port } = await start(t, 1, (app) => {
    app.middleware.unshift((ctx, next) => {
      seen += 1;
      arrived.emit(ctx.get('x-client'));
      return next();
    });
  });
  type Leaves = (client: string, answered: Promise<unknown>) => Promise<unknown>;
  const atOnce: Leaves = () => turn();
  const onceSeen: Leaves = (client) => once(arrived, client);
  const onceAnswered: Leaves = (_client, answered) => answered;
  const never: Leaves = () => new Promise(() => {});
  const visits: readonly (readonly [path: string, leaves: Leaves])[] = [
    ...['/text', '/nowhere', '/stream'].flatMap((path) =>
      [atOnce, onceSeen, onceAnswered, never].map((leaves) => [path, leaves] as const),
    ),
    ...[atOnce, onceSeen, onceAnswered].map((leaves) => ['/endless', leaves] as const),
    ...[atOnce, onceSeen].map((leaves) => ['/hang', leaves] as const),
  ];
  const visitors = [1, 2, 3].flatMap(() => visits);
  await Promise.all(
    visitors.map(async ([path, leaves], index) => {
      const controller = new AbortController();
      const client = `client ${index}`;
      const answered = fetch(`http://127.0.0.1:${port}${path}`, {
        signal: controller.signal,
        headers: { 'x-client': client },
      });
      void leaves(client, answered).then(
        () => controller.abort(),
        () => {},
      );
      await answered.then((answer) => answer.text()).catch(() => {});
    }),
  );
  await until('nothing in flight', async () =>
    (await readSamples(registry, httpServerRequestsInFlight)).every(({ value }) => value === 0)
      ? true
      : undefined,
  );
  const durations = (await readSamples(registry, httpServerRequestDuration)).filter(({ metricName }) =>
    metricName?.endsWith('_count'),
  );
  t.is(
    durations.reduce((sum, { value }) => sum + value, 0),
    seen,
  );
  const certainlySeen = visitors.filter(([, leaves]) => leaves !== atOnce).length;
  t.true(seen >= certainlySeen, `${seen} of ${certainlySeen}`);
});

test('a HEAD request has no body, even if middleware changes its method to GET', async (t) => {
  const registry = createTestRegistry();
  const app = new Koa().use(requestMetrics({ registry, measure: ['response-size'] })).use((ctx) => {
    ctx.req.method = 'GET';
    ctx.respond = false;
    ctx.res.write('hello');
    ctx.res.end(' world');
  });
  const server = createServer(app.callback());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { method: 'HEAD' });
  const sizes = await until('the size', async () =>
    readHistogram(registry, httpServerResponseSize, { method: 'HEAD', route: 'unmatched' }),
  );
  t.like(sizes, { count: 1, sum: 0 });
});
