/** `dashboardRouter` over real HTTP: the page, its files, who may read it, and the headers for browsers. */
import test, { type ExecutionContext } from 'ava';
import Koa from 'koa';
import { defineCounter } from '../../../lib/define.js';
import { dashboardFeed } from '../../../lib/history/dashboard-feed.js';
import type { HistoryAnswer } from '../../../lib/history/feed.js';
import { registryTarget } from '../../../lib/history/registry-target.js';
import { label } from '../../../lib/label.js';
import type { MetricsRegistry } from '../../../lib/registry.js';
import { createTestRegistry } from '../../../lib/testing.js';
import { dashboardServer } from '../../../middleware/dashboard/dashboard-server.js';
import { type DashboardOptions, dashboardRouter } from '../../../middleware/index.js';
import { readEvents } from '../../helpers/event-reader.js';
import { serve } from '../../helpers/koa-server.js';
import { manualClock } from '../../helpers/manual-clock.js';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.', labels: { queue: label() } });

async function dashboard(
  t: ExecutionContext,
  options: DashboardOptions = {},
): Promise<{ readonly url: string; readonly registry: MetricsRegistry }> {
  const registry = createTestRegistry();
  const router = dashboardRouter({ registry, ...options });
  const server = await serve(new Koa().use(router.routes()));
  t.teardown(async () => {
    await router.close();
    await server.close();
  });
  return { url: server.url, registry };
}

/** The file of a type that the page loads. */
async function fileOf(url: string, ending: string): Promise<string> {
  const html = await (await fetch(`${url}/dashboard/`)).text();
  const [, name = ''] = new RegExp(`"([^"]+\\.${ending})"`).exec(html) ?? [];
  return `${url}/dashboard/${name}`;
}

test('GET /dashboard leads to the page, relative to the path behind which a proxy shows it', async (t) => {
  const { url } = await dashboard(t);
  const response = await fetch(`${url}/dashboard`, { redirect: 'manual' });
  t.is(response.status, 302);
  t.is(response.headers.get('location'), 'dashboard/');
  const page = await fetch(`${url}/dashboard`);
  t.is(page.status, 200);
  t.is(page.headers.get('content-type'), 'text/html; charset=utf-8');
  t.regex(await page.text(), /^<!doctype html>/i);
});

