/** `createMetrics` in workers whose primary does not run this package: a plain one of node:cluster, and PM2's. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { fetchedFolder } from '../helpers/fetched-packages.js';
import { compiled } from '../helpers/package-root.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { until } from '../helpers/until.js';

const run = promisify(execFile);
const service = compiled('test/fixtures/cluster/worker-service.ts');

interface ServiceWorker {
  readonly pid: number;
  /** The URL of the app: each request counts one. */
  readonly url: string;
  readonly metricsUrl: string;
}

interface Workers {
  output(): Promise<string>;
  ready(count: number): Promise<ServiceWorker[]>;
}

function workersOf(output: () => Promise<string>): Workers {
  const ready = async (count: number): Promise<ServiceWorker[]> =>
    until(
      `${count} workers`,
      async () => {
        const lines = [...(await output()).matchAll(/ready (\d+) (\d+) (\S+)/g)];
        if (lines.length < count) return undefined;
        return lines.map(([, pid, port, metricsUrl = '']) => ({
          pid: Number(pid),
          url: `http://127.0.0.1:${port}`,
          metricsUrl,
        }));
      },
      60_000,
    );
  return { output, ready };
}

/** A separate folder, since the lock of the elected worker is a temporary file. */
async function environment(
  t: ExecutionContext,
  says: 'true' | 'false' | undefined,
): Promise<NodeJS.ProcessEnv> {
  const { SAYS_CLUSTER: _, ...env } = process.env;
  return {
    ...env,
    TMPDIR: await temporaryFolder(t),
    METRICS_ENDPOINT: '127.0.0.1',
    METRICS_PORT: '0',
    ...(says === undefined ? {} : { SAYS_CLUSTER: says }),
  };
}

