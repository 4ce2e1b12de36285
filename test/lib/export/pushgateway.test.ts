import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { hostname } from 'node:os';
import test, { type ExecutionContext } from 'ava';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import { defineGauge } from '../../../lib/definition.js';
import { startPush } from '../../../lib/export/pushgateway.js';
import { instrumentFetch } from '../../../lib/recorders/fetch.js';
import { createTestRegistry, readValue } from '../../../lib/testing.js';
import { parseText } from '../../helpers/parse-text.js';
import { elapsed, failuresOf, jobs, pushing, recordingFor } from '../../helpers/pushing.js';
import { startRecordingGateway } from '../../helpers/recording-gateway.js';
import { until } from '../../helpers/until.js';

/** A server that takes connections and never says anything. */
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

/** The address of a server that is gone. */
async function deadUrl(): Promise<string> {
  const recording = await startRecordingGateway();
  await recording.close();
  return recording.url;
}

test('the default group is the service and the process', async (t) => {
  const recording = await recordingFor(t);
  await pushing(t, { url: recording.url, registry: createTestRegistry() }).pushNow();
  const instance = `${hostname()}:${process.pid}`;
  t.is(recording.received[0]?.path, `/metrics/job/tamma/instance/${instance}`);
});

test('a token is sent as it is', async (t) => {
  const recording = await recordingFor(t);
  await pushing(t, { url: recording.url, token: 'abc', registry: createTestRegistry() }).pushNow();
  t.is(recording.received[0]?.headers.authorization, 'Bearer abc');
});

// ---- When it pushes -----------------------------------------------------------------------------------------------

test('the numbers of the moment are pushed every interval, and no connection is held between', async (t) => {
  const recording = await recordingFor(t);
  const registry = createTestRegistry();
  const counter = registry.counter(jobs);
  pushing(t, { url: recording.url, registry, intervalSeconds: 0.1 });
  const pushed = await until('four pushes', async () => {
    counter.inc();
    return recording.received.length >= 4 ? recording.received : undefined;
  });
  const numbers = pushed.map(({ text }) => parseText(text).find(({ name }) => name === 'jobs_total')?.value);
  t.deepEqual(
    numbers,
    [...new Set(numbers)].sort((a = 0, b = 0) => a - b),
  );
  await until('no connection', async () => ((await recording.connections()) === 0 ? true : undefined));
});

test('one push at a time: ticks are left out, calls wait and share the next push', async (t) => {
  const recording = await recordingFor(t, (response) => setTimeout(() => response.end(), 300));
  const registry = createTestRegistry();
  const push = pushing(t, { url: recording.url, registry, intervalSeconds: 0.02 });
  const first = push.pushNow();
  await until('a push', async () => (recording.received.length > 0 ? true : undefined));
  registry.counter(jobs).inc(5);
  t.deepEqual(await Promise.all([first, push.pushNow(), push.pushNow(), push.pushNow()]), [
    true,
    true,
    true,
    true,
  ]);
  t.is(recording.received.length, 2);
  t.true(recording.received[1]?.text.includes('jobs_total 5'));
  t.is(recording.mostAtOnce, 1);
});

test('a success is told by its time', async (t) => {
  const recording = await recordingFor(t);
  const registry = createTestRegistry();
  const push = pushing(t, { url: recording.url, registry });
  const time = (): number | undefined =>
    readValue(registry, catalogue.metricsPushSuccessTimestamp, { target: push.target });
  t.is(time(), undefined);
  const before = Date.now() / 1_000;
  await push.pushNow();
  t.true((time() ?? 0) >= before && (time() ?? 0) <= Date.now() / 1_000);
});

