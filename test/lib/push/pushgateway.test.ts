/** When a push is sent, what it contains, and how failures are handled, with local servers in place of the gateway. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import { defineCounter, defineGauge } from '../../../lib/define.js';
import { instrumentFetch } from '../../../lib/outbound/fetch.js';
import type { PushOptions } from '../../../lib/push/push-options.js';
import { type MetricsPush, startPush } from '../../../lib/push/pushgateway.js';
import { createTestRegistry, readValue, type TestRegistry } from '../../../lib/testing.js';
import { manualClock } from '../../helpers/manual-clock.js';
import { parseText } from '../../helpers/parse-text.js';
import { type RecordingGateway, startRecordingGateway } from '../../helpers/recording-gateway.js';
import { until } from '../../helpers/until.js';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.' });

/** A push that ends with its test, on a manual clock. */
function pushing(t: ExecutionContext, options: PushOptions, clock = manualClock()): MetricsPush {
  const push = startPush({ pushOnBeforeExit: false, ...options }, clock);
  t.teardown(() => {
    const stopped = push.stop({ deadlineSeconds: 0 });
    clock.advance(0);
    return stopped;
  });
  return push;
}

/** Runs everything that is ready. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await setImmediate();
}

async function recordingFor(
  t: ExecutionContext,
  answer?: Parameters<typeof startRecordingGateway>[0],
): Promise<RecordingGateway> {
  const recording = await startRecordingGateway(answer);
  t.teardown(() => recording.close());
  return recording;
}

/** A server that accepts connections and never responds. */
async function silentServer(t: ExecutionContext): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

function untilReceived({ received }: RecordingGateway, count: number): Promise<true> {
  return until(`${count} pushes`, async () => (received.length >= count ? true : undefined), undefined, 5);
}

/** The address of a server that has closed. */
async function deadUrl(): Promise<string> {
  const recording = await startRecordingGateway();
  await recording.close();
  return recording.url;
}

function failuresOf(registry: TestRegistry, { target }: MetricsPush): number | undefined {
  return readValue(registry, catalogue.metricsPushFailures, { target });
}

test('the default group is the service and the process', async (t) => {
  const recording = await recordingFor(t);
  await pushing(t, { url: recording.url, registry: createTestRegistry() }).pushNow();
  const instance = `${hostname()}:${process.pid}`;
  t.is(recording.received[0]?.path, `/metrics/job/tamma/instance/${instance}`);
});

test('a token is sent unchanged', async (t) => {
  const recording = await recordingFor(t);
  await pushing(t, { url: recording.url, token: 'abc', registry: createTestRegistry() }).pushNow();
  t.is(recording.received[0]?.headers.authorization, 'Bearer abc');
});

test('each interval pushes the current numbers, and no connection is kept in between', async (t) => {
  const recording = await recordingFor(t);
  const registry = createTestRegistry();
  const counter = registry.counter(jobs);
  const clock = manualClock();
  pushing(t, { url: recording.url, registry, intervalSeconds: 15 }, clock);
  for (let pushes = 1; pushes <= 4; pushes++) {
    counter.inc();
    clock.advance(14_999);
    await turns();
    t.is(recording.received.length, pushes - 1);
    clock.advance(1);
    await untilReceived(recording, pushes);
    // The only timer left is that of the next interval.
    await until('the end of the push', async () => (clock.timers().length === 1 ? true : undefined));
    await until('no connection', async () => ((await recording.connections()) === 0 ? true : undefined));
    await turns();
  }
  const numbers = recording.received.map(
    ({ text }) => parseText(text).find(({ name }) => name === 'jobs_total')?.value,
  );
  t.deepEqual(numbers, [1, 2, 3, 4]);
});

test('pushes do not overlap: intervals during a push are skipped, and calls share the next push', async (t) => {
  const held: ServerResponse[] = [];
  const recording = await recordingFor(t, (response) => held.push(response));
  const registry = createTestRegistry();
  const clock = manualClock();
  const options = { url: recording.url, registry, intervalSeconds: 1, timeoutSeconds: 60 };
  const push = pushing(t, options, clock);
  const first = push.pushNow();
  await untilReceived(recording, 1);
  clock.advance(30_000);
  registry.counter(jobs).inc(5);
  const calls = [push.pushNow(), push.pushNow(), push.pushNow()];
  await turns();
  t.is(recording.received.length, 1);
  held[0]?.end();
  t.true(await first);
  await untilReceived(recording, 2);
  held[1]?.end();
  t.deepEqual(await Promise.all(calls), [true, true, true]);
  t.is(recording.received.length, 2);
  t.true(recording.received[1]?.text.includes('jobs_total 5'));
  t.is(recording.maxAtOnce, 1);
});

