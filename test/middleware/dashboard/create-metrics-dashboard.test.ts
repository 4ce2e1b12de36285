/** `createMetrics({ dashboard: true })` and the other ways to serve the dashboard: its port, its end, its file, its cluster. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { access, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Registry } from 'prom-client';
import { defineCounter, defineGauge } from '../../../lib/define.js';
import { HealthChecks } from '../../../lib/health.js';
import type { HistoryAnswer } from '../../../lib/history/feed.js';
import { MetricsRegistry } from '../../../lib/registry.js';
import { createTestRegistry } from '../../../lib/testing.js';
import { createMetrics, type Metrics } from '../../../middleware/create-metrics.js';
import type { CreateMetricsOptions } from '../../../middleware/create-metrics-options.js';
import { createMetricsHandler, startMetricsServer } from '../../../middleware/index.js';
import { readEvents } from '../../helpers/event-reader.js';
import { bundled } from '../../helpers/package-root.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { until } from '../../helpers/until.js';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.' });

async function started(
  t: ExecutionContext,
  config: Parameters<typeof createMetrics>[0] = {},
  options: CreateMetricsOptions = {},
): Promise<Metrics> {
  const registry = createTestRegistry();
  const metrics = createMetrics(
    { host: '127.0.0.1', port: 0, ...config },
    { registry, dashboard: true, signals: false, fetch: false, defaultMetrics: false, ...options },
  );
  t.teardown(() => metrics.stop());
  await metrics.start();
  return metrics;
}

/** The values of `jobs_total` in the history, once there are some. */
async function jobsIn(url: string): Promise<readonly unknown[]> {
  return until('a history', async () => {
    const answer = (await (await fetch(`${url}/history?metric=jobs_total`)).json()) as HistoryAnswer;
    const [history] = answer.metrics;
    return history === undefined || history.times.length === 0 ? undefined : history.values[0];
  });
}

test('the metrics server serves the dashboard, with the name of the service and the token of /metrics', async (t) => {
  const metrics = await started(t, { token: 's3cret', labels: { service: 'shop' } });
  const url = `${metrics.url}/dashboard`;
  t.is((await fetch(`${url}/`)).status, 401);
  const page = await readEvents(`${url}/events`, { authorization: 'Bearer s3cret' });
  const hello = await page.next('hello');
  t.is(hello.title, 'shop');
  page.close();
});

test('without the option there is no dashboard, nor with METRICS_ENABLED=false', async (t) => {
  const without = await started(t, {}, { dashboard: false });
  t.is((await fetch(`${without.url}/dashboard/`)).status, 404);
  const off = await started(t, { enabled: false });
  t.is((await fetch(`${off.url}/dashboard/`)).status, 404);
});

test('stop does not wait for open pages', async (t) => {
  const metrics = await started(t);
  const page = await readEvents(`${metrics.url}/dashboard/events`);
  await page.next('hello');
  const start = performance.now();
  await metrics.stop();
  await page.ended;
  // It would take the five seconds of the server, and is a watchdog only.
  t.true(performance.now() - start < 30_000);
});

test('createMetrics refuses a dashboard that is not a boolean or known options, before anything starts', (t) => {
  const refused = (dashboard: unknown, message: RegExp): void => {
    const options = { registry: createTestRegistry(), dashboard } as object as CreateMetricsOptions;
    t.throws(() => createMetrics({}, options), { code: 'ERR_METRICS_INVALID_OPTION', message });
  };
  refused({ pth: '/x' }, /`pth` of `dashboard` of createMetrics.*Did you mean `path`/s);
  refused('yes', /`dashboard` of createMetrics: expected true, false or an object.*received "yes"/);
  refused(1, /`dashboard` of createMetrics.*received 1/);
  refused(null, /`dashboard` of createMetrics.*received null/);
  refused({ path: '/x', token: 'x' }, /`token` of `dashboard` of createMetrics/);
});

test('startMetricsServer and createMetricsHandler refuse such a dashboard too', async (t) => {
  const options = { registry: createTestRegistry(), dashboard: 'yes' } as object;
  const expected = {
    code: 'ERR_METRICS_INVALID_OPTION',
    message: /`dashboard` of \w+: expected true, false/,
  };
  await t.throwsAsync(startMetricsServer({ port: 0 }, options), expected);
  t.throws(() => createMetricsHandler(options), expected);
});

test('the history is kept across restarts beside the snapshot, and goes on with the restored counters', async (t) => {
  const folder = await temporaryFolder(t);
  const snapshotFile = join(folder, 'metrics.om');
  const first = await started(t, { snapshotFile });
  first.registry.counter(jobs).inc(5);
  const page = await readEvents(`${first.url}/dashboard/events`);
  await until('five jobs', async () => {
    const sample = await page.next('sample');
    return JSON.stringify(sample.metrics.jobs_total?.values) === '[5]' ? true : undefined;
  });
  page.close();
  await first.stop();
  await access(`${snapshotFile}.history`);
  const second = await started(t, { snapshotFile });
  second.registry.counter(jobs).inc(2);
  const again = await readEvents(`${second.url}/dashboard/events`);
  await until('seven jobs', async () => {
    const sample = await again.next('sample');
    return JSON.stringify(sample.metrics.jobs_total?.values) === '[7]' ? true : undefined;
  });
  again.close();
  const values = await jobsIn(`${second.url}/dashboard`);
  t.true(values.includes(5));
  t.true(values.includes(null), 'a gap where nothing ran');
  t.is(values.at(-1), 7);
});

