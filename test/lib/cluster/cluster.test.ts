/** The aggregating side of a cluster, with threads and simulated members: what it sums up, keeps, leaves out and contains. */
import { once } from 'node:events';
import { BroadcastChannel, Worker } from 'node:worker_threads';
import test from 'ava';
import * as promClient from 'prom-client';
import { metricsCollectorErrors } from '../../../lib/catalogue/self.js';
import { systemClock } from '../../../lib/clock.js';
import {
  type ClusterMetrics,
  type ClusterMetricsOptions,
  clusterMetrics,
} from '../../../lib/cluster/cluster.js';
import { messageType } from '../../../lib/cluster/cluster-messages.js';
import { joinCluster } from '../../../lib/cluster/cluster-worker.js';
import { defineCounter, defineGauge, defineHistogram } from '../../../lib/define.js';
import { openMetricsFormat } from '../../../lib/exposition/open-metrics.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry, readText, readValue, type TestRegistry } from '../../../lib/testing.js';
import { work, workers } from '../../fixtures/cluster/definitions.js';
import { type FakeMember, fakeMember, familiesOf } from '../../helpers/cluster-member.js';
import { total } from '../../helpers/cluster-service.js';
import { type ManualClock, manualClock } from '../../helpers/manual-clock.js';
import { compiled } from '../../helpers/package-root.js';
import { parseText } from '../../helpers/parse-text.js';
import { until } from '../../helpers/until.js';

interface Hub {
  readonly registry: TestRegistry;
  readonly cluster: ClusterMetrics;
  value(name: string): Promise<number>;
}

/** Members respond immediately or not at all, so no test waits this long. */
const watchdogSeconds = 60;

// Threads of one process share a channel, so tests that use it must not overlap.
async function withHub(
  body: (hub: Hub) => Promise<void>,
  options: Omit<ClusterMetricsOptions, 'registry'> = {},
  clock = systemClock,
): Promise<void> {
  const registry = createTestRegistry();
  const cluster = clusterMetrics({ registry, deadlineSeconds: watchdogSeconds, ...options }, clock);
  try {
    await body({
      registry,
      cluster,
      value: async (name) => total(parseText(await cluster.metrics()), name),
    });
  } finally {
    cluster.stop();
  }
}

/** A simulated member with a counter. */
function counted(client: string, value: number): FakeMember {
  return fakeMember(familiesWith((registry) => registry.counter(work).inc({ client }, value)));
}

function familiesWith(record: (registry: TestRegistry) => void): ReturnType<typeof familiesOf> {
  const registry = createTestRegistry();
  record(registry);
  return familiesOf(registry);
}

/** Runs a test on a manual clock, after a first scrape, which waits for members to introduce themselves. */
async function withStandingClock(body: (hub: Hub, clock: ManualClock) => Promise<void>): Promise<void> {
  const clock = manualClock();
  await withHub(
    async (hub) => {
      const first = hub.cluster.metrics();
      await clock.waitsFor(introductionsMilliseconds);
      clock.advance(introductionsMilliseconds);
      await first;
      await body(hub, clock);
    },
    {},
    clock,
  );
}

const introductionsMilliseconds = 200;

/** A scrape that a member does not answer; asserts that it ends exactly at its deadline. */
async function scrapeToDeadline({ cluster }: Hub, clock: ManualClock): Promise<string> {
  let isDone = false;
  const scrape = cluster.metrics().finally(() => {
    isDone = true;
  });
  await clock.waitsFor(watchdogSeconds * 1_000);
  clock.advance(watchdogSeconds * 1_000 - 1);
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  if (isDone) throw new Error('the scrape did not wait until its deadline');
  clock.advance(1);
  return scrape;
}

async function isAnswering(hub: Hub, count: number): Promise<void> {
  await until(`${count} members answer`, async () =>
    parseText(await hub.cluster.metrics()).some(
      ({ name, labels, value }) =>
        name === 'metrics_cluster_workers' && labels.state === 'answering' && value === count,
    )
      ? true
      : undefined,
  );
}

