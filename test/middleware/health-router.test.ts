/** Health and readiness over HTTP: for people, load balancers and Kubernetes. */
import test, { type ExecutionContext } from 'ava';
import Koa from 'koa';
import { HealthChecks } from '../../lib/health.js';
import { createTestRegistry } from '../../lib/testing.js';
import { type HealthRouterOptions, healthRouter } from '../../middleware/index.js';
import { serve } from '../helpers/koa-server.js';

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: string;
  readonly headers: Headers;
}

async function setting(t: ExecutionContext, options: Omit<HealthRouterOptions, 'checks'> = {}) {
  const state: Record<'database' | 'ai', unknown> = { database: true, ai: true };
  const checks = new HealthChecks({
    registry: createTestRegistry(),
    checks: {
      database: { check: () => state.database, cacheSeconds: 0 },
      ai: { check: () => state.ai, cacheSeconds: 0, critical: false },
    },
  });
  const server = await serve(new Koa().use(healthRouter({ checks, ...options }).routes()));
  t.teardown(() => server.close());
  const get = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const response = await fetch(`${server.url}${path}`, init);
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: await response.text(),
      headers: response.headers,
    };
  };
  return { checks, state, get };
}

test('health paths ignore case and a trailing slash, and names of checks are decoded', async (t) => {
  const { get } = await setting(t);
  for (const path of ['/health/', '/HEALTH', '/ready/', '/readyz/database/', '/readyz/datab%61se'])
    t.is((await get(path)).status, 200, path);
  t.is((await get('/healthy')).status, 404);
});

test('GET /health is 200 and runs no check', async (t) => {
  const { get, state, checks } = await setting(t);
  state.database = false;
  void checks.drain({ seconds: 0 });
  const before = Date.now();
  const { status, body, type, headers } = await get('/health');
  t.is(status, 200, 'also while it drains');
  t.is(type, 'application/json; charset=utf-8');
  t.is(headers.get('cache-control'), 'no-store');
  const { status: said, timestamp, uptime, ...more } = JSON.parse(body);
  t.is(said, 'healthy');
  t.true(Date.parse(timestamp) >= before && Date.parse(timestamp) <= Date.now());
  t.true(uptime > 0);
  t.deepEqual(more, {});
});

test('GET /ready is 200 while the service is ready or degraded, and 503 while it is not', async (t) => {
  const { get, state, checks } = await setting(t);
  const ready = async () => {
    const { status, body } = await get('/ready');
    const { timestamp, checks: each, ...rest } = JSON.parse(body);
    t.is(typeof timestamp, 'string');
    return {
      code: status,
      ...rest,
      checks: Object.fromEntries(
        Object.entries(each).map(([name, check]) => [name, (check as { status: string }).status]),
      ),
    };
  };
  t.deepEqual(await ready(), { code: 200, status: 'ready', checks: { database: 'pass', ai: 'pass' } });
  state.ai = false;
  t.deepEqual(await ready(), {
    code: 200,
    status: 'ready',
    degraded: true,
    checks: { database: 'pass', ai: 'fail' },
  });
  state.database = false;
  t.deepEqual(await ready(), { code: 503, status: 'not ready', checks: { database: 'fail', ai: 'fail' } });
  state.database = true;
  void checks.drain({ seconds: 0 });
  t.deepEqual(await ready(), {
    code: 503,
    status: 'not ready',
    draining: true,
    checks: { database: 'pass', ai: 'fail' },
  });
});

test('reasons are withheld unless the option `details` is set', async (t) => {
  const secret = { status: 'fail', output: 'postgres://10.0.0.7 refused' };
  const closed = await setting(t);
  const open = await setting(t, { details: true });
  closed.state.database = secret;
  open.state.database = secret;
  for (const path of ['/ready', '/readyz?verbose', '/readyz/database']) {
    t.false((await closed.get(path)).body.includes('10.0.0.7'), path);
    t.true((await open.get(path)).body.includes('10.0.0.7'), path);
  }
});

