/** The recorded status of requests that end abnormally, and the side that broke them off, over HTTP/1.1 and HTTP/2. */
import { once } from 'node:events';
import { createServer, type Server, ServerResponse } from 'node:http';
import {
  type ClientHttp2Stream,
  connect as connect2,
  constants,
  createServer as createServer2,
} from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import Koa from 'koa';
import { httpServerAbortedBodies, httpServerFailedBodies } from '../../lib/catalogue/http.js';
import { createTestRegistry, readValue, type TestRegistry } from '../../lib/testing.js';
import { requestMetrics } from '../../middleware/index.js';
import { recordedRequests } from '../helpers/recorded-requests.js';

interface Outcome {
  readonly title: string;
  readonly handler: (ctx: Koa.Context) => unknown;
  readonly status: number;
  /** The side that broke the body off after the head. */
  readonly brokenOffBy?: 'client' | 'server';
}

const appOf = (registry: TestRegistry, handler: Koa.Middleware): Koa => {
  const app = new Koa();
  app.silent = true;
  return app.use(requestMetrics({ registry })).use(handler);
};

async function recordedAs(
  t: ExecutionContext,
  registry: TestRegistry,
  { status, brokenOffBy }: Outcome,
  method = 'GET',
): Promise<void> {
  t.deepEqual(await recordedRequests(registry, 1), [`${method} unmatched ${status}`]);
  t.is(readValue(registry, httpServerAbortedBodies), brokenOffBy === 'client' ? 1 : 0);
  t.is(readValue(registry, httpServerFailedBodies), brokenOffBy === 'server' ? 1 : 0);
  t.deepEqual(registry.warnings, []);
}

/** A body that fails before its first byte or in the middle. */
const failing = (error: Error, part?: string): Readable =>
  Readable.from(
    (async function* parts() {
      if (part !== undefined) yield part;
      throw error;
    })(),
  );

const failed = new Error('the store is gone');
const upstreamReset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });

/** Sends the head and a part of the body, and does not end it. */
const begin = async ({ res }: Koa.Context): Promise<void> => {
  res.statusCode = 200;
  await new Promise<void>((sent) => res.write('a part', () => sent()));
};
const hang = (): Promise<never> => new Promise(() => {});

// ---- HTTP/1.1 -----------------------------------------------------------------------------------------------------

interface Http1Outcome extends Outcome {
  /** Options and listeners of the server. */
  readonly server?: (app: Koa) => Server;
  /** The data that the client sends. Default: a GET. */
  readonly request?: string;
  /** The action of the client once it has received a given text. Default: it waits for the end of the connection. */
  readonly client?: { readonly on: 'request' | 'data'; readonly does: (socket: Socket) => void };
  /** The status that the client receives, if it differs from the recorded one. */
  readonly received?: number | undefined;
}

const get = 'GET / HTTP/1.1\r\nHost: here\r\n\r\n';
const leave = (socket: Socket): void => {
  socket.destroy();
};
const serverOf = (ctx: Koa.Context): Server => (ctx.req.socket as Socket & { server: Server }).server;
const closeAll = (ctx: Koa.Context): void => serverOf(ctx).closeAllConnections();
const timeOut = async (ctx: Koa.Context): Promise<never> => {
  ctx.req.socket.setTimeout(1);
  return hang();
};
const withListener =
  (event: 'clientError' | 'timeout', status: number) =>
  (app: Koa): Server =>
    createServer(app.callback()).on(event, (...args: readonly unknown[]) => {
      (args.at(-1) as Socket).end(`HTTP/1.1 ${status} Its own\r\nConnection: close\r\n\r\n`);
    });