test('a success sets the timestamp of the last success', async (t) => {
  const recording = await recordingFor(t);
  const registry = createTestRegistry();
  const clock = manualClock(1_764_000_000_000);
  const push = pushing(t, { url: recording.url, registry }, clock);
  const time = (): number | undefined =>
    readValue(registry, catalogue.metricsPushSuccessTimestamp, { target: push.target });
  t.is(time(), undefined);
  clock.advance(2_500);
  await push.pushNow();
  t.is(time(), 1_764_000_002.5);
});

test('pushes are not recorded as outgoing requests of the service', async (t) => {
  const recording = await recordingFor(t);
  const registry = createTestRegistry();
  const wire = instrumentFetch({ registry, hosts: { [new URL(recording.url).host]: { service: 'this' } } });
  t.teardown(() => wire.stop());
  const push = pushing(t, { url: recording.url, registry });
  t.true(await push.pushNow());
  await (await fetch(recording.url)).text();
  t.true(await push.pushNow());
  const measured = parseText(recording.received.at(-1)?.text ?? '').filter(
    ({ name, labels }) => name === 'api_requests_total' && labels.service === 'this',
  );
  t.deepEqual(
    measured.map(({ labels, value }) => [labels.method, value]),
    [['GET', 1]],
  );
});

for (const [what, answer, message] of [
  ['a long response is shortened', [400, 'x\n'.repeat(10_000)], /it answered 400 "(x ){150}\.\.\."\. /],
  ['a redirect is not followed', [307, ''], /it answered 307, a redirect, which is not followed\./],
  ['a 5xx without a body', [503, ''], /it answered 503\. /],
] as const) {
  test(`failures: ${what}`, async (t) => {
    const [status, body] = answer;
    const recording = await recordingFor(t, (response) =>
      response.writeHead(status, { location: '/elsewhere' }).end(body),
    );
    const registry = createTestRegistry();
    const push = pushing(t, { url: recording.url, registry });
    t.false(await push.pushNow());
    t.is(failuresOf(registry, push), 1);
    t.regex(registry.warnings[0]?.message ?? '', message);
    t.is(recording.received.length, 1);
  });
}

test('each cause of failure is reported once', async (t) => {
  let status = 500;
  const recording = await recordingFor(t, (response) => response.writeHead(status).end());
  const registry = createTestRegistry();
  const push = pushing(t, { url: recording.url, registry });
  for (status of [500, 500, 502, 500]) await push.pushNow();
  await recording.close();
  for (let attempt = 0; attempt < 2; attempt++) await push.pushNow();
  t.is(failuresOf(registry, push), 6);
  t.deepEqual(
    registry.warnings.map(({ message }) => /answered \d+|ECONNREFUSED/.exec(message)?.[0]),
    ['answered 500', 'answered 502', 'ECONNREFUSED'],
  );
});

test('a push to a server that never responds ends at its timeout', async (t) => {
  const registry = createTestRegistry();
  const clock = manualClock();
  const push = pushing(t, { url: await silentServer(t), registry, timeoutSeconds: 10 }, clock);
  const result = push.pushNow();
  await clock.waitsFor(10_000);
  clock.advance(9_999);
  await turns();
  t.is(failuresOf(registry, push), 0);
  clock.advance(1);
  t.false(await result);
  t.regex(registry.warnings[0]?.message ?? '', /it took longer than 10 s/);
});

test('a push succeeds by its status, without waiting for the body; it waits for the body of an error until the timeout', async (t) => {
  for (const status of [200, 500]) {
    const recording = await recordingFor(t, (response) => {
      response.writeHead(status).write('so far, ');
    });
    const clock = manualClock();
    const push = pushing(t, { url: recording.url, registry: createTestRegistry() }, clock);
    const result = push.pushNow();
    await untilReceived(recording, 1);
    if (status === 500) clock.advance(10_000);
    t.is(await result, status === 200);
  }
});

