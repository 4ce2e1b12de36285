/** The steps of the ladder of a Koa request. Requests come over a connection in memory: the kernel's share would be noise. */
import { createServer } from 'node:http';
import process from 'node:process';
import { Duplex } from 'node:stream';
import Router from '@koa/router';
import Koa from 'koa';
import { httpServerRequestDuration, httpServerRequestsInFlight } from '../../lib/catalogue/http.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { requestMeasures } from '../../middleware/body-watch.js';
import { requestMetrics } from '../../middleware/index.js';
import type { RunningStep } from './ladder-app.js';

const request = Buffer.from('GET /users/42 HTTP/1.1\r\nHost: here\r\n\r\n');

export async function koaStep(index: number): Promise<RunningStep> {
  const registry = new MetricsRegistry();
  const app = new Koa();
  const middleware = [undefined, ...handWritten(registry), ...measured(registry)][index];
  if (middleware !== undefined) app.use(middleware);
  const router = new Router();
  router.get('/users/:id', (ctx) => {
    ctx.body = 'hello';
  });
  app.use(router.routes());
  const run = await connected(app);
  if (index < 5) return { run };
  return {
    run,
    recorded: async () =>
      [...registry.histogram(httpServerRequestDuration).series].reduce((sum, { count }) => sum + count, 0),
  };
}

/** Each does what the one before does, and one thing more. */
function handWritten(registry: MetricsRegistry): readonly Koa.Middleware[] {
  const labels = { method: 'GET', route: '/users/:id', status_code: '200' };
  const duration = registry.histogram(httpServerRequestDuration).with(labels);
  const inFlight = registry.gauge(httpServerRequestsInFlight).with({ method: 'GET' });
  const now = (): number => {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds + nanoseconds * 1e-9;
  };
  let last = 0;
  return [
    (_ctx, next) => next(),
    (ctx, next) => {
      ctx.res.on('close', () => {});
      return next();
    },
    (ctx, next) => {
      const start = now();
      ctx.res.on('close', () => {
        last = start;
      });
      return next();
    },
    (ctx, next) => {
      const start = now();
      ctx.res.on('close', () => {
        last = now() - start;
      });
      return next();
    },
    (ctx, next) => {
      const start = now();
      ctx.res.on('close', () => {
        last = now() - start;
        duration.observe(last);
      });
      return next();
    },
    (ctx, next) => {
      const start = now();
      inFlight.inc();
      ctx.res.on('close', () => {
        last = now() - start;
        duration.observe(last);
        inFlight.dec();
      });
      return next();
    },
  ];
}

function measured(registry: MetricsRegistry): readonly Koa.Middleware[] {
  return [
    requestMetrics({ registry }),
    requestMetrics({ registry, measure: requestMeasures }),
  ] as Koa.Middleware[];
}

/** Sends requests over one kept connection, the next one when the response to the last has come. */
async function connected(app: Koa): Promise<RunningStep['run']> {
  const server = createServer(app.callback());
  server.keepAliveTimeout = 0;
  const connection = new MemoryConnection();
  server.emit('connection', connection);
  // The length of a response, by which the next ones are recognized.
  await connection.exchange();
  return async (requests) => {
    for (let left = requests; left > 0; left--) await connection.exchange();
  };
}

/** The client's side of a connection: what is pushed reaches the server, what the server writes is counted. */
class MemoryConnection extends Duplex {
  readonly remoteAddress = '127.0.0.1';
  #expected = 0;
  #received = 0;
  #answered: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 65_536 });
  }

  exchange(): Promise<void> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.push(request);
    });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#count(chunk.length);
    done();
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: () => void): void {
    for (const { chunk } of chunks) this.#count(chunk.length);
    done();
  }

  #count(bytes: number): void {
    this.#received += bytes;
    const answered = this.#answered;
    if (answered === undefined || this.#received < this.#expected) return;
    // The rest of the first response comes before the next turn.
    setImmediate(() => {
      this.#expected ||= this.#received;
      this.#received = 0;
      this.#answered = undefined;
      answered();
    });
  }

  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}
