/** The events of the dashboard: what a page gets, how often, and how it is disconnected. */
import { once } from 'node:events';
import { setTimeout as elapsed } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import Koa from 'koa';
import { Gauge as PromClientGauge, Registry as PromClientRegistry } from 'prom-client';
import {
  httpServerAbortedBodies,
  httpServerRequestDuration,
  httpServerRequestsInFlight,
} from '../../../lib/catalogue/http.js';
import { defineCounter, defineGauge, defineHistogram } from '../../../lib/define.js';
import { HealthChecks } from '../../../lib/health.js';
import type { FeedEvents, HistoryAnswer } from '../../../lib/history/feed.js';
import { label } from '../../../lib/label.js';
import { MetricsRegistry } from '../../../lib/registry.js';
import { eventStream } from '../../../middleware/dashboard/event-stream.js';
import { dashboardRouter as routerWithClock } from '../../../middleware/dashboard.js';
import { type DashboardOptions, dashboardRouter, requestMetrics } from '../../../middleware/index.js';
import { type EventReader, readEvents } from '../../helpers/event-reader.js';
import { serve } from '../../helpers/koa-server.js';
import { type ManualClock, manualClock } from '../../helpers/manual-clock.js';
import { until } from '../../helpers/until.js';

interface Mounted {
  readonly url: string;
  readonly registry: MetricsRegistry;
  readonly clock: ManualClock;
  events(query?: string): Promise<EventReader>;
}

async function mounted(t: ExecutionContext, options: DashboardOptions = {}): Promise<Mounted> {
  const registry = new MetricsRegistry({ prometheus: new PromClientRegistry() });
  const clock = manualClock();
  const router = routerWithClock({ registry, ...options }, clock);
  const server = await serve(new Koa().use(router.routes()));
  t.teardown(async () => {
    await router.close();
    await server.close();
  });
  const readers: EventReader[] = [];
  t.teardown(() => {
    for (const reader of readers) reader.close();
  });
  return {
    url: `${server.url}/dashboard`,
    registry,
    clock,
    async events(query = '') {
      const reader = await readEvents(`${server.url}/dashboard/events${query}`);
      readers.push(reader);
      return reader;
    },
  };
}

/** The first event of a name that is as expected, while seconds pass. */
async function eventually<Name extends keyof FeedEvents>(
  clock: ManualClock,
  page: EventReader,
  name: Name,
  isExpected: (data: FeedEvents[Name]) => boolean,
): Promise<FeedEvents[Name]> {
  let next = page.next(name);
  return until(`an event ${name}`, async () => {
    clock.advance(1_000);
    const data = await Promise.race([next, elapsed(20, undefined)]);
    if (data === undefined) return undefined;
    if (isExpected(data as FeedEvents[Name])) return data as FeedEvents[Name];
    next = page.next(name);
    return undefined;
  });
}

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: { queue: label() } });
const depth = defineGauge({ name: 'depth', help: 'Depth.' });
const waits = defineHistogram({ name: 'wait_seconds', help: 'Waits.', buckets: [1, 2] });

