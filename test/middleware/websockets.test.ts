/** WebSockets and requests on one server: a session is not measured as a request. */
import { once } from 'node:events';
import { createServer, type Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import Koa from 'koa';
import { WebSocket, WebSocketServer } from 'ws';
import { httpServerAbortedBodies, httpServerRequestDuration } from '../../lib/catalogue/http.js';
import { createTestRegistry, readHistogram, readValue } from '../../lib/testing.js';
import { requestMetrics } from '../../middleware/index.js';
import { stopTimers } from '../helpers/manual-stopwatch.js';
import { recordedRequests } from '../helpers/recorded-requests.js';

type App = Koa<Koa.DefaultState, Koa.DefaultContext>;

/** Ways in which an app accepts a WebSocket. */
const ways: Readonly<Record<string, (app: App) => Promise<Server>>> = {
  'koa-easy-ws': async (app) => {
    const { default: easyWebSocket } = (await import('koa-easy-ws' as string)) as {
      default: () => Koa.Middleware;
    };
    app.use(easyWebSocket());
    app.use(async (ctx) => {
      const socket: WebSocket = await ctx.ws();
      socket.send('hello');
    });
    return createServer(app.callback());
  },
  'an upgrade listener that calls the app': async (app) => {
    const sockets = new WebSocketServer({ noServer: true });
    app.use((ctx) => {
      ctx.respond = false;
      sockets.handleUpgrade(ctx.req, ctx.req.socket, Buffer.alloc(0), (socket) => socket.send('hello'));
    });
    return createServer().on('upgrade', (req) => void app.callback()(req, new ServerResponse(req)));
  },
};

async function listen(t: ExecutionContext, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/chat`;
}

async function firstMessage(client: WebSocket): Promise<string> {
  const [message] = await once(client, 'message');
  return String(message);
}

for (const [name, serverOf] of Object.entries(ways)) {
  test.serial(
    `a WebSocket is recorded with 101 when it opens, without the duration of its session: ${name}`,
    async (t) => {
      const advance = stopTimers(t);
      const registry = createTestRegistry();
      const app: App = new Koa();
      app.use(requestMetrics({ registry }));
      const url = await listen(t, await serverOf(app));
      const client = new WebSocket(url);
      t.is(await firstMessage(client), 'hello');
      t.deepEqual(
        await recordedRequests(registry, 1),
        ['GET unmatched 101'],
        'recorded while the session is open',
      );
      advance(90);
      client.close();
      await once(client, 'close');
      t.deepEqual(await recordedRequests(registry, 1), ['GET unmatched 101']);
      t.like(
        readHistogram(registry, httpServerRequestDuration, {
          method: 'GET',
          route: 'unmatched',
          status_code: '101',
        }),
        { count: 1, sum: 0 },
      );
      t.is(readValue(registry, httpServerAbortedBodies), 0);
    },
  );
}

test('a handshake refused by the WebSocket library has the status that it sends', async (t) => {
  const registry = createTestRegistry();
  const sockets = new WebSocketServer({ noServer: true, verifyClient: () => false });
  const app = new Koa().use(requestMetrics({ registry }));
  app.use((ctx) => {
    ctx.respond = false;
    sockets.handleUpgrade(ctx.req, ctx.req.socket, Buffer.alloc(0), () => t.fail());
  });
  const client = new WebSocket(await listen(t, createServer(app.callback())));
  const [, response] = await once(client, 'unexpected-response');
  response.resume();
  client.on('error', () => {}).terminate();
  t.is(response.statusCode, 401);
  t.deepEqual(await recordedRequests(registry, 1), ['GET unmatched 401']);
});

test('an upgrade that the app declines is an ordinary request', async (t) => {
  const registry = createTestRegistry();
  const app = new Koa().use(requestMetrics({ registry }));
  app.use((ctx) => {
    ctx.body = 'HTTP/1.1 is enough';
  });
  const url = await listen(t, createServer(app.callback()));
  const client = new WebSocket(url);
  const [, response] = await once(client, 'unexpected-response');
  response.resume();
  await once(response, 'end');
  client.on('error', () => {}).terminate();
  t.deepEqual(await recordedRequests(registry, 1), ['GET unmatched 200']);
});

test('contexts of koa-websocket, which have no response, are passed through', async (t) => {
  const { default: withWebSockets } = (await import('koa-websocket' as string)) as {
    default: (
      app: Koa,
    ) => App & { ws: { use(middleware: Koa.Middleware): void }; listen(port: number, host: string): Server };
  };
  const registry = createTestRegistry();
  const app = withWebSockets(new Koa());
  app.ws.use(requestMetrics({ registry }));
  app.ws.use((ctx) => {
    ctx.websocket.send(`hello ${ctx.path}`);
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/chat`);
  t.is(await firstMessage(client), 'hello /chat');
  client.close();
  await once(client, 'close');
  t.deepEqual(await recordedRequests(registry, 0), []);
  t.deepEqual(registry.warnings, []);
});
