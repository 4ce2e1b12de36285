/** Numbers of the libraries in lib/migration.md that are fetched for this test, and ours, recorded by the same work. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import Router from '@koa/router';
import test from 'ava';
import Koa from 'koa';
import type { Registry } from 'prom-client';
import { Counted, instrument, outcome, Timed } from '../../decorators/index.js';
import { methodCalls, methodDuration } from '../../lib/catalogue/method.js';
import { defineCounter, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { createTestRegistry, readHistogram, readSamples, readText } from '../../lib/testing.js';
import { createMetricsHandler, requestMetrics } from '../../middleware/index.js';
import { fetchedPackages } from '../helpers/fetched-packages.js';
import { serve } from '../helpers/koa-server.js';
import { fromRoot } from '../helpers/package-root.js';
import { parseText } from '../helpers/parse-text.js';

interface PromClient {
  readonly register: Registry;
}

interface Autometrics {
  autometrics<F>(wrapped: F): F;
  registerExporter(options: { readonly metricReader: object }): void;
}

interface Express {
  use(middleware: unknown): void;
  get(path: string, handler: (request: { params: { id: string } }, response: ExpressResponse) => void): void;
  listen(port: number, host: string): Server;
}

interface ExpressResponse {
  status(code: number): ExpressResponse;
  send(text: string): void;
}

type PromBundle = (options: {
  readonly includeMethod: boolean;
  readonly includePath: boolean;
  readonly normalizePath: readonly (readonly [string, string])[];
  readonly bypass: (request: { readonly path: string }) => boolean;
}) => unknown;

const guide = await readFile(fromRoot('lib/migration.md'), 'utf8');

test('express-prom-bundle and requestMetrics count the same requests, in the same buckets', async (t) => {
  const load = await fetchedPackages('express-prom-bundle');
  const express: () => Express = load('express');
  const promBundle: PromBundle = load('express-prom-bundle');
  const old = express();
  old.use(
    promBundle({
      includeMethod: true,
      includePath: true,
      normalizePath: [['^/orders/\\d+$', '/orders/:id']],
      bypass: ({ path }) => path === '/health',
    }),
  );
  old.get('/health', (_, response) => response.send('ok'));
  old.get('/orders/:id', ({ params }, response) => {
    if (params.id === '3') response.status(409).send('taken');
    else response.send('ok');
  });
  const oldServer = old.listen(0, '127.0.0.1');
  await once(oldServer, 'listening');
  t.teardown(() => oldServer.close());

  const buckets = (/buckets: \[(.*)\]/.exec(guide)?.[1] ?? '').split(', ').map(Number);
  const duration = defineHistogram({
    name: 'http_request_duration_seconds',
    help: 'Duration of requests.',
    labels: { method: label(), route: label(), status_code: label() },
    buckets,
  });
  const registry = createTestRegistry();
  const router = new Router();
  router.get('/health', (ctx) => {
    ctx.body = 'ok';
  });
  router.get('/orders/:id', (ctx) => {
    if (ctx.params.id === '3') ctx.throw(409);
    ctx.body = 'ok';
  });
  const app = new Koa();
  app.silent = true;
  app.use(requestMetrics({ registry, duration, skip: (ctx) => ctx.path === '/health' }));
  app.use(router.routes());
  const server = await serve(app);
  t.teardown(() => server.close());

  const oldUrl = `http://127.0.0.1:${(oldServer.address() as AddressInfo).port}`;
  for (const url of [oldUrl, server.url]) {
    for (const path of ['/orders/1', '/orders/2', '/orders/3', '/health', '/missing'])
      await (await fetch(url + path)).text();
  }
  const before = parseText(await (await fetch(`${oldUrl}/metrics`)).text());
  const after = parseText(await readText(registry));
  const counts = (samples: typeof before, route: string): string[] =>
    samples
      .filter(({ name }) => name === 'http_request_duration_seconds_count')
      .map(({ labels, value }) => `${labels.method} ${labels[route]} ${labels.status_code}: ${value}`)
      .sort();
  t.deepEqual(counts(before, 'path'), [
    'GET /missing 404: 1',
    'GET /orders/:id 200: 2',
    'GET /orders/:id 409: 1',
  ]);
  t.deepEqual(
    counts(after, 'route'),
    counts(before, 'path')
      .map((line) => line.replace('/missing', 'unmatched'))
      .sort(),
  );
  const bounds = (samples: typeof before): string[] => [
    ...new Set(samples.flatMap(({ labels }) => labels.le ?? [])),
  ];
  t.deepEqual(bounds(before), [...buckets.map(String), '+Inf']);
  t.deepEqual(bounds(after), bounds(before));
});

interface Counter {
  inc(labels: Readonly<Record<string, string>>): void;
}

type Decorate = (...target: readonly unknown[]) => unknown;

interface Nest {
  readonly Module: (options: object) => Decorate;
  readonly Injectable: () => Decorate;
}

interface NestPrometheus {
  readonly PrometheusModule: { register(options: object): object };
  readonly InjectMetric: (name: string) => Decorate;
  readonly makeCounterProvider: (options: object) => object;
}

interface NestApplication {
  get<T>(type: new (counter: Counter) => T): T;
  use(middleware: (request: IncomingMessage, response: ServerResponse, next: () => void) => unknown): void;
  listen(port: number, host: string): Promise<Server>;
  getUrl(): Promise<string>;
  close(): Promise<void>;
}

test('nestjs-prometheus and @Counted count the same calls, and its metrics are in our scrape', async (t) => {
  const load = await fetchedPackages('nestjs-prometheus');
  const {
    NestFactory,
  }: { NestFactory: { create(module: unknown, options: object): Promise<NestApplication> } } =
    load('@nestjs/core');
  const { Module, Injectable }: Nest = load('@nestjs/common');
  const { PrometheusModule, InjectMetric, makeCounterProvider }: NestPrometheus = load(
    '@willsoto/nestjs-prometheus',
  );
  const { register }: PromClient = load('prom-client');
  const registry = new MetricsRegistry({ prometheus: register });
  const jobs = defineCounter({
    name: 'counted_jobs_total',
    help: 'Jobs.',
    labels: { outcome: label('success', 'failure', 'escalation') },
  });

  class Jobs {
    readonly #counter: Counter;
    constructor(counter: Counter) {
      this.#counter = counter;
    }
    /** As with nestjs-prometheus: the method counts its ends itself. */
    async run(fails: boolean): Promise<void> {
      try {
        await this.work(fails);
        this.#counter.inc({ outcome: 'success' });
      } catch (error) {
        this.#counter.inc({ outcome: 'failure' });
        throw error;
      }
    }
    @Counted(jobs, { labels: { outcome }, registry })
    async work(fails: boolean): Promise<void> {
      if (fails) throw new Error('failed');
    }
  }
  class AppModule {}
  // As functions, because these tests are compiled with standard decorators.
  Injectable()(Jobs);
  InjectMetric('jobs_total')(Jobs, undefined, 0);
  const provider = makeCounterProvider({ name: 'jobs_total', help: 'Jobs.', labelNames: ['outcome'] });
  const options = { path: '/old', defaultMetrics: { enabled: false } };
  Module({ imports: [PrometheusModule.register(options)], providers: [Jobs, provider] })(AppModule);
  const app = await NestFactory.create(AppModule, { logger: false });
  t.teardown(() => app.close());
  app.use(createMetricsHandler({ registry }));
  await app.listen(0, '127.0.0.1');
  const service = app.get(Jobs);
  for (const fails of [false, false, true]) await service.run(fails).catch(() => {});

  const url = await app.getUrl();
  const scrape = async (path: string): Promise<ReturnType<typeof parseText>> =>
    parseText(await (await fetch(url + path)).text());
  const counts = (samples: ReturnType<typeof parseText>, counter: string): string[] =>
    samples
      .filter(({ name }) => name === counter)
      .map(({ labels, value }) => `${labels.outcome}: ${value}`)
      .sort();
  const expected = ['failure: 1', 'success: 2'];
  t.deepEqual(counts(await scrape('/old'), 'jobs_total'), expected);
  const ours = await scrape('/metrics');
  t.deepEqual(counts(ours, 'counted_jobs_total'), expected);
  t.deepEqual(counts(ours, 'jobs_total'), expected);
  t.is((await readSamples(registry, jobs)).length, 2);
});