test('hello comes first, then samples whose values are those of the registry', async (t) => {
  const { registry, clock, url, events } = await mounted(t, { title: 'shop' });
  registry.counter(jobs).inc({ queue: 'a' }, 3);
  registry.gauge(depth).set(7);
  registry.histogram(waits).observe(1.5);
  const page = await events('?metric=wait_seconds');
  t.is(page.response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  t.is(page.response.headers.get('cache-control'), 'no-store, no-transform');
  const hello = await eventually(clock, page, 'hello', ({ targets: [own] }) => own?.metrics.length === 3);
  t.is(page.names()[0], 'hello');
  t.regex(page.text(), /^retry: 2000\n\n/);
  t.is(hello.title, 'shop');
  const [target] = hello.targets;
  t.deepEqual(
    target?.metrics.map(({ name, type, unit, series }) => [name, type, unit, series]),
    [
      ['depth', 'gauge', 'none', 1],
      ['jobs_total', 'counter', 'none', 1],
      ['wait_seconds', 'histogram', 'seconds', 1],
    ],
  );
  registry.counter(jobs).inc({ queue: 'a' }, 2);
  registry.histogram(waits).observe(5);
  const sample = await eventually(
    clock,
    page,
    'sample',
    ({ metrics }) => JSON.stringify(metrics.jobs_total?.values) === '[5]',
  );
  t.deepEqual(sample.metrics.depth?.values, [7]);
  const answer = (await (await fetch(`${url}/history?metric=wait_seconds`)).json()) as HistoryAnswer;
  const [history] = answer.metrics;
  t.is(sample.metrics.wait_seconds?.revision, history?.revision);
  t.deepEqual(history?.bounds, [2, null]);
  t.deepEqual(
    history?.values.map((values) => values.at(-1)),
    [[6.5, 1, 1]],
  );
});

test('the registry is read every interval, and every second while a page is open; collect functions stay at the interval', async (t) => {
  // Before the dashboard is mounted, which reads the registry immediately.
  const registry = new MetricsRegistry({ prometheus: new PromClientRegistry() });
  let collected = 0;
  registry.gauge(depth, {
    collect() {
      collected++;
      this.set(collected);
    },
  });
  const other = new PromClientGauge({ name: 'other', help: 'Other.', registers: [], collect: () => {} });
  registry.prometheus.registerMetric(other);
  const { clock, events } = await mounted(t, { registry, intervalSeconds: 15 });
  await clock.waitsFor(15_000);
  t.is(collected, 1);
  clock.advance(15_000);
  await clock.waitsFor(15_000);
  t.is(collected, 2);
  const page = await events();
  await page.next('sample');
  const times: number[] = [];
  for (let second = 0; second < 20; second++) {
    await clock.waitsFor(1_000);
    clock.advance(1_000);
    times.push((await page.next('sample')).time);
  }
  t.true(times.every((time, index) => index === 0 || time - (times[index - 1] ?? 0) === 1_000));
  t.is(collected, 3, 'once within these 20 seconds');
  page.close();
  await clock.waitsFor(15_000);
  t.false(clock.timers().includes(1_000), 'no sample each second without a page');
});

test('a metric that is new makes another hello', async (t) => {
  const { registry, clock, events } = await mounted(t);
  const page = await events();
  await page.next('hello');
  registry.counter(jobs).inc({ queue: 'a' });
  const hello = await eventually(clock, page, 'hello', ({ targets: [own] }) => own?.metrics.length === 1);
  t.deepEqual(
    hello.targets[0]?.sections.map(({ id }) => id),
    ['further'],
  );
});

test('health checks run while a page is open, and their reasons are shown with `details` only', async (t) => {
  for (const details of [false, true]) {
    let runs = 0;
    const registry = new MetricsRegistry();
    const checks = new HealthChecks({ registry });
    checks.add('database', () => {
      runs++;
      throw new Error('connection refused by db.internal');
    });
    const { clock, events } = await mounted(t, { checks, details });
    clock.advance(60_000);
    t.is(runs, 0);
    const page = await events();
    const status = await eventually(clock, page, 'status', ({ health }) => health !== undefined);
    t.is(status.health?.status, 'fail');
    t.is(status.health?.checks[0]?.output, details ? 'connection refused by db.internal' : undefined);
    t.false(checks.isWatched, 'a person who looks is no load balancer');
  }
});

test('a page gets a comment line every 15 seconds', async (t) => {
  const { clock, events } = await mounted(t);
  const page = await events();
  await page.next('hello');
  t.notRegex(page.text(), /^:$/m);
  for (let second = 0; second < 15; second++) clock.advance(1_000);
  await until('a comment line', async () => (/^:$/m.test(page.text()) ? true : undefined));
  t.is(page.text().match(/^:$/gm)?.length, 1);
});

test('more pages than allowed get 503, until one is closed', async (t) => {
  const { url, events } = await mounted(t, { maxPages: 2 });
  const [first] = [await events(), await events()];
  const refused = await fetch(`${url}/events`);
  t.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '10']);
  t.deepEqual(await refused.json(), { error: '2 pages are open already.' });
  first.close();
  await until('a place', async () => {
    const { status, body } = await fetch(`${url}/events`);
    await body?.cancel();
    return status === 200 ? true : undefined;
  });
  t.pass();
});

