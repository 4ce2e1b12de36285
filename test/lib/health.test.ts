// In a process of its own: it replaces setTimeout, which the timers of fetch's open connections keep.
/** `HealthChecks` and the ready-made checks: deadlines, caches, concurrent probes, degradation, drain and faulty checks. */

import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { HealthChecks } from '../../lib/health.js';
import {
  aiProviderCheck,
  databaseCheck,
  gaugeCheck,
  gitPlatformCheck,
  queueCheck,
  tcpCheck,
  urlCheck,
} from '../../lib/ready-made-checks.js';
import { createTestRegistry, readHistogram, readValue } from '../../lib/testing.js';
import { json, startApiServer } from '../helpers/api-server.js';
import { refusedPort } from '../helpers/free-port.js';

const noCache = { cacheSeconds: 0 };
const signal = new AbortController().signal;

test('the status is fail if a critical check fails, and warn if a check warns or an uncritical one fails', async (t) => {
  const registry = createTestRegistry();
  const checks = new HealthChecks({ registry, checks: { database: () => {} } });
  t.is((await checks.run()).status, 'pass');
  checks.add('queue', () => ({ status: 'warn', output: '80 wait' }));
  t.is((await checks.run()).status, 'warn');
  checks.add('ai', async () => false, { critical: false });
  const degraded = await checks.run();
  t.is(degraded.status, 'warn', 'the service works without it');
  t.is(degraded.checks.get('ai')?.status, 'fail');
  checks.add('git', () => {
    throw new Error('no route');
  });
  const down = await checks.run();
  t.is(down.status, 'fail');
  t.like(down.checks.get('git'), { status: 'fail', output: 'no route' });
  t.deepEqual(checks.names(), ['database', 'queue', 'ai', 'git']);
  for (const [check, status] of [
    ['database', 1],
    ['queue', 0.5],
    ['ai', 0],
    ['git', 0],
  ] as const)
    t.is(readValue(registry, catalogue.healthCheckStatus, { check }), status, check);
});

for (const [what, check, output] of [
  [
    'throws',
    () => {
      throw new Error('no');
    },
    'no',
  ],
  [
    'throws a value that is not an error',
    () => {
      throw 'text';
    },
    '"text"',
  ],
  ['rejects', () => Promise.reject(new Error('late')), 'late'],
  [
    'returns a number',
    () => 42,
    "the check returned 42, expected nothing, a boolean or { status: 'pass' | 'warn' | 'fail' }",
  ],
  [
    'returns an unknown status',
    () => ({ status: 'fine' }),
    "the check returned an object, expected nothing, a boolean or { status: 'pass' | 'warn' | 'fail' }",
  ],
  [
    'returns a status from the prototype',
    () => ({ status: 'toString' }),
    "the check returned an object, expected nothing, a boolean or { status: 'pass' | 'warn' | 'fail' }",
  ],
  [
    'returns null',
    () => null,
    "the check returned null, expected nothing, a boolean or { status: 'pass' | 'warn' | 'fail' }",
  ],
  ['says false', () => false, undefined],
] as const) {
  test(`a check that ${what} has failed`, async (t) => {
    const checks = new HealthChecks({ registry: createTestRegistry(), checks: { odd: check } });
    t.like(await checks.runOne('odd'), { status: 'fail', output });
  });
}

test('a check that hangs fails at its deadline, and its signal aborts', async (t) => {
  const registry = createTestRegistry();
  let aborted = false;
  const checks = new HealthChecks({
    registry,
    checks: {
      stuck: {
        timeoutSeconds: 0.05,
        check: (its) =>
          new Promise(() => {
            its.addEventListener('abort', () => {
              aborted = true;
            });
          }),
      },
    },
  });
  t.like(await checks.runOne('stuck'), { status: 'fail', output: 'no answer within 0.05 s' });
  t.true(aborted);
  t.is(readHistogram(registry, catalogue.healthCheckDuration, { check: 'stuck' })?.count, 1);
});

test('a result is cached, and concurrent probes share one run', async (t) => {
  const registry = createTestRegistry();
  let runs = 0;
  let release: () => void = () => {};
  const checks = new HealthChecks({ registry });
  checks.add(
    'cached',
    () => {
      runs += 1;
    },
    { cacheSeconds: 100 },
  );
  for (let time = 0; time < 5; time++) await checks.run();
  t.is(runs, 1);
  let flights = 0;
  checks.add(
    'shared',
    () => {
      flights += 1;
      return new Promise<void>((resolve) => {
        release = resolve;
      });
    },
    noCache,
  );
  const probes = [checks.run(), checks.run(), checks.runOne('shared')];
  await Promise.resolve();
  release();
  await Promise.all(probes);
  t.is(flights, 1);
  const again = checks.runOne('shared');
  release();
  await again;
  t.is(flights, 2, 'without a cache each probe runs the check');
});