test('autometrics and instrument count the same calls, and the same failures', async (t) => {
  const load = await fetchedPackages('autometrics');
  const { autometrics, registerExporter }: Autometrics = load('@autometrics/autometrics');
  // Its own copy of the SDK.
  const { MetricReader } = createRequire(load.resolve('@autometrics/autometrics'))(
    '@opentelemetry/sdk-metrics',
  ) as typeof import('@opentelemetry/sdk-metrics');
  class Reader extends MetricReader {
    protected override onForceFlush = async (): Promise<void> => {};
    protected override onShutdown = async (): Promise<void> => {};
  }
  const reader = new Reader();
  registerExporter({ metricReader: reader });
  async function convert(text: string): Promise<string> {
    if (text === '') throw new Error('empty');
    return text;
  }
  const registry = createTestRegistry();
  const old = autometrics(convert);
  const ours = instrument(convert, Counted({ registry }), Timed({ registry }));
  for (const run of [old, ours]) {
    await run('a');
    await run('b');
    await t.throwsAsync(async () => run(''));
  }

  const metrics = (await reader.collect()).resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  const pointsOf = (name: string) =>
    metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
  const calls = Object.fromEntries(
    pointsOf('function.calls').map(({ attributes, value }) => [attributes.result, value]),
  );
  t.deepEqual(calls, { ok: 2, error: 1 });
  const recorded = await readSamples(registry, methodCalls);
  t.deepEqual(Object.fromEntries(recorded.map(({ labels, value }) => [labels.outcome, value])), {
    success: 2,
    failure: 1,
  });
  const timed = pointsOf('function.calls.duration').map(({ value }) => (value as { count: number }).count);
  t.deepEqual(timed, [3]);
  const counts = (['success', 'failure'] as const).map(
    (outcome) => readHistogram(registry, methodDuration, { method: 'convert', outcome })?.count,
  );
  t.deepEqual(counts, [2, 1]);
});
