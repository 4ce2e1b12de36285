// In a process of its own: its tests wait for processes, all at once.
/** `createMetrics({ cluster: true })` in a real cluster: one port for all, and no values of an ended worker are lost. */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { clusterMetrics } from '../../lib/cluster/cluster.js';
import { createTestRegistry } from '../../lib/testing.js';
import { bundled, compiled } from '../helpers/package-root.js';
import { until } from '../helpers/until.js';

test('the primary answers for its workers, and keeps the values of one ended by SIGTERM', async (t) => {
  const child = fork(bundled('test/fixtures/cluster/create-metrics.ts'), {
    execArgv: [],
    env: { ...process.env, METRICS_ENDPOINT: '127.0.0.1', METRICS_PORT: '0' },
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
  const url = /ready (\S+)/.exec(output)?.[1];
  const total = async (): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    t.regex(text, /^metrics_cluster_workers\{state="answering"\} [12]$/m);
    return Number(/^work_total (\d+)$/m.exec(text)?.[1]);
  };
  t.is(await total(), 10);
  child.send('end one');
  await until('its end', async () => (output.includes('one ended') ? true : undefined));
  t.is(await total(), 110);
});

for (const [signal, target] of [
  ['SIGTERM', 'the primary'],
  ['SIGINT', 'the primary and its workers'],
] as const) {
  test(`${signal} to ${target}: requests in progress are answered before the primary ends`, async (t) => {
    const child = spawn(process.execPath, [bundled('test/fixtures/cluster/ending-service.ts')], {
      // A process group, as in a terminal.
      detached: true,
      env: { ...process.env, NODE_ENV: 'development', METRICS_ENDPOINT: '127.0.0.1', METRICS_PORT: '0' },
    });
    const ended = once(child, 'close');
    t.teardown(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    const said = (text: string, times: number): Promise<unknown> =>
      until(text, async () => (output.split(text).length > times ? true : undefined), 60_000);
    await said('listening on', 2);
    const port = /listening on (\d+)/.exec(output)?.[1];
    // Each over its own connection: the workers take turns.
    const answers = [1, 2].map(async () => (await fetch(`http://127.0.0.1:${port}`)).status);
    await said('asked', 2);
    const { pid = 0 } = child;
    process.kill(target === 'the primary' ? pid : -pid, signal);
    t.deepEqual(await Promise.all(answers), [200, 200]);
    t.deepEqual(await ended, [null, signal]);
    t.is(output.match(/^ended$/gm)?.length, 2, 'no worker is considered crashed');
  });
}

test('a worker whose start failed reports its counts once after its next start succeeds', async (t) => {
  const registry = createTestRegistry();
  const hub = clusterMetrics({ registry });
  const thread = new Worker(
    `
    const { parentPort } = require('node:worker_threads');
    import(${JSON.stringify(compiled('lib/index.ts'))}).then(async ({ createMetrics, defineCounter, MetricsRegistry }) => {
      const registry = new MetricsRegistry();
      const work = registry.counter(defineCounter({ name: 'work_total', help: 'Work done.' }));
      const options = { registry, cluster: true, fetch: false, defaultMetrics: false, signals: false, drainSeconds: 0 };
      work.inc(2);
      const pushUrl = 'http://127.0.0.1:9091';
      await createMetrics({ pushUrl }, { ...options, push: { job: '' } }).start().catch(({ code }) => parentPort.postMessage(code));
      const asked = () => new Promise((resolve) => parentPort.once('message', resolve));
      await asked();
      work.inc(3);
      const metrics = createMetrics({}, options);
      await metrics.start();
      await asked();
      work.inc(5);
      await metrics.stop();
      parentPort.postMessage('stopped');
    });`,
    { eval: true, execArgv: [] },
  );
  t.teardown(async () => {
    await thread.terminate();
    hub.stop();
  });
  const metric = async (name: string): Promise<number> =>
    Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await hub.metrics())?.[1]);
  t.deepEqual(await once(thread, 'message'), ['ERR_METRICS_INVALID_OPTION']);
  const answering = 'metrics_cluster_workers\\{state="answering"\\}';
  t.is(await metric('work_total'), 2);
  t.is(await metric(answering), 0);
  thread.postMessage('start');
  await until('the second start', async () => ((await metric('work_total')) === 5 ? true : undefined));
  t.is(await metric(answering), 1);
  thread.postMessage('stop');
  t.deepEqual(await once(thread, 'message'), ['stopped']);
  t.is(await metric('work_total'), 10);
});
