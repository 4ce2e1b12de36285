/** The end of a service: in order, within its deadline, and with the exit code that it would have had. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { mock } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { type Clock, systemClock } from '../../lib/clock.js';
import type { MetricsConfig } from '../../lib/config.js';
import { type CreateMetricsOptions, createMetrics, defineCounter, type Metrics } from '../../lib/index.js';
import { createTestRegistry } from '../../lib/testing.js';
import { runInOrder, type ShutdownStep } from '../../middleware/shutdown.js';
import { compiled, fromRoot } from '../helpers/package-root.js';
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
  const child = spawn(process.execPath, [compiled('test/fixtures/stopping-app.ts'), way], {
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

for (const way of ['slow', 'slow, by a listener of its own', 'slow, with signal-exit']) {
  test(`${way}: a second SIGTERM ends the process without waiting for the drain`, async (t) => {
    const app = await startApp(t, way);
    app.process.kill('SIGTERM');
    await app.said('draining');
    app.process.kill('SIGTERM');
    // The drain itself has a day.
    t.deepEqual(await app.ended, [null, 'SIGTERM']);
    t.notRegex(app.output(), /drained/);
  });
}

test('two createMetrics in one process both stop, and then it ends', async (t) => {
  const app = await startApp(t, 'two of ours');
  app.process.kill('SIGTERM');
  t.deepEqual(await app.ended, [null, 'SIGTERM']);
  t.is(await workIn(app.file), 11);
  t.regex(app.output(), /^the other drained$/m);
});

test('the package signal-exit is no other listener: it is stopped in order, and signal-exit comes to its turn at the end', async (t) => {
  const app = await startApp(t, 'signal-exit');
  app.process.kill('SIGTERM');
  t.deepEqual(await app.ended, [null, 'SIGTERM']);
  t.is(await workIn(app.file), 11);
  t.regex(app.output(), /draining\ndrained\nsignal-exit\n/);
});

test('a drain that hangs is given up at the deadline, and a last snapshot is still written', async (t) => {
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
    // Before: the push may be faster than who reads the answer.
    events.push('scrape');
    await (await fetch(`${metrics.url}/metrics`)).text();
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

/** The real timers, on which no time passes but what is set. */
function stoppedClock(now: () => number): Clock {
  return { ...systemClock, now };
}

/** The seconds that each step is given, on a clock that stands still. */
async function shares(
  steps: readonly Omit<ShutdownStep, 'run'>[],
  deadlineSeconds: number,
): Promise<number[]> {
  const given: number[] = [];
  await runInOrder(
    steps.map((step) => ({ ...step, run: (seconds) => given.push(seconds) })),
    deadlineSeconds,
    undefined,
    stoppedClock(() => 0),
  );
  return given;
}

test('steps: the first has half of the deadline at least, and later ones share the time reserved for them', async (t) => {
  const later = [{ needsSeconds: 2 }, { needsSeconds: 2 }, { mostSeconds: 5, needsSeconds: 1 }];
  t.deepEqual(await shares([{}, ...later], 25), [20, 22, 24, 5]);
  t.deepEqual(await shares([{}, ...later], 5), [2.5, 3.5, 4.5, 5]);
  t.deepEqual(await shares([{}, { needsSeconds: 1 }], 5), [4, 5], 'nothing is reserved for absent steps');
  t.deepEqual(await shares([{}], 5), [5]);
});

test('steps: the time that one takes is no longer there for the next', async (t) => {
  const given: number[] = [];
  let now = 0;
  const takes = (seconds: number) => ({
    run: (allowed: number) => {
      given.push(allowed);
      now += seconds * 1_000;
    },
  });
  await runInOrder(
    [takes(3), takes(9), takes(1)],
    10,
    undefined,
    stoppedClock(() => now),
  );
  t.deepEqual(given, [10, 7, 0]);
});