test('a collect function that hangs is left out, and the rest is pushed', async (t) => {
  const recording = await recordingFor(t);
  const registry = createTestRegistry();
  registry.counter(jobs).inc(2);
  registry.gauge(defineGauge({ name: 'hanging', help: 'Hanging.' }), {
    collect: () => new Promise(() => {}),
  });
  // Collecting has half of the timeout; the clock does not advance further.
  t.true(await pushing(t, { url: recording.url, registry, timeoutSeconds: 0.2 }).pushNow());
  const pushed = parseText(recording.received[0]?.text ?? '').map(({ name }) => name);
  t.true(pushed.includes('jobs_total'));
  t.false(pushed.includes('hanging'));
});

test('nothing is collected while the gateway is down', async (t) => {
  const registry = createTestRegistry();
  let collections = 0;
  registry.gauge(defineGauge({ name: 'depth', help: 'Depth.' }), { collect: () => void collections++ });
  t.false(await pushing(t, { url: await deadUrl(), registry }).pushNow());
  t.is(collections, 0);
});

test('a registry that cannot count failures does not make a push reject', async (t) => {
  const registry = createTestRegistry();
  const push = pushing(t, { url: await deadUrl(), registry });
  registry.counter(catalogue.metricsPushFailures).inc = () => {
    throw new Error('no memory');
  };
  registry.warnOnce = () => {};
  t.false(await push.pushNow());
  t.false(await push.delete());
});

test('stop ends at its deadline if the server never responds, also during a push', async (t) => {
  const url = await silentServer(t);
  for (const isPushing of [false, true]) {
    const clock = manualClock();
    const push = pushing(t, { url, registry: createTestRegistry(), timeoutSeconds: 60 }, clock);
    const before = isPushing ? push.pushNow() : Promise.resolve(false);
    if (isPushing) await clock.waitsFor(60_000);
    let isStopped = false;
    const stopped = push.stop({ deadlineSeconds: 5 }).finally(() => {
      isStopped = true;
    });
    // Half of the time is for the push in progress, the other half for the last one.
    if (isPushing) clock.advance(2_500);
    const left = isPushing ? 2_500 : 5_000;
    await clock.waitsFor(left);
    clock.advance(left - 1);
    await turns();
    t.false(isStopped);
    clock.advance(1);
    t.false(await stopped);
    t.false(await before);
  }
});

test('stop does not wait if the gateway is unreachable', async (t) => {
  const recording = await recordingFor(t);
  const registry = createTestRegistry();
  const push = pushing(t, { url: recording.url, registry });
  t.true(await push.pushNow());
  await recording.close();
  t.false(await push.stop({ deadlineSeconds: 5 }), 'the clock did not advance');
  t.is(failuresOf(registry, push), 1);
});

test('after stop there are no pushes and no timers', async (t) => {
  const recording = await recordingFor(t);
  const clock = manualClock();
  const push = pushing(t, { url: recording.url, registry: createTestRegistry() }, clock);
  t.true(await push.stop());
  t.deepEqual(clock.timers(), []);
  t.false(await push.pushNow());
  t.is(recording.received.length, 1);
});

test('during a minute without a gateway, pauses grow, no metrics are collected, and the next push has everything', async (t) => {
  const recording = await recordingFor(t);
  const registry = createTestRegistry();
  const counter = registry.counter(jobs);
  const clock = manualClock();
  const options = { url: recording.url, registry, intervalSeconds: 0.2, maxBackoffSeconds: 2 };
  const push = pushing(t, options, clock);
  let collections = 0;
  registry.gauge(defineGauge({ name: 'depth', help: 'Depth.' }), { collect: () => void collections++ });
  t.true(await push.pushNow());
  await recording.close();
  const collected = collections;

  for (let tries = 1; clock.now() < 60_000; tries++) {
    counter.inc();
    const [pause = Number.NaN, ...others] = clock.timers();
    t.deepEqual(others, [], 'one timer');
    t.true(pause <= 2_000, `${pause} ms`);
    clock.advance(pause);
    while ((failuresOf(registry, push) ?? 0) < tries) await setImmediate();
  }
  const failures = failuresOf(registry, push) ?? 0;
  t.true(failures > 15 && failures < 150, `${failures} attempts per minute instead of 300`);
  t.is(collections, collected);
  t.is(registry.warnings.length, 1);
  t.regex(registry.warnings[0]?.message ?? '', /failed: connect ECONNREFUSED .*Nothing is queued/);

  const back = await startRecordingGateway(undefined, Number(new URL(recording.url).port));
  t.teardown(() => back.close());
  const [pause = Number.NaN] = clock.timers();
  clock.advance(pause);
  await untilReceived(back, 1);
  t.regex(back.received[0]?.text ?? '', new RegExp(`^jobs_total ${readValue(registry, jobs)}$`, 'm'));
  await until('the normal interval', async () => (clock.timers()[0] === 200 ? true : undefined));
});