// Serial, because it replaces the timers.
test.serial('drain turns readiness off immediately, and then waits', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  const checks = new HealthChecks({ registry: createTestRegistry(), checks: { database: () => true } });
  let isDrained = false;
  const drained = checks.drain({ seconds: 10 }).then(() => {
    isDrained = true;
  });
  t.true(checks.isDraining);
  t.is((await checks.run()).status, 'fail');
  t.is((await checks.run({ exclude: ['shutdown'] })).status, 'pass');
  mock.timers.tick(9_999);
  await turn();
  t.false(isDrained);
  mock.timers.tick(1);
  await drained;
});

for (const [name, check, options, message] of [
  [
    'database',
    () => true,
    {},
    'Invalid `name` of health check "database": expected a name that no other check has, received "database".',
  ],
  [
    'shutdown',
    () => true,
    {},
    'Invalid `name` of health check "shutdown": expected a name that no other check has, received "shutdown".',
  ],
  [
    'a/b',
    () => true,
    {},
    'Invalid `name` of health check "a/b": expected letters, digits, `_`, `.` and `-`, received "a/b".',
  ],
  ['x', 'select 1', {}, 'Invalid `check` of health check "x": expected a function, received "select 1".'],
  [
    'x',
    () => true,
    { timeoutSeconds: 0 },
    'Invalid `timeoutSeconds` of health check "x": expected a positive number, received 0.',
  ],
  [
    'x',
    () => true,
    { cacheSeconds: -1 },
    'Invalid `cacheSeconds` of health check "x": expected a number of 0 or more, received -1.',
  ],
] as const) {
  test(`refused: ${message}`, (t) => {
    const checks = new HealthChecks({ registry: createTestRegistry(), checks: { database: () => true } });
    t.throws(() => checks.add(name, check as never, options), {
      code: 'ERR_METRICS_INVALID_OPTION',
      message,
    });
  });
}

// ---- ready-made ---------------------------------------------------------------------------------------------------

test('a URL check passes below status 500, or by its `accept` function', async (t) => {
  const server = await startApiServer();
  t.teardown(() => server.close());
  const said = async (status: number, check = urlCheck(server.url)): Promise<unknown> => {
    server.next(json({}, status));
    return check(signal);
  };
  t.deepEqual(await said(200), { status: 'pass' });
  t.deepEqual(await said(401), { status: 'pass' }, 'it responds, which is enough');
  t.deepEqual(await said(503), { status: 'fail', output: `${server.host} answered 503` });
  t.like(await said(401, urlCheck(server.url, { accept: (status) => status === 200, method: 'HEAD' })), {
    status: 'fail',
  });
  t.deepEqual(await said(200, aiProviderCheck(server.url)), { status: 'pass' });
  t.deepEqual(await said(200, gitPlatformCheck(new URL(server.url))), { status: 'pass' });
  t.deepEqual(server.requests.at(-3), 'HEAD /');
});

test('a TCP check passes if the port accepts connections', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  t.true(await tcpCheck('127.0.0.1', port)(signal));
  t.true(await databaseCheck({ host: '127.0.0.1', port })(signal));
  await new Promise((resolve) => server.close(resolve));
  await t.throwsAsync(Promise.resolve(tcpCheck('127.0.0.1', refusedPort)(signal)), { code: 'ECONNREFUSED' });
});

test('a database check passes if its query succeeds', async (t) => {
  const checks = new HealthChecks({
    registry: createTestRegistry(),
    checks: {
      good: databaseCheck(async () => [{ one: 1 }]),
      bad: databaseCheck(() => Promise.reject(new Error('no pool'))),
    },
  });
  t.is((await checks.runOne('good'))?.status, 'pass');
  t.like(await checks.runOne('bad'), { status: 'fail', output: 'no pool' });
});

test('a gauge check passes, warns and fails by its thresholds', async (t) => {
  const registry = createTestRegistry();
  const check = queueCheck('issues', { registry, warnFrom: 80, failFrom: 100 });
  t.deepEqual(await check(signal), { status: 'pass' }, 'never set');
  const depth = registry.gauge(catalogue.queueDepth);
  for (const [waiting, status] of [
    [79, 'pass'],
    [80, 'warn'],
    [100, 'fail'],
  ] as const) {
    depth.set({ queue_name: 'issues' }, waiting);
    t.like(await check(signal), { status });
  }
  depth.set({ queue_name: 'issues' }, 0);
  depth.set({ queue_name: 'other' }, 500);
  t.like(await check(signal), { status: 'pass' });
  t.deepEqual(await gaugeCheck(catalogue.queueDepth, { registry, failFrom: 100 })(signal), {
    status: 'fail',
    output: 'queue_depth is 500',
  });
});

for (const [make, message] of [
  [() => urlCheck('localhost'), /health check of a URL: expected an http or https URL, received "localhost"/],
  [() => urlCheck('ftp://host/'), /received "ftp:\/\/host\/"/],
  [() => tcpCheck('', 80), /health check of a host: expected a name or an address, received ""/],
  [
    () => databaseCheck({ host: 'db', port: 0 }),
    /health check of a port: expected an integer within 1 to 65535, received 0/,
  ],
  [() => queueCheck('q', {} as never), /`failFrom` of a gauge check: expected a number, received undefined/],
] as const) {
  test(`refused: ${message.source}`, (t) => {
    t.throws(make, { code: 'ERR_METRICS_INVALID_OPTION', message });
  });
}