test('a page that does not read is disconnected, so that it costs a bounded amount of memory', async (t) => {
  let closed = 0;
  const connection = { isOver: false, whenOver: () => {}, cutOff: () => {} };
  const stream = eventStream(connection, manualClock(), () => {
    closed++;
  });
  const end = once(stream.body, 'close');
  const data = { target: 'x'.repeat(2 ** 20), time: 1, metrics: {} };
  for (let sent = 0; sent < 8; sent++) stream.send({ event: 'sample', data });
  t.true(stream.body.destroyed);
  await end;
  t.is(closed, 1);
  stream.send({ event: 'sample', data });
});

test('a page that is closed is no error of the app, and its stream is not changed by other middleware', async (t) => {
  const clock = manualClock();
  const router = routerWithClock({ registry: new MetricsRegistry() }, clock);
  t.teardown(() => router.close());
  const app = new Koa();
  const errors: unknown[] = [];
  app.on('error', (error) => errors.push(error));
  app.use(async (ctx, next) => {
    await next();
    ctx.set('X-After', 'yes');
    ctx.body ??= 'nothing';
  });
  const server = await serve(app.use(router.routes()));
  t.teardown(() => server.close());
  app.silent = false;
  const page = await readEvents(`${server.url}/dashboard/events`);
  await page.next('hello');
  t.is(page.response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  page.close();
  await until('the end of its timer', async () => {
    clock.advance(1_000);
    return (await fetch(`${server.url}/dashboard/`)).status === 200 && clock.timers().length <= 1
      ? true
      : undefined;
  });
  t.deepEqual(errors, []);
});

test('a server that closes does not wait for open pages', async (t) => {
  const registry = new MetricsRegistry();
  const clock = manualClock();
  const router = routerWithClock({ registry }, clock);
  const server = await serve(new Koa().use(router.routes()));
  t.teardown(() => router.close());
  const page = await readEvents(`${server.url}/dashboard/events`);
  await page.next('hello');
  const closed = new Promise((resolve) => server.server.close(resolve));
  await until('the end of the stream', async () => {
    clock.advance(1_000);
    const pause = elapsed(50, undefined);
    return Promise.race([page.ended.then(() => true as const), pause]);
  });
  server.server.closeIdleConnections();
  await closed;
  t.pass();
});

test('close ends open pages, and refuses new ones', async (t) => {
  const router = dashboardRouter({ registry: new MetricsRegistry() });
  const server = await serve(new Koa().use(router.routes()));
  t.teardown(() => server.close());
  const page = await readEvents(`${server.url}/dashboard/events`);
  await page.next('hello');
  await router.close();
  await page.ended;
  t.is((await fetch(`${server.url}/dashboard/events`)).status, 503);
});

test('an open page is no request in flight, and its stream is measured once, up to its start', async (t) => {
  const registry = new MetricsRegistry();
  const router = dashboardRouter({ registry });
  const app = new Koa().use(requestMetrics({ registry })).use(router.routes());
  const server = await serve(app);
  t.teardown(async () => {
    await router.close();
    await server.close();
  });
  const page = await readEvents(`${server.url}/dashboard/events`);
  await page.next('hello');
  const recorded = (): readonly (readonly [unknown, number])[] =>
    [...registry.histogram(httpServerRequestDuration).series].map((series) => [
      registry.histogram(httpServerRequestDuration).series.valuesOf(series),
      series.count,
    ]);
  const inFlight = registry.gauge(httpServerRequestsInFlight).with({ method: 'GET' });
  t.is(inFlight.value, 0);
  t.deepEqual(recorded(), [[['GET', '/dashboard/:file', '200'], 1]]);
  page.close();
  await page.ended;
  await until(
    'the end of the connection',
    () =>
      new Promise<true | undefined>((resolve) => {
        server.server.getConnections((_, count) => resolve(count === 0 ? true : undefined));
      }),
  );
  t.is(inFlight.value, 0);
  t.deepEqual(recorded(), [[['GET', '/dashboard/:file', '200'], 1]]);
  t.is(registry.counter(httpServerAbortedBodies).with({}).value, 0);
});
