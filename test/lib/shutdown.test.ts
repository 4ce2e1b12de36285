// In a process of its own: its tests wait for processes, all at once.
/** Shutdown of a service: in order, within its deadline, and with the exit code that it has without metrics. */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { MetricsConfig } from '../../lib/config-settings.js';
import { keepSnapshots } from '../../lib/durability/keep-snapshots.js';
import {
  type CreateMetricsOptions,
  createMetrics,
  defineCounter,
  label,
  type Metrics,
} from '../../lib/index.js';
import { runInOrder, type ShutdownStep } from '../../lib/shutdown.js';
import { createTestRegistry } from '../../lib/testing.js';
import { isListening } from '../helpers/listening.js';
import { manualClock } from '../helpers/manual-clock.js';
import { bundled, fromRoot } from '../helpers/package-root.js';
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
  const child = spawn(process.execPath, [bundled('test/fixtures/stopping-app.ts'), way], {
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
  const output = new EventEmitter();
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      text += chunk;
      output.emit('more');
    });
  const ended = once(child, 'close') as App['ended'];
  t.teardown(() => child.kill('SIGKILL'));
  // No timeout here: many processes start at the same time.
  const said = async (wanted: string): Promise<void> => {
    while (!text.includes(wanted)) {
      const end = await Promise.race([once(output, 'more').then(() => undefined), ended]);
      if (end !== undefined && !text.includes(wanted))
        throw new Error(`ended with ${end[0] ?? end[1]} before ${wanted}: ${text}`);
    }
  };
  await said('ready');
  return { process: child, file, url: /ready (\S+)/.exec(text)?.[1] ?? '', said, ended, output: () => text };
}