test.serial('the sums include the metrics of the primary and third-party metrics', async (t) => {
  await withHub(async ({ registry, cluster }) => {
    registry.counter(work).inc({ client: 'a' }, 2);
    new promClient.Gauge({
      name: 'third_party',
      help: 'F.',
      aggregator: 'max',
      registers: [registry.prometheus],
    }).set(3);
    const member = fakeMember(
      familiesWith((own) => {
        own.counter(work).inc({ client: 'a' }, 3);
        new promClient.Gauge({ name: 'ignored', help: 'I.', registers: [own.prometheus] });
        own.gauge(defineGauge({ name: 'third_party', help: 'F.', aggregator: 'max' })).set(5);
      }),
    );
    const text = await cluster.metrics();
    t.regex(text, /^work_total\{client="a"\} 5$/m);
    t.regex(text, /^third_party 5$/m);
    t.regex(text, /^metrics_cluster_workers\{state="answering"\} 1$/m);
    member.leave();
  });
});

test.serial('a metric with the aggregator `omit` is not exposed by a cluster', async (t) => {
  const own = defineGauge({ name: 'not_aggregated', help: 'Own.', aggregator: 'omit' });
  await withHub(async ({ registry, cluster }) => {
    registry.gauge(own).set(1);
    const member = fakeMember(familiesWith((other) => other.gauge(own).set(2)));
    t.notRegex(await cluster.metrics(), /not_aggregated/);
    t.regex(await readText(registry), /^not_aggregated 1$/m, 'but by a single process');
    member.leave();
  });
});