test('the page may load nothing but its own files, and no other page may embed it', async (t) => {
  const { url } = await dashboard(t);
  for (const path of ['', 'events', 'history?metric=jobs_total', 'none']) {
    const { headers, body } = await fetch(`${url}/dashboard/${path}`);
    await body?.cancel();
    const policy = headers.get('content-security-policy') ?? '';
    t.regex(policy, /^default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'/, path);
    t.regex(policy, /frame-ancestors 'none'/);
    t.false(policy.includes('unsafe'));
    t.is(headers.get('x-content-type-options'), 'nosniff');
    t.is(headers.get('referrer-policy'), 'no-referrer');
  }
  const html = await (await fetch(`${url}/dashboard/`)).text();
  t.notRegex(html, /<script>|<style|\son\w+=|https?:/, 'nothing inline, and nothing of other servers');
});

test('files with a hash in their name are kept for ever, and the page is checked at every visit', async (t) => {
  const { url } = await dashboard(t);
  const script = await fileOf(url, 'js');
  const file = await fetch(script);
  t.is(file.headers.get('content-type'), 'text/javascript; charset=utf-8');
  t.is(file.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  t.is(file.headers.get('content-encoding'), 'gzip');
  const plain = await fetch(script, { headers: { 'accept-encoding': 'identity' } });
  t.is(plain.headers.get('content-encoding'), null);
  t.is(await plain.text(), await file.text());
  const page = await fetch(`${url}/dashboard/`);
  t.is(page.headers.get('cache-control'), 'no-cache');
  const again = await fetch(`${url}/dashboard/`, {
    headers: { 'if-none-match': page.headers.get('etag') ?? '' },
  });
  t.deepEqual([again.status, await again.text()], [304, '']);
  const head = await fetch(script, { method: 'HEAD' });
  t.deepEqual([head.status, await head.text()], [200, '']);
});

test('other methods get 405, and other names 404', async (t) => {
  const { url } = await dashboard(t);
  const post = await fetch(`${url}/dashboard/events`, { method: 'POST' });
  t.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
  for (const path of ['index.htm', 'toString', '__proto__', '..%2fpackage.json', 'page-files.cjs'])
    t.is((await fetch(`${url}/dashboard/${path}`)).status, 404, path);
  t.is((await fetch(`${url}/dashboard/a/b`)).status, 404);
});

test('with a token, a browser gets in with it as the password of any user, and programs as at /metrics', async (t) => {
  const { url } = await dashboard(t, { token: 's3cret' });
  const basic = (user: string, password: string): string =>
    `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const status = async (path: string, authorization?: string): Promise<number> => {
    const headers = authorization === undefined ? {} : { authorization };
    const { status, body } = await fetch(`${url}/dashboard${path}`, { headers, redirect: 'manual' });
    await body?.cancel();
    return status;
  };
  for (const path of ['', '/', '/events', '/history?metric=jobs_total', '/query?metric=jobs_total']) {
    t.is(await status(path), 401, path);
    t.is(await status(path, basic('me', 'wrong')), 401);
    t.is(await status(path, basic('s3cret', '')), 401);
    t.is(await status(path, 'Bearer wrong'), 401);
    t.true((await status(path, basic('me', 's3cret'))) < 400, path);
    t.true((await status(path, basic('', 's3cret'))) < 400);
    t.true((await status(path, 'Bearer s3cret')) < 400);
  }
  const { headers } = await fetch(`${url}/dashboard/`);
  t.is(headers.get('www-authenticate'), 'Bearer realm="metrics", Basic realm="metrics", charset="UTF-8"');
});

test('addresses that may not scrape may not see the dashboard', async (t) => {
  const { url } = await dashboard(t, { allowFrom: ['10.0.0.0/8'] });
  for (const path of ['/', '/events', '/history?metric=jobs_total'])
    t.is((await fetch(`${url}/dashboard${path}`)).status, 403, path);
});

test('an option that is misspelt or cannot be used is refused when the dashboard is mounted', (t) => {
  const refused = (options: object, message: RegExp): void => {
    t.throws(() => dashboardRouter(options), { code: 'ERR_METRICS_INVALID_OPTION', message });
  };
  refused({ tokn: 'x' }, /`tokn` of dashboardRouter.*Did you mean `token`/s);
  refused({ path: '/' }, /`path`/);
  refused({ path: '/:id' }, /`path`/);
  refused({ intervalSeconds: 0 }, /`intervalSeconds`/);
  refused({ maxPages: 0 }, /`maxPages`/);
  refused({ checks: {} }, /`checks` of dashboardRouter: expected new HealthChecks/);
  refused({ retentionSamples: 1.5 }, /`retentionSamples`/);
  refused({ historyFile: 'folder/' }, /`historyFile`/);
  refused({ allowFrom: ['everywhere'] }, /`allowFrom`/);
});

test('label values of any kind arrive as they are', async (t) => {
  const { url, registry } = await dashboard(t);
  const hostile = [
    '<script>alert(1)</script>',
    '</script><img src=x onerror=alert(1)>',
    '\u202eevil\u202c',
    '👩‍🚀 "quotes" \\ and\nlines\r\n\ndata: {}\nevent: hello',
    'x'.repeat(10_000),
    '__proto__',
    'constructor',
  ];
  for (const queue of hostile) registry.counter(jobs).inc({ queue });
  const events = await readEvents(`${url}/dashboard/events?metric=jobs_total`);
  t.teardown(() => events.close());
  await events.next('hello');
  await events.next('sample');
  const answer = (await (await fetch(`${url}/dashboard/history?metric=jobs_total`)).json()) as HistoryAnswer;
  t.deepEqual(answer.metrics[0]?.tracks.map(({ labels }) => labels.queue).sort(), [...hostile].sort());
});

test('a history is answered by name, range and number of samples, and a mistake with what was expected', async (t) => {
  const { url, registry } = await dashboard(t);
  registry.counter(jobs).inc({ queue: 'a' }, 3);
  registry.counter(jobs).inc({ queue: 'b' }, 4);
  const ask = async (path: string): Promise<[status: number, body: unknown]> => {
    const response = await fetch(`${url}/dashboard/${path}`);
    return [response.status, await response.json()];
  };
  const events = await readEvents(`${url}/dashboard/events`);
  t.teardown(() => events.close());
  await events.next('sample');
  const [, all] = (await ask('history?metric=jobs_total&metric=none&target=own')) as [number, HistoryAnswer];
  t.is(all.metrics.length, 1);
  t.deepEqual(
    all.metrics[0]?.values.map((values) => values.at(-1)),
    [3, 4],
  );
  const [, grouped] = (await ask('query?metric=jobs_total&by=queue&match=queue=b')) as [
    number,
    HistoryAnswer,
  ];
  t.deepEqual(grouped.metrics[0]?.tracks, [{ labels: { queue: 'b' } }]);
  const [, total] = (await ask('query?metric=jobs_total')) as [number, HistoryAnswer];
  t.deepEqual(
    total.metrics[0]?.values.map((values) => values.at(-1)),
    [7],
  );
  t.deepEqual(await ask('history?metric=jobs_total&to=1'), [
    200,
    { target: 'own', metrics: [{ ...all.metrics[0], times: [], values: [[], []] }] },
  ]);
  t.deepEqual(await ask('history'), [400, { error: 'Missing `metric`: expected the name of a metric.' }]);
  t.deepEqual(await ask('history?metric=jobs_total&target=x'), [
    404,
    { error: 'Unknown target: expected one of `own`.' },
  ]);
});

test('histories are answered 40 at most, and other work runs between two of them', async (t) => {
  const clock = manualClock();
  const target = registryTarget({
    registry: createTestRegistry(),
    service: 'shop',
    intervalSeconds: 15,
    maxSamples: 100,
    clock,
  });
  const feed = dashboardFeed({ title: 'shop', targets: [target], rules: [], run: 'a', now: () => 0 });
  t.teardown(() => feed.stop());
  const done: string[] = [];
  const server = dashboardServer({
    feed: {
      ...feed,
      history(own, [name = ''], range) {
        done.push(name);
        setImmediate(() => done.push('other work'));
        return feed.history(own, [name], range);
      },
    },
    clock,
    maxPages: 1,
  });
  const names = Array.from({ length: 41 }, (_, index) => `metric_${index}`);
  const answer = await server.answer('history', {
    method: 'GET',
    query: new URLSearchParams(names.map((name): [string, string] => ['metric', name])),
    address: undefined,
    header: () => undefined,
    connection: { isOver: false, whenOver() {}, cutOff() {} },
  });
  t.is(answer.body, '{"target":"own","metrics":[]}');
  t.deepEqual(
    done,
    names.slice(0, 40).flatMap((name) => [name, 'other work']),
  );
});