test('a damaged history costs the past of the charts, and nothing else', async (t) => {
  const folder = await temporaryFolder(t);
  const snapshotFile = join(folder, 'metrics.om');
  await writeFile(`${snapshotFile}.history`, '{"version":1}\nnonsense\n');
  const warnings: string[] = [];
  const registry = new MetricsRegistry({
    prometheus: new Registry(),
    onWarning: ({ code }) => warnings.push(code),
  });
  const metrics = await started(t, { snapshotFile }, { registry });
  registry.counter(jobs).inc();
  t.is((await fetch(`${metrics.url}/dashboard/`)).status, 200);
  t.deepEqual(warnings, ['METRICS_HISTORY_FAILED']);
  t.is(await readFile(`${snapshotFile}.history.damaged`, 'utf8'), '{"version":1}\nnonsense\n');
});

test('createMetricsHandler serves it for node:http, and as a fetch-style handler', async (t) => {
  const registry = createTestRegistry();
  registry.counter(jobs).inc(3);
  const handler = createMetricsHandler({ registry, dashboard: { path: '/live', title: 'shop' } });
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const page = await readEvents(`${url}/live/events`);
  t.is((await page.next('hello')).title, 'shop');
  page.close();
  const answer = await handler.fetch(new Request('http://service/live/history?metric=jobs_total'));
  t.is(answer.status, 200);
  const abort = new AbortController();
  const events = await handler.fetch(new Request('http://service/live/events', { signal: abort.signal }));
  const reader = events.body?.getReader();
  const first = await reader?.read();
  t.regex(Buffer.from(first?.value ?? []).toString(), /^retry: 2000/);
  await reader?.cancel();
});

test('options of the dashboard that cannot be used are refused when the metrics are set up, not when they start', async (t) => {
  const registry = createTestRegistry();
  for (const [option, value] of Object.entries({ title: 3, path: '/', historyFile: 'x/', maxPages: 0 })) {
    const dashboard = { [option]: value };
    for (const [where, make] of Object.entries({
      createMetrics: () => createMetrics({}, { registry, dashboard }),
      createMetricsHandler: () => createMetricsHandler({ registry, dashboard }),
    }))
      t.throws(make, {
        code: 'ERR_METRICS_INVALID_OPTION',
        message: new RegExp(`^Invalid \`dashboard\\.${option}\` of ${where}: expected `),
      });
  }
  t.throws(() => createMetricsHandler({ registry, dashboard: { intervalSeconds: 0 } }), {
    message: /^Invalid `dashboard\.intervalSeconds` of createMetricsHandler: expected a number of seconds/,
  });
});

test('a server whose other options are refused has not begun to read the registry', async (t) => {
  let collected = 0;
  const registry = createTestRegistry();
  registry.gauge(defineGauge({ name: 'level', help: 'Level.' })).addCollect(() => {
    collected++;
  });
  const checks = new HealthChecks({ registry });
  const server = (options: object) =>
    startMetricsServer({ host: '127.0.0.1', port: 0 }, { registry, checks, dashboard: true, ...options });
  await t.throwsAsync(server({ tls: { keyFile: 'none.pem', certFile: 'none.pem' } }), {
    message: /`tls\.keyFile`/,
  });
  await t.throwsAsync(server({ maxScrapes: 0 }), { message: /`maxScrapes`/ });
  t.throws(() => createMetricsHandler({ registry, dashboard: true, maxScrapes: 0 }), {
    message: /`maxScrapes`/,
  });
  // A dashboard that reads does so first when its modules are loaded.
  const running = await server({});
  await until('a reading', async () => (collected > 0 ? true : undefined));
  await running.close();
  t.is(collected, 1);
});

test('a handler that is closed disconnects its pages, so that its server can close, and reads no more', async (t) => {
  const registry = createTestRegistry();
  const folder = await temporaryFolder(t);
  const historyFile = join(folder, 'history');
  const handler = createMetricsHandler({ registry, dashboard: { historyFile } });
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  registry.counter(jobs).inc();
  const page = await readEvents(`${url}/dashboard/events`);
  await page.next('sample');
  const closed = once(server, 'close');
  server.close();
  await handler.close();
  await page.ended;
  server.closeIdleConnections();
  await closed;
  t.regex(await readFile(historyFile, 'utf8'), /jobs_total/);
  t.is((await handler.fetch(new Request('http://service/dashboard/events'))).status, 503);
  t.is((await handler.fetch(new Request('http://service/metrics'))).status, 200);
  await t.notThrowsAsync(createMetricsHandler({ registry }).close());
});

test('in a cluster it shows the totals of all processes, and the buckets of native histograms', async (t) => {
  const child = fork(bundled('test/fixtures/cluster/create-metrics.ts'), {
    execArgv: [],
    env: { ...process.env, METRICS_ENDPOINT: '127.0.0.1', METRICS_PORT: '0', DASHBOARD: 'true' },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const closed = once(child, 'close');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  await until('the workers', async () => (output.includes('ready') ? true : undefined));
  const url = `${/ready (\S+)/.exec(output)?.[1]}/dashboard`;
  const page = await readEvents(`${url}/events`);
  await until('the total of both workers', async () => {
    const sample = await page.next('sample');
    return JSON.stringify(sample.metrics.work_total?.values) === '[10]' ? true : undefined;
  });
  page.close();
  const answer = (await (await fetch(`${url}/history?metric=wait_seconds`)).json()) as HistoryAnswer;
  const [wait] = answer.metrics;
  t.deepEqual(wait?.bounds, [2], 'not +Inf only');
  t.deepEqual(wait?.values[0]?.at(-1), [3.8, 2]);
});