test.serial('without members it exposes the same as a single process', async (t) => {
  await withHub(async ({ registry, cluster }) => {
    const seconds = defineHistogram({
      name: 'x_seconds',
      help: 'X "y".',
      labels: { a: label() },
      buckets: [1],
    });
    registry.histogram(seconds).observe({ a: 'q"\\\n' }, 0.5);
    registry.counter(work).inc({ client: 'é' });
    registry.prometheus.setDefaultLabels({ app: 'tamma' });
    new promClient.Counter({ name: 'third_party_total', help: 'F.', registers: [registry.prometheus] }).inc();
    const options = { constantLabels: { zone: 'b', app: 'ignored' } };
    const names = (text: string): string[] =>
      parseText(text).map(({ name, labels, value }) => JSON.stringify([name, labels, value]));
    const { scrapeToString } = await import('../../../lib/exposition/scrape.js');
    t.deepEqual(names(await cluster.metrics(options)), names(await scrapeToString(registry, options)));
    const openMetrics = await cluster.metrics({ ...options, format: openMetricsFormat });
    t.regex(openMetrics, /^# TYPE work counter$/m);
    t.true(openMetrics.endsWith('# EOF\n'));
    const some = await cluster.metrics({ names: new Set(['work_total']) });
    t.deepEqual([...new Set(parseText(some).map(({ name }) => name))], ['work_total']);
  });
});

test.serial(
  'a silent member loses its gauges, keeps its last counters, and does not delay the next scrape',
  async (t) => {
    await withStandingClock(async (hub, clock) => {
      const member = fakeMember(
        familiesWith((own) => {
          own.counter(work).inc({ client: 'a' }, 7);
          own.gauge(workers).set(1);
        }),
      );
      await isAnswering(hub, 1);
      t.is(await hub.value('workers'), 1);
      member.isAnswering = false;
      const text = await scrapeToDeadline(hub, clock);
      t.regex(text, /^work_total\{client="a"\} 7$/m);
      t.notRegex(text, /^workers /m);
      t.regex(text, /^metrics_cluster_workers\{state="silent"\} 1$/m);
      t.regex(await hub.cluster.metrics(), /\{state="silent"\} 1$/m, 'immediately: the clock is stopped');
      member.isAnswering = true;
      await isAnswering(hub, 1);
      t.is(await hub.value('workers'), 1, 'it responds again');
      member.leave();
    });
  },
);

test.serial('an older report does not overwrite a newer one', async (t) => {
  await withStandingClock(async (hub, clock) => {
    const member = counted('a', 10);
    member.reportAs(5);
    await until('the acknowledgement', async () => (member.taken.includes(5) ? true : undefined));
    member.families = familiesWith((own) => own.counter(work).inc({ client: 'a' }, 4));
    member.isAnswering = false;
    // This report was sent earlier and arrives later.
    member.reportAs(3);
    const other = counted('b', 1);
    await other.report();
    t.is(total(parseText(await scrapeToDeadline(hub, clock)), 'work_total'), 11);
    t.deepEqual(member.taken, [5]);
    member.leave();
    other.leave();
  });
});

test.serial('members that leave or are replaced are counted exactly once in the totals', async (t) => {
  await withHub(async (hub) => {
    for (let generation = 1; generation <= 20; generation++) {
      const member = counted('a', 1);
      await member.report();
      t.is(await hub.value('work_total'), generation);
      const { families } = member;
      member.leave();
      await isAnswering(hub, 0);
      t.is(await hub.value('work_total'), generation);
      t.is(families.length, 1);
    }
    t.is(hub.cluster.departedSeries, 1);
  });
});

test.serial(
  'series of departed members are limited: beyond the budget, label values become `other`, with exact totals',
  async (t) => {
    await withHub(
      async (hub) => {
        for (let generation = 0; generation < 30; generation++) {
          const member = counted(`client ${generation}`, 1);
          await member.report();
          member.leave();
        }
        await isAnswering(hub, 0);
        const samples = parseText(await hub.cluster.metrics());
        t.is(total(samples, 'work_total'), 30);
        t.is(hub.cluster.departedSeries, 11);
        t.is(samples.find(({ labels }) => labels.client === 'other')?.value, 20);
      },
      { maxSeries: 10 },
    );
  },
);

test.serial(
  'a worker with a different definition of a metric loses only that metric, and is counted as an error',
  async (t) => {
    const other = defineGauge({
      name: 'work_total',
      help: 'Other.',
      lint: { allow: ['total-counter'], why: 'A test.' },
    });
    await withHub(async (hub) => {
      hub.registry.counter(work).inc({ client: 'a' }, 2);
      const member = fakeMember([
        ...familiesWith((own) => own.gauge(other).set(100)),
        ...familiesWith((own) => own.gauge(workers).set(1)),
      ]);
      await isAnswering(hub, 1);
      t.is(await hub.value('work_total'), 2);
      t.is(await hub.value('workers'), 1);
      t.true((readValue(hub.registry, metricsCollectorErrors, { metric: 'work_total' }) ?? 0) > 0);
      t.regex(hub.registry.warnings[0]?.message ?? '', /work_total.*gauge.*counter; the first wins/);
      member.leave();
    });
  },
);

test.serial('a member that joins during a scrape is included', async (t) => {
  await withHub(async (hub) => {
    const slow = counted('slow', 1);
    await isAnswering(hub, 1);
    slow.isAnswering = false;
    const scrape = hub.value('work_total');
    await new Promise((resolve) => setImmediate(resolve));
    const newcomer = counted('new', 2);
    await until('the request to the new member', async () => (newcomer.taken.length > 0 ? true : undefined));
    slow.leave();
    t.is(await scrape, 3);
    newcomer.leave();
  }, {});
});

test.serial('invalid messages are ignored and counted, with one warning', async (t) => {
  await withHub(async (hub) => {
    const channel = new BroadcastChannel(messageType);
    const report = {
      type: messageType,
      kind: 'report',
      member: 'm',
      thread: 7,
      number: 1,
      done: true,
      counts: [],
      gauges: [],
      answers: [],
    };
    const garbage = [
      undefined,
      null,
      'text',
      { type: 'theirs', kind: 'report' },
      { type: messageType },
      { type: messageType, thread: 7, member: 7, kind: 'report' },
      { ...report, number: 'one' },
      { ...report, counts: 7 },
      { ...report, answers: 7 },
      { ...report, answers: [7] },
      { ...report, counts: [null] },
      { ...report, counts: [{ name: 'x', help: 'x', type: 'odd', labels: [], parts: [], series: [] }] },
      {
        ...report,
        counts: [
          { name: 'x', help: 'x', type: 'counter', labels: ['a'], parts: [['']], series: [[[], [1]]] },
        ],
      },
      {
        ...report,
        counts: [
          { name: 'x', help: 'x', type: 'counter', labels: ['a'], parts: [['']], series: [[[{}], [1]]] },
        ],
      },
    ];
    for (const message of garbage) channel.postMessage(message);
    const member = counted('a', 1);
    await member.report();
    t.is(await hub.value('work_total'), 1);
    t.true(
      (readValue(hub.registry, metricsCollectorErrors, { metric: 'metrics_cluster_workers' }) ?? 0) >= 7,
    );
    t.is(hub.registry.warnings.length, 1, 'one warning');
    channel.postMessage({ type: messageType, kind: 'leave', member: 'm', thread: 7 });
    channel.close();
    member.leave();
  });
});

// ---- threads -----------------------------------------------------------------------------------------------------

async function startThread(): Promise<Worker> {
  const thread = new Worker(compiled('test/fixtures/cluster/thread.ts'), { execArgv: [] });
  // Tests let threads crash.
  thread.on('error', () => {});
  await once(thread, 'message');
  return thread;
}

async function runTask(thread: Worker, task: string): Promise<unknown> {
  thread.postMessage(task);
  const [answer] = await once(thread, 'message');
  return answer;
}

test.serial(
  'threads are members: those that leave, crash and are terminated stay in the totals',
  async (t) => {
    await withHub(async (hub) => {
      const threads = await Promise.all([startThread(), startThread(), startThread()]);
      const [leaves, crashes, terminated] = threads as [Worker, Worker, Worker];
      for (const thread of threads) t.is(await runTask(thread, 'a'), 'done');
      await isAnswering(hub, 3);
      t.is(await hub.value('work_total'), 3);
      t.is(await hub.value('workers'), 3);
      t.is(await runTask(terminated, 'flush'), true);
      await runTask(crashes, 'b');
      const ends = threads.map((thread) => once(thread, 'exit').catch(() => {}));
      t.is(await runTask(leaves, 'leave'), true);
      crashes.postMessage('throw');
      await terminated.terminate();
      await Promise.all(ends);
      await isAnswering(hub, 0);
      const samples = parseText(await hub.cluster.metrics());
      t.is(total(samples, 'work_total'), 6, 'one per thread, and one each for flush, crash and leave');
      t.is(total(samples, 'workers'), 0);
      const silent = samples.find(
        ({ name, labels }) => name === 'metrics_cluster_workers' && labels.state === 'silent',
      );
      t.is(silent?.value, 0);
    });
  },
);

test.serial('without a primary a thread waits only once, and reports as soon as there is one', async (t) => {
  const thread = await startThread();
  t.is(await runTask(thread, 'flush briefly'), false);
  const waits = await runTask(thread, 'waits');
  t.is(await runTask(thread, 'flush'), false);
  t.is(await runTask(thread, 'waits'), waits, 'no further wait');
  await withHub(async (hub) => {
    await isAnswering(hub, 1);
    t.is(await hub.value('work_total'), 2);
    t.is(await runTask(thread, 'flush'), true);
    t.is(await runTask(thread, 'leave'), true);
    t.is(await hub.value('work_total'), 4);
  });
});

test.serial('threads that hang or have ended are left out', async (t) => {
  await withStandingClock(async (hub, clock) => {
    const thread = await startThread();
    t.is(await runTask(thread, 'flush'), true);
    await isAnswering(hub, 1);
    t.is(await runTask(thread, 'hang'), 'hanging');
    t.regex(await scrapeToDeadline(hub, clock), /^metrics_cluster_workers\{state="silent"\} 1$/m);
    t.is(await hub.value('work_total'), 1);
    await thread.terminate();
    // Messages of a thread may arrive after its end.
    await clock.waitsFor(100);
    clock.advance(100);
    t.regex(await hub.cluster.metrics(), /^metrics_cluster_workers\{state="silent"\} 0$/m);
    t.is(await hub.value('work_total'), 1);
  });
});

/** A thread that can join repeatedly, with every type of metric that has totals. */
async function startRejoiningThread(): Promise<Worker> {
  const program = `
    const { parentPort } = require('node:worker_threads');
    const tasks = async () => {
      const { joinCluster } = await import(${JSON.stringify(compiled('lib/cluster/cluster-worker.ts'))});
      const { MetricsRegistry } = await import(${JSON.stringify(compiled('lib/registry.ts'))});
      const { defineSummary } = await import(${JSON.stringify(compiled('lib/define.ts'))});
      const { work, workDuration } = await import(${JSON.stringify(compiled('test/fixtures/cluster/definitions.ts'))});
      const { Counter } = await import('prom-client');
      const warnings = [];
      const registry = new MetricsRegistry({ onWarning: ({ code }) => warnings.push(code) });
      const size = defineSummary({ name: 'size_bytes', help: 'Size.', quantiles: [0.5] });
      const thirdParty = new Counter({ name: 'third_party_total', help: 'F.', registers: [registry.prometheus] });
      let membership;
      return {
        join: () => { membership = joinCluster({ registry, reportSeconds: 0 }); },
        work: () => {
          registry.counter(work).inc({ client: 'a' }, 2);
          registry.histogram(workDuration).observe({ client: 'a' }, 0.5);
          registry.summary(size).observe(10);
          thirdParty.inc();
        },
        reset: () => registry.reset(),
        leave: () => membership.leave({ deadlineSeconds: 60 }),
        'leave alone': () => membership.leave({ deadlineSeconds: 0.1 }),
        warnings: () => warnings,
        throw: () => { setImmediate(() => { throw new Error('a bug'); }); },
      };
    };
    tasks().then((known) => {
      parentPort.on('message', async (task) => parentPort.postMessage(await known[task]()));
      parentPort.postMessage('ready');
    });`;
  const thread = new Worker(program, { eval: true, execArgv: [] });
  thread.on('error', () => {});
  await once(thread, 'message');
  return thread;
}

test.serial(
  'a member that joins again reports what it recorded since it left, and nothing twice',
  async (t) => {
    await withHub(async (hub) => {
      const thread = await startRejoiningThread();
      const runTasks = async (...tasks: string[]): Promise<void> => {
        for (const task of tasks) await runTask(thread, task);
      };
      const totals = async (): Promise<number[]> => {
        const samples = parseText(await hub.cluster.metrics());
        return [
          'work_total',
          'work_duration_seconds_bucket',
          'work_duration_seconds_sum',
          'size_bytes_count',
          'third_party_total',
        ].map((name) => total(samples, name));
      };
      await runTasks('join', 'work', 'work');
      t.is(await runTask(thread, 'leave'), true);
      t.deepEqual(await totals(), [4, 4, 1, 2, 2]);
      await runTasks('work', 'join');
      await isAnswering(hub, 1);
      t.deepEqual(await totals(), [6, 6, 1.5, 3, 3], 'recordings between leaving and joining are included');
      await runTasks('work', 'leave');
      t.deepEqual(await totals(), [8, 8, 2, 4, 4]);
      await runTasks('join', 'reset', 'work');
      await isAnswering(hub, 1);
      t.deepEqual(
        await totals(),
        [10, 10, 2.5, 5, 5],
        'our metrics restart from 0 and are added; the third-party counter continues',
      );
      await runTasks('work', 'work', 'work');
      t.deepEqual(await totals(), [16, 16, 4, 8, 8], 'also beyond the value before the reset');
      await runTasks('work');
      thread.postMessage('throw');
      await once(thread, 'exit').catch(() => {});
      await isAnswering(hub, 0);
      // A crashing thread cannot wait for a third-party counter, which is collected asynchronously.
      t.deepEqual(await totals(), [18, 18, 4.5, 9, 8]);
      t.deepEqual(hub.registry.warnings, []);
    });
  },
);

test.serial(
  'a member whose last report was not acknowledged warns that it reports nothing when it joins again',
  async (t) => {
    const thread = await startRejoiningThread();
    for (const task of ['join', 'work']) await runTask(thread, task);
    t.is(await runTask(thread, 'leave alone'), false, 'there is no primary');
    for (const task of ['join', 'join']) await runTask(thread, task);
    t.deepEqual(await runTask(thread, 'warnings'), ['METRICS_CLUSTER_LEFT']);
    await withHub(async (hub) => {
      t.is(await hub.value('work_total'), 0);
    });
    await thread.terminate();
  },
);

// ---- without a cluster ------------------------------------------------------------------------------------------

test.serial('joinCluster does nothing in a process that is not a worker', async (t) => {
  const registry = createTestRegistry();
  const membership = joinCluster({ registry });
  t.is(joinCluster({ registry }), membership, 'one membership per registry');
  t.false(await membership.flush());
  t.false(await membership.leave());
});

test.serial('options are checked', (t) => {
  const code = 'ERR_METRICS_INVALID_OPTION';
  t.throws(() => joinCluster({ reportSeconds: -1 }), { code, message: /`reportSeconds` of joinCluster.*-1/ });
  t.throws(() => joinCluster({ reportSecond: 1 } as never), {
    code,
    message: /Did you mean `reportSeconds`/,
  });
  t.throws(() => clusterMetrics({ deadlineSeconds: 0 }), {
    code,
    message: /`deadlineSeconds` of clusterMetrics/,
  });
  t.throws(() => clusterMetrics({ maxSeries: 1.5 }), { code, message: /`maxSeries` of clusterMetrics/ });
  t.throws(() => clusterMetrics({ register: 1 } as never), { code, message: /Did you mean `registry`/ });
});

test.serial('there is one hub per registry', async (t) => {
  await withHub(async ({ registry, cluster }) => {
    t.is(clusterMetrics({ registry }), cluster);
  });
});

test('invalid samples of a third-party metric are left out, and counted once per scrape', async (t) => {
  const registry = createTestRegistry();
  const cluster = clusterMetrics({ registry });
  t.teardown(() => cluster.stop());
  registry.counter(defineCounter({ name: 'jobs_total', help: 'Jobs.' })).inc(2);
  const snapshot = {
    name: 'jobs',
    help: 'Jobs.',
    type: 'gauge',
    aggregator: 'sum',
    values: [
      { labels: { 'a-b': 'x' }, value: 1 },
      { labels: { 'c-d': 'x' }, value: 1 },
      { labels: {}, value: 7 },
    ],
  };
  registry.prometheus.registerMetric({ name: 'jobs', get: async () => snapshot } as never);
  const text = await cluster.metrics({ format: openMetricsFormat });
  t.deepEqual(text.match(/^jobs.*/gm), ['jobs_total 2', 'jobs 7']);
  t.regex(text, /^# TYPE jobs_total unknown$/m);
  t.is(readValue(registry, metricsCollectorErrors, { metric: 'jobs' }), 1);
});
