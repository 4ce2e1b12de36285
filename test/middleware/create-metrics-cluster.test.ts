/** `createMetrics({ cluster: true })` in a real cluster: one port for all, and nothing of a worker is lost when it is ended. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { fromRoot } from '../helpers/package-root.js';
import { until } from '../helpers/until.js';

test('the primary answers for its workers; one that is ended by SIGTERM leaves all that it counted', async (t) => {
  const child = fork(fromRoot('test/fixtures/cluster/create-metrics.ts'), {
    execArgv: ['--import=tsx'],
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
