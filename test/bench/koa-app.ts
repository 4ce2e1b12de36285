/**
 * Two Koa apps in one child process, one bare and one with one variant of metrics, each on its own port. On a message, it
 * reports the CPU time that it has used.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type RouterClass from '@koa/router';
import type { DataPoint, Histogram, MetricReader } from '@opentelemetry/sdk-metrics';
import type KoaClass from 'koa';
import * as promClient from 'prom-client';
import { httpServerRequestDuration, httpServerRequestsInFlight } from '../../lib/catalogue/http.js';
import { scrapeToString } from '../../lib/exposition/scrape.js';
import { secondsSince, startedAt } from '../../lib/instruments/stopwatch.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { requestMetrics } from '../../middleware/index.js';
import type { koaVariants } from './koa.js';

const require = createRequire(import.meta.url);
const variant = process.argv[2] as (typeof koaVariants)[number];
const isBareFirst = process.argv[3] !== 'measured first';
const ports = { bare: 0, measured: 0 };
let openTelemetryReader: MetricReader | undefined;

// OpenTelemetry patches modules that are required after it.
if (variant === 'OpenTelemetry') await instrument();
const Koa = require('koa') as typeof KoaClass;
const Router = require('@koa/router') as typeof RouterClass;

const registry = new MetricsRegistry();
const byHand = new promClient.Registry();
const [bare, measured] = isBareFirst ? [newBare(), newMeasured()] : [newMeasured(), newBare()].reverse();

const listening = (app: KoaClass): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer(app.callback());
    // A slice of load on the other app may pass between two requests of a connection.
    server.keepAliveTimeout = 600_000;
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
ports.bare = await listening(bare as KoaClass);
ports.measured = await listening(measured as KoaClass);

process.on('message', (asked) => {
  const { user, system } = process.cpuUsage();
  if (asked === 'cpu') process.send?.({ microseconds: user + system });
  else void recorded().then((requests) => process.send?.({ requests }));
});
process.on('disconnect', () => process.exit());
process.send?.(ports);

function newBare(): KoaClass {
  const app = new Koa();
  // Not by `use`, which OpenTelemetry patches for both apps.
  app.middleware.push(hello().routes() as KoaClass.Middleware);
  return app;
}

function newMeasured(): KoaClass {
  const app = new Koa();
  const middleware = measuring();
  if (middleware !== undefined) app.use(middleware);
  app.use(hello().routes());
  return app;
}

function hello(): RouterClass {
  const router = new Router();
  router.get('/users/:id', (ctx) => {
    ctx.body = 'hello';
  });
  return router;
}

function measuring(): KoaClass.Middleware | undefined {
  if (variant === '@tamma/observability') return requestMetrics({ registry });
  if (variant === '@tamma/observability, all measures')
    return requestMetrics({ registry, measure: ['first-byte', 'request-size', 'response-size'] });
  if (variant === 'next() only') return (_ctx, next) => next();
  if (variant === 'bound series by hand') return measuredWithBoundSeries();
  if (variant === 'prom-client by hand') return measuredByHand();
  if (variant === '@echo-health/koa-prometheus-exporter') return echoHealth().httpMetricMiddleware();
  return undefined;
}

/** The number of requests in the exposed metrics of the measured app, which proves that it recorded them. */
async function recorded(): Promise<number | undefined> {
  switch (variant) {
    case 'bare':
    case 'next() only':
      return undefined;
    case '@tamma/observability':
    case '@tamma/observability, all measures':
    case 'bound series by hand':
      return countIn(
        await scrapeToString(registry),
        'http_server_request_duration_seconds_count',
        'route="/users/:id"',
      );
    case 'prom-client by hand':
      return countIn(await byHand.metrics(), 'http_request_duration_seconds_count', 'route="/users/:id"');
    case '@echo-health/koa-prometheus-exporter':
      // It labels by path, and has its own copy of prom-client.
      return countIn(
        await echoHealth().client.register.metrics(),
        'http_server_requests_seconds_count',
        'uri="/users/42"',
      );
    default:
      return countOfOpenTelemetry();
  }
}