test('health+json is sent if Accept prefers it', async (t) => {
  const { get, state } = await setting(t);
  state.ai = { status: 'warn' };
  const headers = { accept: 'application/health+json' };
  const health = await get('/health', { headers });
  t.is(health.type, 'application/health+json; charset=utf-8');
  t.is(health.headers.get('vary'), 'Accept');
  t.deepEqual(JSON.parse(health.body), { status: 'pass' });
  const ready = JSON.parse((await get('/ready', { headers })).body);
  t.is(ready.status, 'warn');
  t.like(ready.checks.database[0], { status: 'pass', observedUnit: 's' });
  t.like(ready.checks.ai[0], { status: 'warn' });
  t.is(
    (await get('/ready', { headers: { accept: 'application/json, application/health+json;q=0.5' } })).type,
    'application/json; charset=utf-8',
  );
});

test('/livez and /readyz answer ok or the failed checks, as Kubernetes does', async (t) => {
  const { get, state } = await setting(t);
  t.like(await get('/livez'), { status: 200, body: 'ok\n', type: 'text/plain; charset=utf-8' });
  t.like(await get('/livez?verbose'), { status: 200, body: '[+]ping ok\nlivez check passed\n' });
  t.like(await get('/livez/ping'), { status: 200, body: 'ok\n' });
  t.like(await get('/livez/database'), { status: 404 });
  t.like(await get('/readyz'), { status: 200, body: 'ok\n' });
  t.like(await get('/readyz?verbose'), {
    status: 200,
    body: '[+]ping ok\n[+]database ok\n[+]ai ok\n[+]shutdown ok\nreadyz check passed\n',
  });
  state.database = false;
  t.like(await get('/readyz'), {
    status: 503,
    body: '[+]ping ok\n[-]database failed: reason withheld\n[+]ai ok\n[+]shutdown ok\nreadyz check failed\n',
  });
  t.like(await get('/readyz/database'), { status: 503, body: 'database failed: reason withheld\n' });
  t.like(await get('/readyz/ai'), { status: 200, body: 'ok\n' });
  t.like(await get('/readyz/nothing'), { status: 404 });
});

test('?exclude omits checks and reports unknown ones', async (t) => {
  const { get, state, checks } = await setting(t);
  state.database = false;
  t.like(await get('/readyz?exclude=database'), { status: 200, body: 'ok\n' });
  t.like(await get('/readyz?exclude=database&exclude=oracle&verbose'), {
    status: 200,
    body: '[+]ping ok\n[+]database excluded: ok\n[+]ai ok\n[+]shutdown ok\nwarn: some health checks cannot be excluded: no matches for "oracle"\nreadyz check passed\n',
  });
  void checks.drain({ seconds: 0 });
  t.like(await get('/readyz?exclude=database'), { status: 503 });
  t.like(await get('/readyz?exclude=database&exclude=shutdown'), { status: 200 });
  t.like(await get('/readyz/shutdown'), { status: 503 });
});

test('HEAD gets no body, other methods get 405', async (t) => {
  const { get } = await setting(t);
  for (const path of ['/health', '/ready', '/livez', '/readyz', '/readyz/database']) {
    t.like(await get(path, { method: 'HEAD' }), { status: 200, body: '' });
    const refused = await get(path, { method: 'POST' });
    t.is(refused.status, 405);
    t.is(refused.headers.get('allow'), 'GET, HEAD, OPTIONS');
  }
});

test('without checks the service is ready, and invalid checks are rejected', async (t) => {
  const server = await serve(
    new Koa().use(healthRouter({ checks: new HealthChecks({ registry: createTestRegistry() }) }).routes()),
  );
  t.teardown(() => server.close());
  t.is((await fetch(`${server.url}/ready`)).status, 200);
  t.throws(() => healthRouter({ checks: { database: () => true } } as never), {
    code: 'ERR_METRICS_INVALID_OPTION',
    message: 'Invalid `checks` of healthRouter: expected new HealthChecks({ checks }), received an object.',
  });
});

for (const path of ['/ready', '/readyz', '/health', '/livez'] as const) {
  test(`OPTIONS ${path}, as HAProxy sends it, gets the status of GET and no body`, async (t) => {
    const { get, state } = await setting(t);
    for (const database of [true, false]) {
      state.database = database;
      const probed = await get(path, { method: 'OPTIONS' });
      t.is(probed.status, (await get(path)).status);
      t.is(probed.status, database || !path.startsWith('/ready') ? 200 : 503);
      t.is(probed.body, '');
      t.is(probed.headers.get('allow'), 'GET, HEAD, OPTIONS');
    }
  });
}
