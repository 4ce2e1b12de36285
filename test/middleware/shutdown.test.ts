/** The end of a service: in order, within its deadline, and with the exit code that it would have had. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createMetrics } from '../../lib/index.js';
import { createTestRegistry } from '../../lib/testing.js';
import { runInOrder } from '../../middleware/shutdown.js';
import { fromRoot } from '../helpers/package-root.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { until } from '../helpers/until.js';

interface App {
  readonly process: ChildProcess;
  readonly file: string;
  readonly url: string;
  /** Waits for a line. */
  said(text: string): Promise<void>;
  readonly ended: Promise<[code: number | null, signal: NodeJS.Signals | null]>;
  output(): string;
}

async function startApp(t: ExecutionContext, way: string): Promise<App> {
  const file = join(await temporaryFolder(t), 'metrics.om');
  const child = spawn(process.execPath, ['--import=tsx', fromRoot('test/fixtures/stopping-app.ts'), way], {
    cwd: fromRoot(''),
    env: {
      ...process.env,
      METRICS_ENDPOINT: '127.0.0.1',
      METRICS_PORT: '0',
      METRICS_SNAPSHOT_FILE: file,
      METRICS_SCRAPE_INTERVAL: '3600',
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      text += chunk;
    });
  const ended = once(child, 'close') as App['ended'];
  t.teardown(() => child.kill('SIGKILL'));
  const said = async (wanted: string): Promise<void> => {
    await until(wanted, async () => (text.includes(wanted) ? true : undefined));
  };
  await said('ready');
  return { process: child, file, url: /ready (\S+)/.exec(text)?.[1] ?? '', said, ended, output: () => text };
}

async function workIn(file: string): Promise<number> {
  return Number(/^work_total (\d+)$/m.exec(await readFile(file, 'utf8'))?.[1]);
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal}: drained, a last snapshot, and then what the signal does by itself`, async (t) => {
    const app = await startApp(t, 'plain');
    app.process.kill(signal);
    t.deepEqual(await app.ended, [null, signal]);
    t.is(await workIn(app.file), 11, 'what was counted while it drained is there');
    t.regex(app.output(), /draining\ndrained\n/);
  });
}

test('a second SIGTERM ends it at once', async (t) => {
  const app = await startApp(t, 'slow');
  app.process.kill('SIGTERM');
  await app.said('draining');
  app.process.kill('SIGTERM');
  t.deepEqual(await app.ended, [null, 'SIGTERM']);
  t.notRegex(app.output(), /drained/);
});

test('a part that hangs costs no snapshot, and the whole ends at its deadline', async (t) => {
  const app = await startApp(t, 'hanging');
  app.process.kill('SIGTERM');
  t.deepEqual(await app.ended, [null, 'SIGTERM']);
  t.is(await workIn(app.file), 1);
});

test('an app with a listener of its own decides when to stop, and how to end', async (t) => {
  const app = await startApp(t, 'own listener');
  app.process.kill('SIGTERM');
  t.deepEqual(await app.ended, [7, null]);
  t.is(await workIn(app.file), 11);
});

for (const [way, code, message] of [
  ['throws', 1, /Error: nobody catches this/],
  ['rejects', 1, /nor this/],
  ['exits', 3, /ready/],
] as const) {
  test(`a process that ${way}: a snapshot, its message, and its exit code, ${code}`, async (t) => {
    const app = await startApp(t, way);
    app.process.stdin?.write('now');
    t.deepEqual(await app.ended, [code, null]);
    t.is(await workIn(app.file), 1);
    t.regex(app.output(), message);
  });
}

test('the order: readiness off, the work ended, a last scrape, a last push, a last snapshot, the server closed', async (t) => {
  const file = join(await temporaryFolder(t), 'metrics.om');
  const events: string[] = [];
  const gateway = createServer((request, response) => {
    events.push('push');
    request.resume().once('end', () => response.writeHead(202).end());
  }).listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  t.teardown(() => gateway.close());
  const metrics = createMetrics(
    {
      host: '127.0.0.1',
      port: 0,
      scrapeIntervalSeconds: 60,
      snapshotFile: file,
      pushUrl: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`,
    },
    {
      registry: createTestRegistry(),
      fetch: false,
      defaultMetrics: false,
      drainSeconds: 0.1,
      lastScrape: true,
      signals: false,
      drain: async () => {
        events.push(`work, ready is ${(await fetch(`${metrics.url}/ready`)).status}`);
      },
    },
  );
  await metrics.start();
  const scraping = async (): Promise<void> => {
    await (await fetch(`${metrics.url}/metrics`)).text();
    events.push('scrape');
  };
  await scraping();
  const stopping = metrics.stop();
  await until('the work', async () => (events.length > 1 ? true : undefined));
  t.deepEqual(events, ['scrape', 'work, ready is 503'], 'it waits for a scrape');
  // Readiness turned off a moment ago; the drain is over when its time is.
  const { url } = metrics;
  await until('the last scrape', async () => {
    if (events.includes('push')) return true;
    await scraping();
    return undefined;
  });
  await stopping;
  t.is(events.at(-1), 'push');
  t.regex(await readFile(file, 'utf8'), /^metrics_push_success|^metrics_scrape_duration_seconds_count/m);
  await t.throwsAsync(fetch(`${url}/metrics`));
});

test('steps: each gets what the later ones do not need, and one that fails gives way', async (t) => {
  const given: number[] = [];
  const error = new Error('no');
  const errors = await runInOrder(
    [
      { run: (seconds) => given.push(seconds) },
      { run: () => Promise.reject(error) },
      {
        run: () => {
          throw error;
        },
      },
      { run: () => new Promise(() => {}), mostSeconds: 0.05 },
      { run: (seconds) => given.push(seconds), needsSeconds: 2 },
      { run: (seconds) => given.push(seconds), mostSeconds: 1, needsSeconds: 1 },
    ],
    10,
  );
  t.deepEqual(errors, [error, error]);
  t.true((given[0] ?? 0) <= 7 && (given[0] ?? 0) > 6.5, 'three are kept for the last two');
  t.true((given[1] ?? 0) <= 9 && (given[1] ?? 0) > 8);
  t.is(given[2], 1);
});
