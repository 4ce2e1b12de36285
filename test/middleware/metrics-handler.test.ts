// In a process of its own: reflect-metadata adds to Reflect.
/** `createMetricsHandler` over real HTTP: node:http, Express, Nest, Fastify and Hono, and the Koa routes of the same endpoints. */
import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type RequestListener, request } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type RoutesOfKoa from '@koa/router';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import test, { type ExecutionContext } from 'ava';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { defineCounter, defineGauge } from '../../lib/define.js';
import { HealthChecks } from '../../lib/health.js';
import { createTestRegistry } from '../../lib/testing.js';
import {
  createMetricsHandler,
  healthRouter,
  type MetricsHandlerOptions,
  metricsRouter,
  requestMetrics,
} from '../../middleware/index.js';
import { until } from '../helpers/until.js';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.' });

function handlerOf(options: MetricsHandlerOptions = {}) {
  const registry = createTestRegistry();
  registry.counter(jobs).inc(7);
  return createMetricsHandler({ registry, ...options });
}

async function listening(t: ExecutionContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A way to send a request to a handler: over a socket, or by its fetch-style function. */
type Ask = (path: string, init?: RequestInit) => Promise<Response>;

const ways: Readonly<Record<string, (t: ExecutionContext, options?: MetricsHandlerOptions) => Promise<Ask>>> =
  {
    'node:http': async (t, options) => {
      const url = await listening(t, handlerOf(options));
      return (path, init) => fetch(`${url}${path}`, init);
    },
    fetch: async (_t, options) => {
      const handler = handlerOf(options);
      return (path, init) => handler.fetch(new Request(`http://service${path}`, init));
    },
  };

for (const [way, start] of Object.entries(ways)) {
  test(`${way}: GET and HEAD answer in the negotiated format; other methods get 405 and other paths 404`, async (t) => {
    const ask = await start(t);
    const text = await ask('/metrics');
    t.is(text.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    t.is(text.headers.get('vary'), 'Accept, Accept-Encoding');
    t.regex(await text.text(), /^jobs_total 7$/m);
    const open = await ask('/metrics?name[]=jobs_total', {
      headers: { accept: 'application/openmetrics-text' },
    });
    t.regex(open.headers.get('content-type') ?? '', /^application\/openmetrics-text; version=1\.0\.0/);
    t.regex(await open.text(), /# EOF\n$/);
    const head = await ask('/metrics', { method: 'HEAD' });
    t.deepEqual([head.status, await head.text()], [200, '']);
    t.is(head.headers.get('content-length'), null, 'the length of GET is unknown');
    const post = await ask('/metrics', { method: 'POST' });
    t.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
    for (const path of ['/', '/health', '/METRICS', '/metrics/', '/metrics/x'])
      t.is((await ask(path)).status, 404, path);
  });

  test(`${way}: a wrong token gets 401, the valid one the metrics`, async (t) => {
    const ask = await start(t, { token: 's3cret' });
    const refused = await ask('/metrics');
    t.deepEqual([refused.status, refused.headers.get('www-authenticate')], [401, 'Bearer realm="metrics"']);
    t.is((await ask('/metrics', { headers: { authorization: 'Bearer s3cret' } })).status, 200);
  });

  test(`${way}: a scrape above maxScrapes gets 503, and a client that leaves frees its slot`, async (t) => {
    const registry = createTestRegistry();
    let release = (): void => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const asked = new Promise<void>((collecting) => {
      registry.gauge(defineGauge({ name: 'slow', help: 'Slow to collect.' }), {
        collect: () => {
          collecting();
          return released;
        },
      });
    });
    const ask = await start(t, { registry, maxScrapes: 1 });
    const leaving = new AbortController();
    const first = ask('/metrics', { signal: leaving.signal }).then((response) => response.text());
    await asked;
    const refused = await ask('/metrics');
    t.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
    leaving.abort();
    // The collection is still in progress.
    await until('a place', async () => {
      const response = await ask('/metrics?name[]=other');
      await response.text();
      return response.status === 200 ? true : undefined;
    });
    release();
    t.true(
      await first.then(
        () => false,
        () => true,
      ),
    );
  });

  test(`${way}: with checks, health is answered too`, async (t) => {
    const checks = new HealthChecks({ registry: createTestRegistry(), checks: { database: () => false } });
    const ask = await start(t, { checks });
    t.is((await ask('/health')).status, 200);
    t.is((await ask('/ready')).status, 503);
    t.is(await (await ask('/readyz/ping')).text(), 'ok\n');
    t.is(await (await ask('/readyz/database')).text(), 'database failed: reason withheld\n');
    const json = await ask('/ready', { headers: { accept: 'application/health+json' } });
    t.is(json.headers.get('content-type'), 'application/health+json; charset=utf-8');
    t.is(((await json.json()) as { status: string }).status, 'fail');
  });
}

test('node:http: the response is gzipped if accepted, and an absolute URL is understood', async (t) => {
  const url = await listening(t, handlerOf());
  const asked = request(url, { path: `${url}/metrics`, headers: { 'accept-encoding': 'gzip' } }).end();
  const [response] = await once(asked, 'response');
  t.is(response.headers['content-encoding'], 'gzip');
  t.regex(gunzipSync(Buffer.concat(await response.toArray())).toString(), /^jobs_total 7$/m);
});

test('fetch-style: allowFrom without trustedProxies refuses everyone, since the client address is unknown', async (t) => {
  const handler = handlerOf({ allowFrom: ['0.0.0.0/0', '::/0'] });
  t.is((await handler.fetch(new Request('http://service/metrics'))).status, 403);
  const url = await listening(t, handler);
  t.is((await fetch(`${url}/metrics`)).status, 200);
});

test('in both handlers, allowFrom applies to the connection address, or to that of a trusted proxy', async (t) => {
  for (const [trustedProxies, expected] of [
    [0, [403, 403]],
    [1, [200, 200]],
  ] as const) {
    const handler = handlerOf({ allowFrom: ['10.0.0.0/8'], trustedProxies });
    const headers = { 'x-forwarded-for': '203.0.113.9, 10.1.2.3' };
    const url = await listening(t, handler);
    const statuses = [
      (await fetch(`${url}/metrics`, { headers })).status,
      (await handler.fetch(new Request('http://service/metrics', { headers }))).status,
    ];
    t.deepEqual(statuses, expected);
  }
});

/** Frameworks, with the handler mounted as in its TSDoc example. Each app answers `/own` itself. */
const frameworks: Readonly<Record<string, (t: ExecutionContext) => Promise<Ask>>> = {
  Express: async (t) => {
    const app = express();
    app.use(handlerOf());
    app.get('/own', (_request, response) => void response.send('own'));
    const url = await listening(t, app);
    return (path) => fetch(`${url}${path}`);
  },
  'Express, mounted at its path': async (t) => {
    const app = express();
    app.use('/metrics', handlerOf());
    app.get('/own', (_request, response) => void response.send('own'));
    const url = await listening(t, app);
    return (path) => fetch(`${url}${path}`);
  },
  Nest: async (t) => {
    class Own {
      own(): string {
        return 'own';
      }
    }
    Get('own')(
      Own.prototype,
      'own',
      Object.getOwnPropertyDescriptor(Own.prototype, 'own') as PropertyDescriptor,
    );
    Controller()(Own);
    class App {}
    Module({ controllers: [Own] })(App);
    const app = await NestFactory.create(App, { logger: false });
    app.use(handlerOf());
    await app.listen(0, '127.0.0.1');
    t.teardown(() => app.close());
    const url = await app.getUrl();
    return (path) => fetch(`${url}${path}`);
  },
  Fastify: async (t) => {
    const handler = handlerOf();
    const app = fastify();
    app.all('/metrics', (request, reply) => {
      reply.hijack();
      handler(request.raw, reply.raw);
    });
    app.get('/own', async () => 'own');
    t.teardown(() => app.close());
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    return (path) => fetch(`${url}${path}`);
  },
  Hono: async () => {
    const handler = handlerOf();
    const app = new Hono();
    app.get('/metrics', (c) => handler.fetch(c.req.raw));
    app.get('/own', (c) => c.text('own'));
    return async (path) => app.request(path);
  },
};

test('Express: a handler mounted below a path answers only at the full path of its option, in exact spelling', async (t) => {
  const app = express();
  app.use('/internal', handlerOf({ path: '/internal/metrics' }));
  const url = await listening(t, app);
  t.regex(await (await fetch(`${url}/internal/metrics?name[]=jobs_total`)).text(), /^jobs_total 7$/m);
  for (const path of ['/metrics', '/internal', '/INTERNAL/metrics', '/internal/internal/metrics'])
    t.is((await fetch(`${url}${path}`)).status, 404, path);
});

for (const [name, start] of Object.entries(frameworks)) {
  test(`${name}: the handler answers /metrics, and the app other paths`, async (t) => {
    const ask = await start(t);
    t.regex(await (await ask('/metrics')).text(), /^jobs_total 7$/m);
    t.is(await (await ask('/own')).text(), 'own');
  });
}

const load = createRequire(import.meta.url);
for (const [version, name] of [
  ['15', '@koa/router'],
  ['14', 'koa-router-14'],
  ['13', 'koa-router-13'],
  ['12', 'koa-router-12'],
] as const) {
  test(`@koa/router ${version}: nested routers of this package answer, are labelled, and get their parameters`, async (t) => {
    const registry = createTestRegistry();
    const checks = new HealthChecks({ registry, checks: { database: () => true } });
    const { default: Router = load(name) } = load(name);
    const outer: RoutesOfKoa = new Router();
    outer.use('/internal', metricsRouter({ registry }).routes() as never);
    outer.use('/internal', healthRouter({ checks }).routes() as never);
    const app = new Koa().use(requestMetrics({ registry })).use(outer.routes());
    const url = await listening(t, app.callback());
    t.is(await (await fetch(`${url}/internal/readyz/database`)).text(), 'ok\n');
    t.is(await (await fetch(`${url}/internal/readyz/other`)).text(), 'no such check\n');
    t.is((await fetch(`${url}/metrics`)).status, 404);
    const text = await (await fetch(`${url}/internal/metrics`)).text();
    t.regex(text, /_count\{method="GET",route="\/internal\/readyz\/:check",status_code="200"\} 1/);
  });
}

test('Koa routes mounted in Express are an error that suggests createMetricsHandler', async (t) => {
  const app = express();
  app.use(metricsRouter({ registry: createTestRegistry() }).routes() as never);
  app.use(
    ((error, _request, response, _next) =>
      void response.status(500).json({ code: error.code })) as express.ErrorRequestHandler,
  );
  const url = await listening(t, app);
  t.deepEqual(await (await fetch(`${url}/metrics`)).json(), { code: 'ERR_METRICS_NOT_KOA' });
});