async function otherPrimary(
  t: ExecutionContext,
  says: 'true' | 'false' | undefined,
  env: NodeJS.ProcessEnv = {},
): Promise<Workers> {
  const child: ChildProcess = spawn(
    process.execPath,
    [compiled('test/fixtures/cluster/other-primary.ts'), service, '3'],
    {
      env: { ...(await environment(t, says)), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const closed = once(child, 'close');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => {
      text += chunk;
    });
  return workersOf(async () => text);
}

/**
 * One scrape over its own connection, which the primary passes to any worker. If that worker has just been killed, the scrape
 * gets no response and is abandoned.
 */
async function scrape(url: string): Promise<{ readonly work: number; readonly answering: number }> {
  const options = { headers: { connection: 'close' }, signal: AbortSignal.timeout(30_000) };
  const text = await (await fetch(`${url}/metrics`, options)).text();
  return {
    work: Number(/^work_total (\d+)$/m.exec(text)?.[1]),
    answering: Number(/^metrics_cluster_workers\{state="answering"\} (\d+)$/m.exec(text)?.[1]),
  };
}

function hasEnded(pid: number): true | undefined {
  try {
    process.kill(pid, 0);
    return undefined;
  } catch {
    return true;
  }
}

test('workers of a plain primary warn, and each scrape has the sum of all workers, even after kills', async (t) => {
  const workers = await otherPrimary(t, 'true');
  const all = await workers.ready(3);
  t.is(
    [...(await workers.output()).matchAll(/warning METRICS_CLUSTER_NO_PRIMARY: .*elect one of themselves/g)]
      .length,
    3,
  );
  const [{ metricsUrl } = { metricsUrl: '' }] = all;
  for (const worker of all) t.is(worker.metricsUrl, metricsUrl, 'they share a port');
  await until('all three', async () => ((await scrape(metricsUrl)).answering === 3 ? true : undefined));
  for (let count = 0; count < 6; count++) t.deepEqual(await scrape(metricsUrl), { work: 15, answering: 3 });
  // One of the three is elected.
  let expected = 15;
  for (const [index, worker] of all.slice(0, 2).entries()) {
    for (const { url } of all.slice(index)) await fetch(url);
    expected += 3 - index;
    t.is((await scrape(metricsUrl)).work, expected);
    process.kill(worker.pid, 'SIGKILL');
    await until('its end noticed', async () => {
      const { work, answering } = await scrape(metricsUrl).catch(() => ({ work: expected, answering: 0 }));
      t.is(work, expected, 'the total does not fall');
      return answering === 2 - index ? true : undefined;
    });
  }
});

test('an elected worker ended by SIGTERM passes its values on to the next one', async (t) => {
  const workers = await otherPrimary(t, 'true');
  const all = await workers.ready(3);
  const [{ metricsUrl } = { metricsUrl: '' }] = all;
  await until('all three', async () => ((await scrape(metricsUrl)).answering === 3 ? true : undefined));
  // They are not scraped any more: only their last report can hold the values.
  for (const { url } of all) await fetch(url);
  for (const { pid } of all.slice(0, 2)) process.kill(pid, 'SIGTERM');
  // Until then, one of them may not have reported its last values to the next.
  for (const { pid } of all.slice(0, 2)) await until(`the end of ${pid}`, async () => hasEnded(pid), 60_000);
  const last = await until('the last one', async () => {
    const read = await scrape(metricsUrl).catch(() => undefined);
    return read?.answering === 1 ? read : undefined;
  });
  t.is(last.work, 18);
});

test('if the metrics port is in use, each worker warns that it does not serve /metrics, and why', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.teardown(() => other.close());
  const port = String((other.address() as AddressInfo).port);
  const workers = await otherPrimary(t, 'true', { METRICS_PORT: port });
  const warnings = await until(
    'all warnings',
    async () => {
      const found = [...(await workers.output()).matchAll(/^warning METRICS_CLUSTER_NO_PRIMARY: (.*)$/gm)];
      return found.length < 3 ? undefined : found;
    },
    60_000,
  );
  for (const [, message = ''] of warnings)
    t.regex(message, /this one does not serve \/metrics: Cannot listen on .*EADDRINUSE/);
});

for (const [says, isReported] of [
  [undefined, true],
  ['false', false],
] as const) {
  test(`a worker of node:cluster ${isReported ? 'without `cluster`' : 'with `cluster: false`'} is ${isReported ? '' : 'not '}warned about its shared metrics port`, async (t) => {
    const workers = await otherPrimary(t, says);
    await workers.ready(3);
    t.is(
      /warning METRICS_CLUSTER_SHARED_PORT: .*Pass `cluster: true`/.test(await workers.output()),
      isReported,
    );
  });
}

test("PM2's cluster mode has one correct /metrics, and totals survive a reload of all workers", async (t) => {
  const home = await temporaryFolder(t);
  const env = { ...(await environment(t, 'true')), PM2_HOME: home };
  const program = join(await fetchedFolder('pm2'), 'node_modules/pm2/bin/pm2');
  const pm2 = (...args: string[]) => run(process.execPath, [program, ...args], { env });
  t.teardown(() => pm2('kill'));
  await pm2('start', service, '--name', 'service', '-i', '3', '--kill-timeout', '20000');
  const logs = async (): Promise<string> => {
    const files = await readdir(join(home, 'logs')).catch(() => []);
    return (await Promise.all(files.map((file) => readFile(join(home, 'logs', file), 'utf8')))).join('');
  };
  const workers = workersOf(logs);
  const [{ metricsUrl } = { metricsUrl: '' }] = await workers.ready(3);
  t.is([...(await logs()).matchAll(/warning METRICS_CLUSTER_NO_PRIMARY: .*PM2's/g)].length, 3);
  await until('all three', async () => ((await scrape(metricsUrl)).answering === 3 ? true : undefined));
  for (let count = 0; count < 6; count++) t.deepEqual(await scrape(metricsUrl), { work: 15, answering: 3 });
  await pm2('reload', 'service');
  await workers.ready(6);
  const after = await until('the new ones', async () => {
    const read = await scrape(metricsUrl).catch(() => undefined);
    return read?.answering === 3 ? read : undefined;
  });
  t.is(after.work, 30);
});