const http1: readonly Http1Outcome[] = [
  {
    title: 'a body that fails before its first byte is 500',
    handler: (ctx) => {
      ctx.body = failing(failed);
    },
    status: 500,
    received: undefined,
  },
  {
    title: 'a body that fails in the middle keeps its status and is a failed body',
    handler: (ctx) => {
      ctx.body = failing(failed, 'a part');
    },
    status: 200,
    brokenOffBy: 'server',
  },
  {
    title: 'a body whose upstream resets its connection is 500, since the client has not left',
    handler: (ctx) => {
      ctx.body = failing(upstreamReset);
    },
    status: 500,
    received: undefined,
  },
  {
    title: 'a response that the server destroys before its head is 500',
    handler: (ctx) => {
      ctx.res.destroy();
      return hang();
    },
    status: 500,
    received: undefined,
  },
  {
    title: 'a response that the server destroys in the middle is a failed body',
    handler: async (ctx) => {
      await begin(ctx);
      ctx.res.destroy();
      return hang();
    },
    status: 200,
    brokenOffBy: 'server',
  },
  {
    title: 'closeAllConnections() before the head is 500',
    handler: (ctx) => {
      closeAll(ctx);
      return hang();
    },
    status: 500,
    received: undefined,
  },
  {
    title: 'closeAllConnections() in the middle of a body is a failed body',
    handler: async (ctx) => {
      await begin(ctx);
      closeAll(ctx);
      return hang();
    },
    status: 200,
    brokenOffBy: 'server',
  },
  {
    title: 'a connection that the server times out is 500',
    handler: timeOut,
    status: 500,
    received: undefined,
  },
  {
    title: 'a connection that the server times out in the middle of a body is a failed body',
    handler: async (ctx) => {
      await begin(ctx);
      return timeOut(ctx);
    },
    status: 200,
    brokenOffBy: 'server',
  },
  {
    title: 'the status is the one that a `timeout` listener of the server sends',
    handler: timeOut,
    server: withListener('timeout', 503),
    status: 503,
  },
  {
    title: 'a malformed body is 400, as Node responds by itself',
    handler: hang,
    request: 'POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n',
    status: 400,
  },
  {
    title: 'a body slower than `requestTimeout` is 408, as Node responds by itself',
    handler: (ctx) => {
      // Sent once the head has arrived, however slow the machine is.
      Object.assign(serverOf(ctx), { headersTimeout: 1, requestTimeout: 1 });
      return hang();
    },
    server: (app) => createServer({ connectionsCheckingInterval: 10 }, app.callback()),
    request: 'POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\npart',
    status: 408,
  },
  {
    title: 'a pipelined request with too large a head is 431, as Node responds by itself',
    handler: hang,
    request: `${get}GET / HTTP/1.1\r\nHost: here\r\nX-Long: ${'x'.repeat(40_000)}\r\n\r\n`,
    status: 431,
  },
  {
    title: 'the status is the one that a `clientError` listener of the server sends',
    handler: hang,
    server: withListener('clientError', 418),
    request: `${get}no request at all\r\n\r\n`,
    status: 418,
  },
  {
    title: 'a client that leaves while it sends its body is 499',
    handler: hang,
    request: 'POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\npart',
    client: { on: 'request', does: leave },
    status: 499,
    received: undefined,
  },
  {
    title: 'a client that leaves before it has received a finished body is an aborted body',
    handler: (ctx) => {
      ctx.body = Buffer.alloc(30_000_000);
    },
    client: { on: 'data', does: leave },
    status: 200,
    brokenOffBy: 'client',
  },
  ...['setHeader', 'writeHead'].map(
    (way): Http1Outcome => ({
      title: `a client that has all bytes of the Content-Length may leave before the end (${way})`,
      handler: async (ctx) => {
        if (way === 'setHeader') ctx.res.setHeader('Content-Length', 6);
        else ctx.res.writeHead(200, { 'content-length': '6' });
        await begin(ctx);
        return hang();
      },
      client: { on: 'data', does: leave },
      status: 200,
    }),
  ),
  {
    title: 'a client that leaves before it has all bytes of the Content-Length is an aborted body',
    handler: async (ctx) => {
      ctx.res.setHeader('Content-Length', 7);
      await begin(ctx);
      return hang();
    },
    client: { on: 'data', does: leave },
    status: 200,
    brokenOffBy: 'client',
  },
  {
    title: 'an upgrade that the app refuses has the status of the response',
    handler: (ctx) => {
      ctx.status = 403;
    },
    server: (app) =>
      createServer().on('upgrade', (req, socket) => {
        const res = new ServerResponse(req);
        res.assignSocket(socket as Socket);
        res.once('finish', () => socket.end());
        void app.callback()(req, res);
      }),
    request: 'GET / HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    status: 403,
  },
];