async function workIn(file: string): Promise<number> {
  return Number(/^work_total (\d+)$/m.exec(await readFile(file, 'utf8'))?.[1]);
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} drains, writes a last snapshot, and then ends the process with the signal`, async (t) => {
    const app = await startApp(t, 'plain');
    app.process.kill(signal);
    t.deepEqual(await app.ended, [null, signal]);
    t.is(await workIn(app.file), 11, 'it contains what was counted during the drain');
    t.regex(app.output(), /draining\ndrained\n/);
  });
}

for (const way of ['slow', 'slow, with its own listener', 'slow, with signal-exit']) {
  test(`${way}: a second SIGTERM ends the process without waiting for the drain`, async (t) => {
    const app = await startApp(t, way);
    app.process.kill('SIGTERM');
    await app.said(way === 'slow, with its own listener' ? 'draining' : 'A second SIGTERM ends');
    app.process.kill('SIGTERM');
    // The deadline of the drain is a day.
    t.deepEqual(await app.ended, [null, 'SIGTERM']);
    t.notRegex(app.output(), /drained/);
  });
}

test('a signal that is repeated immediately counts once, as nodemon forwards Ctrl-C', async (t) => {
  const app = await startApp(t, 'relayed');
  app.process.kill('SIGINT');
  t.deepEqual(await app.ended, [null, 'SIGINT']);
  t.is(await workIn(app.file), 11);
  t.regex(app.output(), /draining\ndrained\n/);
});

test('two createMetrics in one process both stop before it ends', async (t) => {
  const app = await startApp(t, 'two createMetrics');
  app.process.kill('SIGTERM');
  t.deepEqual(await app.ended, [null, 'SIGTERM']);
  t.is(await workIn(app.file), 11);
  t.regex(app.output(), /^the other drained$/m);
});

test('the listeners of the package signal-exit do not prevent the shutdown, and run at its end', async (t) => {
  const app = await startApp(t, 'signal-exit');
  app.process.kill('SIGTERM');
  t.deepEqual(await app.ended, [null, 'SIGTERM']);
  t.is(await workIn(app.file), 11);
  t.regex(app.output(), /draining\ndrained\nsignal-exit\n/);
});

test('a drain that hangs is abandoned at the deadline, and a last snapshot is still written', async (t) => {
  const app = await startApp(t, 'hanging');
  app.process.kill('SIGTERM');
  t.deepEqual(await app.ended, [null, 'SIGTERM']);
  t.is(await workIn(app.file), 1);
});

test('an app with its own signal listener decides when to stop and how to exit', async (t) => {
  const app = await startApp(t, 'own listener');
  app.process.kill('SIGTERM');
  t.deepEqual(await app.ended, [7, null]);
  t.is(await workIn(app.file), 11);
});

for (const [way, code, message] of [
  ['throws', 1, /Error: an uncaught error/],
  ['rejects', 1, /an unhandled rejection/],
  ['exits', 3, /ready/],
] as const) {
  test(`a process that ${way} writes a snapshot, and keeps its message and its exit code ${code}`, async (t) => {
    const app = await startApp(t, way);
    app.process.stdin?.write('now');
    t.deepEqual(await app.ended, [code, null]);
    t.is(await workIn(app.file), 1);
    t.regex(app.output(), message);
  });
}

test('shutdown turns readiness off, drains, then waits for a scrape, pushes, writes a snapshot and closes the server', async (t) => {
  const file = join(await temporaryFolder(t), 'metrics.om');
  const events: string[] = [];
  let pushedAt = Number.NaN;
  const gateway = createServer((request, response) => {
    events.push('push');
    pushedAt = Date.now();
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
    // Before the response is read: the push may be faster.
    events.push('scrape');
    await (await fetch(`${metrics.url}/metrics`)).text();
  };
  await scraping();
  const stopping = metrics.stop();
  await until('the work', async () => (events.length > 1 ? true : undefined));
  t.deepEqual(events, ['scrape', 'work, ready is 503'], 'it waits for a scrape');
  // Readiness has just turned off; the drain ends when its time is over.
  const { url } = metrics;
  t.true(isListening(url));
  await until('the last scrape', async () => {
    if (events.includes('push')) return true;
    await scraping();
    return undefined;
  });
  await stopping;
  t.is(events.at(-1), 'push');
  const saved = await readFile(file, 'utf8');
  const savedAt = Number(/^metrics_snapshot_written_timestamp_seconds (\S+)$/m.exec(saved)?.[1]) * 1_000;
  t.true(savedAt >= pushedAt, `saved at ${savedAt}, pushed at ${pushedAt}`);
  t.regex(saved, /^metrics_scrape_duration_seconds_count\{format="text"\} [2-9]/m);
  t.false(isListening(url));
});

/** The seconds that each step receives, on a stopped clock. */
async function shares(
  steps: readonly Omit<ShutdownStep, 'run'>[],
  deadlineSeconds: number,
): Promise<number[]> {
  const given: number[] = [];
  await runInOrder(
    steps.map((step) => ({ ...step, run: (seconds) => given.push(seconds) })),
    deadlineSeconds,
    undefined,
    manualClock(),
  );
  return given;
}

test('steps: the first one has at least half of the deadline, and later ones share the reserved time', async (t) => {
  const later = [{ needsSeconds: 2 }, { needsSeconds: 2 }, { maxSeconds: 5, needsSeconds: 1 }];
  t.deepEqual(await shares([{}, ...later], 25), [20, 22, 24, 5]);
  t.deepEqual(await shares([{}, ...later], 5), [2.5, 3.5, 4.5, 5]);
  t.deepEqual(await shares([{}, { needsSeconds: 1 }], 5), [4, 5], 'nothing is reserved for absent steps');
  t.deepEqual(await shares([{}], 5), [5]);
});

test('steps: the time that one takes is not available to the next', async (t) => {
  const given: number[] = [];
  const clock = manualClock();
  const takes = (seconds: number) => ({
    run: (allowed: number) => {
      given.push(allowed);
      clock.advance(seconds * 1_000);
    },
  });
  await runInOrder([takes(3), takes(9), takes(1)], 10, undefined, clock);
  t.deepEqual(given, [10, 7, 0]);
});

test('steps: a deadline longer than the longest possible timer is shortened to it', async (t) => {
  // Node fires a timer longer than 2^31 - 1 ms after one millisecond.
  for (const deadline of [3e6, Number.POSITIVE_INFINITY]) {
    const clock = manualClock();
    let finish: () => void = () => {};
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
      undefined,
      clock,
    );
    t.deepEqual(clock.timers(), [2_147_483_000]);
    finish();
    await running;
    t.deepEqual(clock.timers(), []);
  }
});

test('the options of the shutdown are checked', (t) => {
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
  test(`stop does not wait for a last scrape if no scrape is possible: ${what}`, async (t) => {
    const metrics = stoppable(
      { scrapeIntervalSeconds: 3_600, ...config },
      { lastScrape: true, stopSeconds: 86_400, ...options },
    );
    await metrics.start();
    // A stop that waits would not end before the watchdog.
    await t.notThrowsAsync(metrics.stop());
  });
}

test('stop waits one scrape interval for a last scrape, and no longer', async (t) => {
  const metrics = stoppable({ scrapeIntervalSeconds: 0.3 }, { lastScrape: true, stopSeconds: 86_400 });
  await metrics.start();
  const began = performance.now();
  await metrics.stop();
  // Timers may fire slightly early, but not earlier than this. Without the interval, the stop would take a day.
  t.true(performance.now() - began > 290);
});

test('a stop before the start does nothing, and the next one stops', async (t) => {
  const file = join(await temporaryFolder(t), 'metrics.om');
  const metrics = stoppable({ snapshotFile: file, scrapeIntervalSeconds: 3600 });
  await metrics.stop();
  await metrics.start();
  const { url } = metrics;
  t.true(isListening(url));
  t.is((await fetch(`${url}/health`)).status, 200);
  metrics.registry.counter(defineCounter({ name: 'work_total', help: 'Work done.' })).inc(3);
  await metrics.stop();
  t.false(isListening(url));
  t.is(await workIn(file), 3);
});

test('a failed drain is reported, and load balancers still have their time', async (t) => {
  const registry = createTestRegistry();
  const drain = (): never => {
    throw new Error('no queue');
  };
  const metrics = stoppable({}, { registry, drain, drainSeconds: 0.3 });
  await metrics.start();
  const { url } = metrics;
  t.true(isListening(url));
  const began = performance.now();
  await metrics.stop();
  // Timers may fire slightly early.
  t.true(performance.now() - began > 290);
  t.false(isListening(url));
  t.deepEqual(
    registry.warnings.map(({ code, message }) => [code, message]),
    [['METRICS_STOP_FAILED', 'A part of stop() failed, and the rest went on: no queue']],
  );
});

for (const [snapshots, expected] of [
  [undefined, undefined],
  [{ maxAgeSeconds: 30 * 86_400 }, 5],
] as const) {
  test(`a snapshot of eight days ago is ${snapshots === undefined ? 'dropped by default' : 'restored where `snapshots.maxAgeSeconds` allows it'}`, async (t) => {
    const file = join(await temporaryFolder(t), 'metrics.om');
    const work = defineCounter({ name: 'work_total', help: 'Work done.', labels: { kind: label() } });
    const before = createTestRegistry();
    before.counter(work).inc({ kind: 'a' }, 5);
    const clock = manualClock(Date.now() - 8 * 86_400_000);
    await (await keepSnapshots({ file, registry: before }, clock)).stop();
    const registry = createTestRegistry();
    registry.counter(work);
    const metrics = stoppable(
      { snapshotFile: file },
      { registry, ...(snapshots === undefined ? {} : { snapshots }) },
    );
    await metrics.start();
    const text = await (await fetch(`${metrics.url}/metrics`)).text();
    t.is(/^work_total\{kind="a"\} (\d+)$/m.exec(text)?.[1], expected?.toString());
    await metrics.stop();
  });
}

/** With its own port and registry, and without slow parts. */
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

test('steps: the next one runs after one that fails, throws or hangs', async (t) => {
  const given: number[] = [];
  const error = new Error('no');
  const clock = manualClock();
  const running = runInOrder(
    [
      { run: (seconds) => given.push(seconds) },
      { run: () => Promise.reject(error) },
      {
        run: () => {
          throw error;
        },
      },
      { run: () => new Promise(() => {}), maxSeconds: 1 },
      { run: (seconds) => given.push(seconds), needsSeconds: 2 },
      { run: (seconds) => given.push(seconds), maxSeconds: 1, needsSeconds: 1 },
    ],
    10,
    undefined,
    clock,
  );
  await clock.waitsFor(1_000);
  clock.advance(1_000);
  t.deepEqual(await running, [error, error]);
  t.deepEqual(given, [7, 8, 1], 'three are reserved for the last two');
});
