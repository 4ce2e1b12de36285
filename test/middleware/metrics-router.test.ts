import test, { type ExecutionContext } from 'ava';
import Koa from 'koa';
import { Counter, collectDefaultMetrics } from 'prom-client';
import { defineCounter, defineGauge, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { createTestRegistry } from '../../lib/testing.js';
import { type MetricsRouterOptions, metricsRouter } from '../../middleware/index.js';
import { serve } from '../helpers/koa-server.js';
import { parseText } from '../helpers/parse-text.js';

const calls = defineCounter({ name: 'calls_total', help: 'Calls.', labels: { b: label(), a: label() } });
const seconds = defineHistogram({
  name: 'call_seconds',
  help: 'Durations.',
  labels: { z: label() },
  buckets: [1],
});

async function endpoint(t: ExecutionContext, options: MetricsRouterOptions): Promise<string> {
  const router = metricsRouter(options);
  const server = await serve(new Koa().use(router.routes()).use(router.allowedMethods()));
  t.teardown(() => server.close());
  return server.url;
}

test('GET /metrics answers in text format 0.0.4 with own and third-party metrics, and `le` as last label', async (t) => {
  const registry = createTestRegistry();
  registry.counter(calls).inc({ a: '1', b: '2' });
  registry.histogram(seconds).observe({ z: 'x' }, 0.5);
  new Counter({ name: 'theirs_total', help: 'Theirs.', registers: [registry.prometheus] }).inc(3);
  const url = await endpoint(t, { registry });
  const response = await fetch(`${url}/metrics?name[]=calls_total&name[]=call_seconds&name[]=theirs_total`);
  t.is(response.status, 200);
  t.is(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  t.is(response.headers.get('cache-control'), 'no-store');
  t.is(
    await response.text(),
    `# HELP calls_total Calls.
# TYPE calls_total counter
calls_total{b="2",a="1"} 1
# HELP call_seconds Durations.
# TYPE call_seconds histogram
call_seconds_bucket{z="x",le="1"} 1
call_seconds_bucket{z="x",le="+Inf"} 1
call_seconds_sum{z="x"} 0.5
call_seconds_count{z="x"} 1
# HELP theirs_total Theirs.
# TYPE theirs_total counter
theirs_total 3
`,
  );
});

test("a scrape has the current values, and Node's default metrics if they are collected", async (t) => {
  const registry = createTestRegistry();
  collectDefaultMetrics({ register: registry.prometheus });
  const url = await endpoint(t, { registry });
  const names = async (): Promise<Set<string>> =>
    new Set(parseText(await (await fetch(`${url}/metrics`)).text()).map(({ name }) => name));
  t.true((await names()).has('process_resident_memory_bytes'));
  t.false((await names()).has('calls_total'));
  registry.counter(calls).inc({ a: '1', b: '2' });
  t.true((await names()).has('calls_total'));
});

test('HEAD gets headers without a body, other methods get 405, other paths 404', async (t) => {
  const url = await endpoint(t, { registry: createTestRegistry(), path: '/internal/metrics' });
  const head = await fetch(`${url}/internal/metrics`, { method: 'HEAD' });
  t.is(head.status, 200);
  t.is(head.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  t.is(await head.text(), '');
  const post = await fetch(`${url}/internal/metrics`, { method: 'POST' });
  t.is(post.status, 405);
  t.is(post.headers.get('allow'), 'GET, HEAD');
  t.is(await post.text(), '');
  t.is((await fetch(`${url}/metrics`)).status, 404);
});

for (const path of ['/METRICS', '/metrics/', '//metrics']) {
  test(`${path} is not served: a proxy's rule for /metrics does not cover it`, async (t) => {
    const url = await endpoint(t, { registry: createTestRegistry() });
    t.is((await fetch(`${url}${path}`)).status, 404);
  });
}

for (const path of ['/:app', '/(a+)+$', '/*', '/metrics/', 'metrics']) {
  test(`path ${path} is rejected with a coded error`, (t) => {
    t.throws(() => metricsRouter({ registry: createTestRegistry(), path }), {
      code: 'ERR_METRICS_INVALID_OPTION',
      message: `Invalid \`path\` of metricsRouter: expected a path such as \`/metrics\`, without patterns, received "${path}".`,
    });
  });
}

test('with a token, only requests that carry it are answered', async (t) => {
  const registry = createTestRegistry();
  registry.counter(calls).inc({ a: '1', b: '2' });
  const url = await endpoint(t, { registry, token: 's3cret' });
  for (const authorization of [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Bearer wrong',
    'Basic s3cret',
    's3cret',
    'Bearer s3cret more',
  ]) {
    const refused = await fetch(
      `${url}/metrics`,
      authorization === undefined ? {} : { headers: { authorization } },
    );
    t.is(refused.status, 401, authorization);
    t.is(refused.headers.get('www-authenticate'), 'Bearer realm="metrics"');
    t.is(await refused.text(), '');
  }
  const granted = await fetch(`${url}/metrics?name[]=calls_total`, {
    headers: { authorization: 'bearer s3cret' },
  });
  t.is(granted.status, 200);
  t.regex(await granted.text(), /^calls_total\{b="2",a="1"\} 1$/m);
});

test('the token protects only the metrics, not other routes of the app', async (t) => {
  const router = metricsRouter({ registry: createTestRegistry(), token: 's3cret' });
  const server = await serve(
    new Koa().use(router.routes()).use((ctx) => {
      ctx.body = 'open';
    }),
  );
  t.teardown(() => server.close());
  t.is(await (await fetch(`${server.url}/elsewhere`)).text(), 'open');
});

test('a failing collect function loses its own metric, not the scrape', async (t) => {
  const registry = createTestRegistry();
  registry.gauge(defineGauge({ name: 'bad', help: 'Bad.' }), {
    collect: () => Promise.reject(new Error('no')),
  });
  registry.counter(calls).inc({ a: '1', b: '2' });
  const response = await fetch(`${await endpoint(t, { registry })}/metrics`);
  t.is(response.status, 200);
  t.deepEqual(
    parseText(await response.text())
      .filter(({ name }) => !name.startsWith('metrics_'))
      .map(({ name }) => name),
    ['calls_total'],
  );
});

test('invalid options are errors of the factory', (t) => {
  const registry = createTestRegistry();
  t.throws(() => metricsRouter({ registry, path: 'metrics' }), {
    code: 'ERR_METRICS_INVALID_OPTION',
    message:
      /`path` of metricsRouter: expected a path such as `\/metrics`, without patterns, received "metrics"/,
  });
  t.throws(() => metricsRouter({ registry, token: '' }), {
    code: 'ERR_METRICS_INVALID_OPTION',
    message: /`token` of metricsRouter: expected a non-empty text/,
  });
});