for (const outcome of http1) {
  const { title, handler, status, request = get, client, server: createOwn } = outcome;
  test(`HTTP/1.1: ${title}`, async (t) => {
    const registry = createTestRegistry();
    let arrive = (): void => {};
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    let count = 0;
    const app = appOf(registry, (ctx) => {
      arrive();
      count += 1;
      return handler(ctx as Koa.Context);
    });
    const server = createOwn?.(app) ?? createServer(app.callback());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    t.teardown(() => {
      socket.destroy();
      server.close();
    });
    const closed = once(socket, 'close');
    socket.on('error', () => {}).setEncoding('latin1');
    let received = '';
    const first = new Promise<void>((resolve) => {
      socket.on('data', (text: string) => {
        received += text.slice(0, 20);
        if (client === undefined || text.includes('\r\n\r\n')) resolve();
      });
    });
    socket.write(request);
    if (client !== undefined) {
      await (client.on === 'request' ? arrived : first);
      client.does(socket);
    }
    await closed;
    await recordedAs(t, registry, outcome, request.slice(0, request.indexOf(' ')));
    t.is(count, 1);
    const receivedStatus = /^HTTP\/1\.1 (\d+)/.exec(received)?.[1];
    t.is(
      receivedStatus,
      'received' in outcome ? undefined : String(status),
      'the status that the client received',
    );
  });
}

// ---- HTTP/2 -------------------------------------------------------------------------------------------------------

interface Http2Outcome extends Outcome {
  readonly client?: { readonly on: 'request' | 'data'; readonly does: (stream: ClientHttp2Stream) => void };
}

const streamOf = (ctx: Koa.Context): ClientHttp2Stream & { respond(headers: object): void } =>
  (ctx.res as unknown as { stream: ClientHttp2Stream & { respond(headers: object): void } }).stream;
const cancel = (stream: ClientHttp2Stream): void => stream.close(constants.NGHTTP2_CANCEL);
const leaveSession = (stream: ClientHttp2Stream): void => stream.session?.destroy();

const http2: readonly Http2Outcome[] = [
  {
    title: 'a response written directly to the HTTP/2 stream has the status of its headers',
    handler: (ctx) => {
      ctx.respond = false;
      streamOf(ctx).respond({ ':status': 203 });
      streamOf(ctx).end('by hand');
    },
    status: 203,
  },
  {
    title: 'a stream that the server closes before the headers is 500',
    handler: (ctx) => {
      ctx.respond = false;
      streamOf(ctx).close(constants.NGHTTP2_INTERNAL_ERROR);
    },
    status: 500,
  },
  {
    title: 'a stream that the server closes in the middle is a failed body',
    handler: async (ctx) => {
      await begin(ctx);
      streamOf(ctx).close(constants.NGHTTP2_CANCEL);
      return hang();
    },
    status: 200,
    brokenOffBy: 'server',
  },
  {
    title: 'a body that fails before its first byte is 500',
    handler: (ctx) => {
      ctx.body = failing(failed);
    },
    status: 500,
  },
  {
    title: 'a body that fails in the middle is a failed body',
    handler: (ctx) => {
      ctx.body = failing(failed, 'a part');
    },
    status: 200,
    brokenOffBy: 'server',
  },
  {
    title: 'a session that the server destroys is 500',
    handler: (ctx) => {
      streamOf(ctx).session?.destroy();
      return hang();
    },
    status: 500,
  },
  ...[cancel, leaveSession].flatMap((does): Http2Outcome[] => [
    {
      title: `a client that leaves before the headers is 499 (${does.name})`,
      handler: hang,
      client: { on: 'request', does },
      status: 499,
    },
    {
      title: `a client that leaves in the middle is an aborted body (${does.name})`,
      handler: async (ctx) => {
        await begin(ctx);
        return hang();
      },
      client: { on: 'data', does },
      status: 200,
      brokenOffBy: 'client',
    },
    {
      title: `a client that has all bytes of the Content-Length may leave before the end (${does.name})`,
      handler: async (ctx) => {
        ctx.res.setHeader('Content-Length', 6);
        await begin(ctx);
        return hang();
      },
      client: { on: 'data', does },
      status: 200,
    },
  ]),
];

for (const outcome of http2) {
  const { title, handler, client } = outcome;
  test(`HTTP/2: ${title}`, async (t) => {
    const registry = createTestRegistry();
    let arrive = (): void => {};
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const app = appOf(registry, (ctx) => {
      arrive();
      return handler(ctx as Koa.Context);
    });
    const server = createServer2(app.callback() as never);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const session = connect2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    t.teardown(() => {
      session.destroy();
      server.close();
    });
    session.on('error', () => {});
    const stream = session.request({ ':path': '/' });
    stream.on('error', () => {});
    const first = new Promise<void>((resolve) => stream.once('data', () => resolve()));
    if (client !== undefined) {
      await (client.on === 'request' ? arrived : first);
      client.does(stream);
    }
    await recordedAs(t, registry, outcome);
  });
}