test('pushes are no outbound requests of the service', async (t) => {
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
  ['a long answer is shortened', [400, 'x\n'.repeat(10_000)], /it answered 400 "(x ){150}\.\.\."\. /],
  ['a redirect is not followed', [307, ''], /it answered 307, a redirect, which is not followed\./],
  ['a 5xx without a word', [503, ''], /it answered 503\. /],
] as const) {
  test(`a failure: ${what}`, async (t) => {
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

test('each cause is warned of once', async (t) => {
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

test('a server that never answers: the push ends at its timeout', async (t) => {
  const registry = createTestRegistry();
  const push = pushing(t, { url: await silentServer(t), registry, timeoutSeconds: 0.3 });
  const start = performance.now();
  t.false(await push.pushNow());
  t.true(performance.now() - start < 5_000);
  t.regex(registry.warnings[0]?.message ?? '', /it took longer than 0\.3 s/);
});

test('an answer that never ends is an answer', async (t) => {
  for (const status of [200, 500]) {
    const recording = await recordingFor(t, (response) => {
      response.writeHead(status).write('so far, ');
    });
    const registry = createTestRegistry();
    const push = pushing(t, { url: recording.url, registry, timeoutSeconds: 3 });
    t.is(await push.pushNow(), status === 200);
  }
});

test('a collect function that hangs is left out, and the rest is pushed', async (t) => {
  const recording = await recordingFor(t);
  const registry = createTestRegistry();
  registry.counter(jobs).inc(2);
  registry.gauge(defineGauge({ name: 'hanging', help: 'Hanging.' }), {
    collect: () => new Promise(() => {}),
  });
  t.true(await pushing(t, { url: recording.url, registry, timeoutSeconds: 4 }).pushNow());
  const pushed = parseText(recording.received[0]?.text ?? '').map(({ name }) => name);
  t.true(pushed.includes('jobs_total'));
  t.false(pushed.includes('hanging'));
});

test('a gateway that is down costs no collecting', async (t) => {
  const registry = createTestRegistry();
  let collections = 0;
  registry.gauge(defineGauge({ name: 'depth', help: 'Depth.' }), { collect: () => void collections++ });
  t.false(await pushing(t, { url: await deadUrl(), registry }).pushNow());
  t.is(collections, 0);
});

test('a listener that throws and a registry that cannot count harm nobody', async (t) => {
  const registry = createTestRegistry();
  const push = pushing(t, { url: await deadUrl(), registry });
  registry.counter(catalogue.metricsPushFailures).inc = () => {
    throw new Error('no room');
  };
  registry.warnOnce = () => {};
  t.false(await push.pushNow());
  t.false(await push.delete());
});

test('a server that never answers: stop ends at its deadline, also with a push under way', async (t) => {
  const url = await silentServer(t);
  for (const isUnderWay of [false, true]) {
    const push = pushing(t, { url, registry: createTestRegistry(), timeoutSeconds: 60 });
    const before = isUnderWay ? push.pushNow() : Promise.resolve(false);
    if (isUnderWay) await elapsed(100);
    const start = performance.now();
    t.false(await push.stop({ deadlineSeconds: 1 }));
    const took = performance.now() - start;
    t.true(took > 900 && took < 10_000, `${took} ms`);
    t.false(await before);
  }
});

test('a push that hangs at shutdown is given up for the final one', async (t) => {
  let requests = 0;
  const recording = await recordingFor(t, (response) => {
    requests += 1;
    if (requests > 1) response.end();
  });
  const registry = createTestRegistry();
  const push = pushing(t, { url: recording.url, registry, timeoutSeconds: 60 });
  const hanging = push.pushNow();
  await until('the request', async () => (requests === 1 ? true : undefined));
  registry.counter(jobs).inc(9);
  t.true(await push.stop({ deadlineSeconds: 1 }));
  t.false(await hanging);
  t.true(recording.received[1]?.text.includes('jobs_total 9'));
  t.is(failuresOf(registry, push), 0, 'nothing was lost');
});

test('a deadline of 0, or none that is a number, leaves no time for a final push', async (t) => {
  const recording = await recordingFor(t);
  for (const deadlineSeconds of [0, -1, Number.NaN]) {
    const push = pushing(t, { url: recording.url, registry: createTestRegistry() });
    t.false(await push.stop({ deadlineSeconds }));
  }
  t.is(recording.received.length, 0);
});

// ---- Options ------------------------------------------------------------------------------------------------------

for (const [options, message] of [
  [{ url: 'gateway' }, /Invalid `url` of startPush/],
  [{ intervalSecond: 5 }, /Unknown option `intervalSecond` of startPush.*Did you mean `intervalSeconds`/],
  [
    { intervalSeconds: 0 },
    /Invalid `intervalSeconds` of startPush.*positive number of seconds.*received 0\./,
  ],
  [{ intervalSeconds: '15' }, /Invalid `intervalSeconds`.*received "15"/],
  [{ timeoutSeconds: Number.NaN }, /Invalid `timeoutSeconds`.*received NaN/],
  [{ maxBackoffSeconds: 1e9 }, /Invalid `maxBackoffSeconds`.*2147483 at most/],
  [{ method: 'PATCH' }, /Invalid `method`.*expected 'PUT' or 'POST', received "PATCH"/],
  [{ gzip: 'yes' }, /Invalid `gzip`.*expected true or false/],
  [{ job: '' }, /Invalid `job`/],
  [{ grouping: { job: 'twice' } }, /Invalid `grouping`.*beside `job`/],
  [{ grouping: { 'no-name': 'x' } }, /Invalid `grouping`.*received "no-name"/],
  [{ grouping: { __name: 'x' } }, /Invalid `grouping`.*received "__name"/],
  [{ grouping: { le: 'x' } }, /Invalid `grouping`.*received "le"/],
  [{ grouping: { shard: 5 } }, /Invalid `grouping`.*a text for `shard`, received 5/],
  [{ grouping: ['shard'] }, /Invalid `grouping`.*texts by label/],
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
