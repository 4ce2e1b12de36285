// In a process of its own: its tests wait for processes, all at once.
/** Metrics of real worker processes that crash, hang and are replaced. */
import test from 'ava';
import { type ClusterService, startClusterService, total } from '../../helpers/cluster-service.js';
import { until } from '../../helpers/until.js';

async function withService(
  options: Parameters<typeof startClusterService>[0],
  body: (service: ClusterService) => Promise<void>,
): Promise<void> {
  const service = startClusterService(options);
  try {
    await body(service);
  } finally {
    await service.stop();
  }
}

/** @returns the pid of the worker that served the request */
async function work(url: string, search = ''): Promise<number> {
  const response = await fetch(`${url}/${search}`, { headers: { connection: 'close' } });
  return Number(await response.text());
}

async function workers(service: ClusterService): Promise<Record<string, number>> {
  const samples = await service.samples();
  return Object.fromEntries(
    samples
      .filter(({ name }) => name === 'metrics_cluster_workers')
      .map(({ labels, value }) => [labels.state, value]),
  );
}

test('the primary serves the sums of all workers, with third-party metrics, as text and OpenMetrics', async (t) => {
  await withService({ workers: 3 }, async (service) => {
    const url = await service.serving(3);
    const pids = new Set<number>();
    for (let count = 0; count < 30; count++) pids.add(await work(url, `?client=${count % 2}`));
    t.is(pids.size, 3, 'all workers have served requests');
    const samples = await service.samples();
    t.is(total(samples, 'work_total'), 30);
    t.is(samples.find(({ name, labels }) => name === 'work_total' && labels.client === '1')?.value, 15);
    t.is(total(samples, 'work_duration_seconds_count'), 30);
    t.is(total(samples, 'work_duration_seconds_sum'), 15);
    t.is(total(samples, 'third_party_total'), 30);
    t.is(total(samples, 'workers'), 3);
    t.deepEqual(await workers(service), { answering: 3, silent: 0 });
    const response = await fetch(
      `${await service.metricsUrl()}?name[]=work_total&name[]=work_duration_seconds`,
      {
        headers: { accept: 'application/openmetrics-text; version=1.0.0' },
      },
    );
    const text = await response.text();
    t.regex(text, /^# TYPE work counter$/m);
    t.regex(text, /^work_total\{client="0"\} 15$/m);
    t.regex(text, /^work_duration_seconds_bucket\{client="0",le="1.0"\} 15$/m);
    t.notRegex(text, /third_party|workers/);
    t.true(text.endsWith('# EOF\n'));
  });
});

test('workers that joined before the primary listens are included', async (t) => {
  await withService({ workers: 2, env: { JOIN_FIRST: 'true' } }, async (service) => {
    const url = await service.serving(2);
    await work(url, '?client=a&hasty');
    await service.ask('serve metrics', 'metrics');
    t.is(total(await service.samples(), 'work_total'), 1);
    t.deepEqual(await workers(service), { answering: 2, silent: 0 });
  });
});

test('after the deadline, a worker that hangs is left out: without its gauges, with its counters', async (t) => {
  await withService({ workers: 2, env: { DEADLINE_SECONDS: '3' } }, async (service) => {
    const url = await service.serving(2);
    for (let count = 0; count < 10; count++) await work(url, '?client=a');
    void work(url, 'busy').catch(() => {});
    // On a busy machine the other worker may sometimes be late as well.
    const hung = await until('one silent and one answering worker', async () => {
      const samples = await service.samples();
      const isSilent = samples.some(
        ({ name, labels, value }) =>
          name === 'metrics_cluster_workers' && labels.state === 'silent' && value === 1,
      );
      return isSilent && total(samples, 'workers') === 1 ? samples : undefined;
    });
    t.is(total(hung, 'work_total'), 10);
    t.is(total(hung, 'work_duration_seconds_count'), 10);
  });
});

test('a killed worker leaves what it flushed; one that exits or crashes leaves everything', async (t) => {
  await withService({ workers: 1, isReplaced: true, env: { REPORT_SECONDS: '0' } }, async (service) => {
    for (const [search, end, counted] of [
      ['?client=a', 'SIGKILL', 1],
      ['?client=a&hasty', 'SIGTERM', 2],
      ['throw?client=a&hasty', undefined, 3],
    ] as const) {
      const url = await service.serving(1);
      // The next requests must find the worker registered.
      await until('the registered worker', async () =>
        (await workers(service)).answering === 1 ? true : undefined,
      );
      const [pid = 0] = service.pids;
      await work(url, search).catch(() => {});
      if (end !== undefined) process.kill(pid, end);
      await service.ended(pid);
      await service.serving(1);
      const samples = await until('the replacement', async () => {
        const now = await service.samples();
        return total(now, 'workers') === 1 ? now : undefined;
      });
      t.is(total(samples, 'work_total'), counted, end ?? 'a bug');
      // Third-party metrics are collected asynchronously, so a crash loses what was not reported.
      t.is(total(samples, 'third_party_total'), Math.min(counted, 2), end ?? 'a bug');
    }
  });
});

test('prom-client’s own AggregatorRegistry sums up our registries in the workers', async (t) => {
  await withService({ program: 'prom-client.ts', workers: 3 }, async (service) => {
    await service.heard('ready');
    const { text = '' } = await service.ask('metrics', 'text');
    t.regex(text, /^work_total\{client="a"\} 9$/m);
    t.regex(text, /^work_duration_seconds_bucket\{client="a",le="1"\} 3$/m);
    t.regex(text, /^work_duration_seconds_sum\{client="a"\} 1.5$/m);
    t.regex(text, /^workers 3$/m);
  });
});