test.serial('steps: a deadline longer than the longest timer does not end at once', async (t) => {
  // Node ends a timer after a millisecond that is longer than 2^31 - 1 ms.
  mock.timers.enable({ apis: ['setTimeout'] });
  t.teardown(() => mock.timers.reset());
  for (const deadline of [3e6, Number.POSITIVE_INFINITY]) {
    let finish: () => void = () => {};
    let isOver = false;
    const running = runInOrder(
      [
        {
          run: (seconds) => {
            t.is(seconds, 2_147_483);
            return new Promise<void>((resolve) => {
              finish = resolve;
            });
          },
        },
      ],
      deadline,
    ).then(() => {
      isOver = true;
    });
    mock.timers.tick(2_147_482_999);
    await turn();
    t.false(isOver, `${deadline} s`);
    finish();
    await running;
  }
});

test('options that say how to stop are checked', (t) => {
  const registry = createTestRegistry();
  for (const [options, message] of [
    [
      { stopSeconds: 0 },
      'Invalid `stopSeconds` of createMetrics: expected a positive number of seconds, received 0.',
    ],
    [{ stopSeconds: Number.NaN }, /`stopSeconds`.*received NaN/],
    [{ stopSeconds: '5' }, /`stopSeconds`.*received "5"/],
    [
      { drainSeconds: -1 },
      'Invalid `drainSeconds` of createMetrics: expected a number of seconds within 0 to 2147483, received -1.',
    ],
    [{ drainSeconds: 3e6 }, /`drainSeconds`.*received 3000000/],
    [{ drainSeconds: null }, /`drainSeconds`.*received null/],
    [{ drain: 5 }, 'Invalid `drain` of createMetrics: expected a function, received 5.'],
  ] as const)
    t.throws(() => createMetrics({}, { registry, ...options } as never), {
      code: 'ERR_METRICS_INVALID_OPTION',
      message,
    });
  t.notThrows(() => createMetrics({}, { registry, stopSeconds: Number.POSITIVE_INFINITY, drainSeconds: 0 }));
});

for (const [what, config, options] of [
  ['METRICS_ENABLED=false', { enabled: false }, {}],
  ['no server', {}, { server: false }],
] as const) {
  test(`stop does not wait for a last scrape where there can be none: ${what}`, async (t) => {
    const metrics = stoppable(
      { scrapeIntervalSeconds: 3_600, ...config },
      { lastScrape: true, stopSeconds: 86_400, ...options },
    );
    await metrics.start();
    // A stop that waited would not end before the watchdog.
    await t.notThrowsAsync(metrics.stop());
  });
}

test('stop waits one scrape interval for a last scrape, and no longer', async (t) => {
  const metrics = stoppable({ scrapeIntervalSeconds: 0.3 }, { lastScrape: true, stopSeconds: 86_400 });
  await metrics.start();
  const began = performance.now();
  await metrics.stop();
  // Timers may end a little early, never before this. Without the interval, the stop would take a day.
  t.true(performance.now() - began > 290);
});

test('a stop before the start does nothing, and the next one stops', async (t) => {
  const file = join(await temporaryFolder(t), 'metrics.om');
  const metrics = stoppable({ snapshotFile: file, scrapeIntervalSeconds: 3600 });
  await metrics.stop();
  await metrics.start();
  const { url } = metrics;
  t.is((await fetch(`${url}/health`)).status, 200);
  metrics.registry.counter(defineCounter({ name: 'work_total', help: 'Work done.' })).inc(3);
  await metrics.stop();
  await t.throwsAsync(fetch(`${url}/health`));
  t.is(await workIn(file), 3);
});

/** On a port and a registry of its own, and without what takes time. */
function stoppable(config: Partial<MetricsConfig>, options: CreateMetricsOptions = {}): Metrics {
  return createMetrics(
    { host: '127.0.0.1', port: 0, ...config },
    {
      registry: createTestRegistry(),
      fetch: false,
      defaultMetrics: false,
      drainSeconds: 0,
      signals: false,
      ...options,
    },
  );
}

test('steps: one that fails, throws or hangs gives way to the next', async (t) => {
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
    undefined,
    stoppedClock(() => 0),
  );
  t.deepEqual(errors, [error, error]);
  t.deepEqual(given, [7, 9, 1], 'three are reserved for the last two');
});