/** The sum of the samples with the given name and label. */
function countIn(text: string, name: string, label: string): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
}

async function countOfOpenTelemetry(): Promise<number> {
  const { resourceMetrics } = (await openTelemetryReader?.collect()) ?? {};
  return (resourceMetrics?.scopeMetrics ?? [])
    .flatMap(({ metrics }) => metrics)
    .filter(({ descriptor }) => descriptor.name.startsWith('http.server'))
    .flatMap(({ dataPoints }) => dataPoints as DataPoint<Histogram>[])
    .filter(({ attributes }) => attributes['http.route'] === '/users/:id')
    .reduce((sum, { value }) => sum + value.count, 0);
}

function echoHealth(): {
  readonly httpMetricMiddleware: () => KoaClass.Middleware;
  readonly client: { readonly register: { metrics(): string | Promise<string> } };
} {
  return require('@echo-health/koa-prometheus-exporter');
}

/** It knows its only route, method and status, and counts no aborted bodies. */
function measuredWithBoundSeries(): KoaClass.Middleware {
  const labels = { method: 'GET', route: '/users/:id', status_code: '200' };
  const duration = registry.histogram(httpServerRequestDuration).with(labels);
  const inFlight = registry.gauge(httpServerRequestsInFlight).with({ method: 'GET' });
  return (ctx, next) => {
    const start = startedAt();
    inFlight.inc();
    ctx.res.on('close', () => {
      duration.observe(secondsSince(start));
      inFlight.dec();
    });
    return next();
  };
}

/** Same metrics as koa-prometheus-exporter and similar packages, with the current prom-client: a duration and a gauge. */
function measuredByHand(): KoaClass.Middleware {
  const registers = [byHand];
  const durations = new promClient.Histogram({
    name: 'http_request_duration_seconds',
    help: 'Durations.',
    labelNames: ['method', 'route', 'status_code'],
    registers,
  });
  const inFlight = new promClient.Gauge({
    name: 'http_requests_in_flight',
    help: 'In flight.',
    labelNames: ['method'],
    registers,
  });
  return async (ctx, next) => {
    const stop = durations.startTimer();
    inFlight.inc({ method: ctx.method });
    ctx.res.once('close', () => {
      const route = (ctx as { _matchedRoute?: unknown })._matchedRoute;
      stop({ method: ctx.method, route: String(route), status_code: ctx.res.statusCode });
      inFlight.dec({ method: ctx.method });
    });
    await next();
  };
}

/** HTTP and Koa instrumentation, with metrics and traces that are not exported; it ignores the port of the bare app. */
async function instrument(): Promise<void> {
  const { metrics } = await import('@opentelemetry/api');
  const { MeterProvider, MetricReader } = await import('@opentelemetry/sdk-metrics');
  const { NodeTracerProvider } = await import('@opentelemetry/sdk-trace-node');
  const { HttpInstrumentation } = await import('@opentelemetry/instrumentation-http');
  const { KoaInstrumentation } = await import('@opentelemetry/instrumentation-koa');
  class ManualReader extends MetricReader {
    protected override async onForceFlush(): Promise<void> {}
    protected override async onShutdown(): Promise<void> {}
  }
  openTelemetryReader = new ManualReader();
  const meterProvider = new MeterProvider({ readers: [openTelemetryReader] });
  metrics.setGlobalMeterProvider(meterProvider);
  new NodeTracerProvider().register();
  const instrumentations = [
    new HttpInstrumentation({
      ignoreIncomingRequestHook: (request: IncomingMessage) => request.socket.localPort === ports.bare,
    }),
    new KoaInstrumentation(),
  ];
  for (const each of instrumentations) {
    each.setMeterProvider(meterProvider);
    each.enable();
  }
  require('node:http');
}