test('at shutdown, a push that hangs is abandoned for the last one', async (t) => {
  const recording = await recordingFor(t, (response) => {
    if (recording.received.length > 1) response.end();
  });
  const registry = createTestRegistry();
  const clock = manualClock();
  const push = pushing(t, { url: recording.url, registry, timeoutSeconds: 60 }, clock);
  const hanging = push.pushNow();
  await untilReceived(recording, 1);
  registry.counter(jobs).inc(9);
  const stopped = push.stop({ deadlineSeconds: 1 });
  clock.advance(500);
  t.true(await stopped);
  t.false(await hanging);
  t.true(recording.received[1]?.text.includes('jobs_total 9'));
  t.is(failuresOf(registry, push), 0, 'no failure was counted');
});

test('a deadline of 0 or NaN leaves no time for a last push', async (t) => {
  const recording = await recordingFor(t);
  for (const deadlineSeconds of [0, -1, Number.NaN]) {
    const push = pushing(t, { url: recording.url, registry: createTestRegistry() });
    t.false(await push.stop({ deadlineSeconds }));
  }
  t.is(recording.received.length, 0);
});

// ---- options ------------------------------------------------------------------------------------------------------

for (const [options, message] of [
  [{ url: 'gateway' }, /Invalid `url` of startPush/],
  [{ intervalSecond: 5 }, /Unknown option `intervalSecond` of startPush.*Did you mean `intervalSeconds`/],
  [
    { intervalSeconds: 0 },
    /Invalid `intervalSeconds` of startPush: expected a number of seconds from 0\.1 to 86400, received 0\./,
  ],
  [{ intervalSeconds: 1e-7 }, /Invalid `intervalSeconds` of startPush.*received 1e-7/],
  [{ intervalSeconds: 86_401 }, /Invalid `intervalSeconds` of startPush.*received 86401/],
  [{ intervalSeconds: '15' }, /Invalid `intervalSeconds`.*received "15"/],
  [{ timeoutSeconds: Number.NaN }, /Invalid `timeoutSeconds`.*received NaN/],
  [{ maxBackoffSeconds: 1e9 }, /Invalid `maxBackoffSeconds`.*at most 2147483/],
  [{ method: 'PATCH' }, /Invalid `method`.*expected 'PUT' or 'POST', received "PATCH"/],
  [
    { format: 'openmetrics' },
    /^Invalid `format` of startPush: expected 'text' or 'protobuf', received "openmetrics"\.$/,
  ],
  [{ format: 'toString' }, /Invalid `format`.*received "toString"/],
  [{ format: null }, /Invalid `format`.*received null/],
  [{ gzip: 'yes' }, /Invalid `gzip`.*expected true or false/],
  [{ job: '' }, /Invalid `job`/],
  [{ grouping: { job: 'twice' } }, /Invalid `grouping`.*other than `job`/],
  [{ grouping: { 'no-name': 'x' } }, /Invalid `grouping`.*received "no-name"/],
  [{ grouping: { __name: 'x' } }, /Invalid `grouping`.*received "__name"/],
  [{ grouping: { le: 'x' } }, /Invalid `grouping`.*received "le"/],
  [{ grouping: { shard: 5 } }, /Invalid `grouping`.*a string for `shard`, received 5/],
  [{ grouping: ['shard'] }, /Invalid `grouping`.*an object of strings by label name/],
  [{ constantLabels: { quantile: 'x' } }, /Invalid `constantLabels`.*received "quantile"/],
  [{ registry: {} }, /Invalid `registry` of startPush/],
] as const) {
  test(`refused: ${JSON.stringify(options)}`, (t) => {
    t.throws(() => startPush({ url: 'http://localhost:9091', ...options } as never), {
      code: 'ERR_METRICS_INVALID_OPTION',
      message,
    });
  });
}
