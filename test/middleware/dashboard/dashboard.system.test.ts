/** The dashboard of a service in Chromium: what the page shows is what the registry has. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import Koa from 'koa';
import * as provider from '../../../lib/catalogue/provider.js';
import * as workflow from '../../../lib/catalogue/workflow.js';
import { defineCounter, defineGauge, defineHistogram } from '../../../lib/define.js';
import { HealthChecks } from '../../../lib/health.js';
import type { HistoryAnswer } from '../../../lib/history/feed.js';
import type { FeedUnit, Formula, LabelMatch } from '../../../lib/history/panel.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry } from '../../../lib/testing.js';
import { shown } from '../../../middleware/dashboard/page/format.js';
import { dashboardRouter as dashboardRouterWithClock } from '../../../middleware/dashboard.js';
import { dashboardRouter, requestMetrics } from '../../../middleware/index.js';
import { colorsIn, openPage, waitUntil } from '../../helpers/browser.js';
import { readEvents } from '../../helpers/event-reader.js';
import { serve } from '../../helpers/koa-server.js';
import { manualClock } from '../../helpers/manual-clock.js';
import { type ParsedSample, parseText } from '../../helpers/parse-text.js';
import { testWith } from '../../helpers/programs.js';
import { until } from '../../helpers/until.js';

const importDuration = defineHistogram({
  name: 'import_duration_seconds',
  help: 'Time of an import, in seconds.',
  labels: { source: label() },
  buckets: [0.1, 1, 10],
});

const hostile = '<img src=x onerror=alert(1)>\u202E😀';
const issue = { provider: 'anthropic', platform: 'github', issue_type: 'bug' } as const;
const model = { provider: 'anthropic', model: 'claude' } as const;

interface Service {
  readonly url: string;
  readonly port: number;
  readonly registry: ReturnType<typeof createTestRegistry>;
  /** Records something of every subject. Series appear before they have values, so that none of those is missed. */
  record(): void;
  stop(): Promise<void>;
}

async function startService(t: ExecutionContext, port = 0): Promise<Service> {
  const registry = createTestRegistry();
  const checks = new HealthChecks({ checks: { database: () => undefined } });
  const router = dashboardRouter({ registry, checks, title: 'shop' });
  const app = new Koa();
  // A page that is closed is not an error of the app.
  app.silent = true;
  app.use(requestMetrics({ registry }));
  app.use(router.routes());
  const server: Server = createServer(app.callback());
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const instruments = {
    issues: registry.counter(workflow.issuesProcessed),
    issueDuration: registry.histogram(workflow.issueCompletionDuration),
    loops: registry.gauge(workflow.activeAutonomousLoops),
    queue: registry.gauge(workflow.queueDepth),
    approvals: registry.gauge(workflow.pendingApprovals),
    requests: registry.counter(provider.aiRequests),
    requestDuration: registry.histogram(provider.aiRequestDuration),
    imports: registry.histogram(importDuration),
  };
  for (const outcome of ['success', 'failure'] as const) {
    instruments.issues.inc({ ...issue, outcome }, 0);
    instruments.issueDuration.zero({ ...issue, outcome });
  }
  instruments.requests.inc({ ...model, operation: 'message' }, 0);
  instruments.requestDuration.zero(model);
  for (const source of ['github', hostile]) instruments.imports.zero({ source });
  const stop = async (): Promise<void> => {
    await router.close();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  t.teardown(async () => {
    if (server.listening) await stop();
  });
  const own = (server.address() as AddressInfo).port;
  return {
    url: `http://127.0.0.1:${own}/dashboard/`,
    port: own,
    registry,
    stop,
    record() {
      instruments.issues.inc({ ...issue, outcome: 'success' }, 3);
      instruments.issues.inc({ ...issue, outcome: 'failure' });
      for (const seconds of [20, 40, 400])
        instruments.issueDuration.observe({ ...issue, outcome: 'success' }, seconds);
      instruments.loops.set({ workflow_type: 'issue' }, 2);
      instruments.queue.set({ queue_name: 'github' }, 5);
      instruments.queue.set({ queue_name: 'gitlab' }, 7);
      instruments.approvals.set({ type: 'merge' }, 1);
      instruments.requests.inc({ ...model, operation: 'message' }, 12);
      for (let index = 0; index < 12; index++) instruments.requestDuration.observe(model, 0.3 + index / 10);
      for (const source of ['github', hostile]) instruments.imports.observe({ source }, 0.5);
    },
  };
}

type Combine = HistoryAnswer['metrics'][number]['combine'];

/** A formula over the lines of `/metrics`. `undefined`: a rate, which has no value there. */
function expectedOf(
  formula: Formula,
  samples: readonly ParsedSample[],
  combines: ReadonlyMap<string, Combine>,
): number | undefined {
  if ('ratio' in formula) {
    const [over = Number.NaN, under = Number.NaN] = formula.ratio.map((part) =>
      // Rates over the same time: their quotient is that of the increases.
      expectedOf(
        'reduce' in part && part.reduce === 'rate' ? { ...part, reduce: 'increase' } : part,
        samples,
        combines,
      ),
    );
    if (under === 0) return Number.NaN;
    return formula.complement === true ? 1 - over / under : over / under;
  }
  const { metric, reduce, match = [], part = 'count', quantile = 0.5, times = 1 } = formula;
  const named = (name: string): ParsedSample[] =>
    samples.filter((sample) => sample.name === name && match.every((condition) => meets(sample, condition)));
  const sum = (list: readonly ParsedSample[]): number => list.reduce((total, { value }) => total + value, 0);
  const buckets = named(`${metric}_bucket`);
  if (reduce === 'rate') return undefined;
  if (reduce === 'mean') return sum(named(`${metric}_sum`)) / sum(named(`${metric}_count`));
  if (reduce === 'quantile') return quantileOf(buckets, quantile);
  if (buckets.length > 0) return sum(named(`${metric}_${part}`)) * times;
  const values = named(metric).map(({ value }) => value);
  const combine = combines.get(metric);
  if (combine === 'min') return Math.min(...values) * times;
  if (combine === 'max') return Math.max(...values) * times;
  return (sum(named(metric)) / (combine === 'average' ? values.length : 1)) * times;
}

function meets({ labels }: ParsedSample, { label: name, test, values }: LabelMatch): boolean {
  const value = labels[name] ?? '';
  if (test === 'startsWith') return values.some((start) => value.startsWith(start));
  return values.includes(value) === (test === 'equals');
}

function quantileOf(buckets: readonly ParsedSample[], quantile: number): number {
  const counts = new Map<number, number>();
  for (const { labels, value } of buckets) {
    const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le);
    counts.set(bound, (counts.get(bound) ?? 0) + value);
  }
  const bounds = [...counts.keys()].sort((a, b) => a - b);
  const rank = quantile * (counts.get(Number.POSITIVE_INFINITY) ?? 0);
  const index = bounds.findIndex((bound) => (counts.get(bound) ?? 0) >= rank && rank > 0);
  const [start = 0, end = 0] = [bounds[index - 1], bounds[index]];
  if (index === -1) return Number.NaN;
  if (end === Number.POSITIVE_INFINITY) return start;
  const below = counts.get(start) ?? 0;
  return start + ((end - start) * (rank - below)) / ((counts.get(end) ?? 0) - below);
}

testWith(['chromium'], 'every tile shows what the registry has', async (t, { chromium }) => {
  const service = await startService(t);
  const { page, complaints } = await openPage(t, chromium, service.url);
  await page.waitForSelector('.state[data-state="live"]');
  // The samples before: what is recorded now is an increase.
  await page.waitForTimeout(2_500);
  service.record();
  const events = await readEvents(`${service.url}events`);
  const hello = await until('the metrics that were recorded', async () => {
    const latest = await events.next('hello');
    return latest.targets[0]?.metrics.some(({ name }) => name === 'queue_depth') ? latest : undefined;
  });
  const panels = hello.targets[0]?.sections.flatMap((section) => section.panels) ?? [];
  const metrics = [...new Set(panels.flatMap((panel) => panel.metrics))].map((name) => `metric=${name}`);
  const response = await fetch(`${service.url}history?points=1&${metrics.join('&')}`);
  const answer = (await response.json()) as HistoryAnswer;
  const combines = new Map(answer.metrics.map(({ name, combine }) => [name, combine]));
  const tiles = panels.filter(({ tile }) => tile !== undefined);
  t.true(tiles.length >= 8, `${tiles.length} tiles`);
  let compared = 0;
  for (const { id, tile } of tiles) {
    if (tile === undefined) continue;
    const shownIn = async (): Promise<string | null> => page.textContent(`[data-panel="${id}"] .value`);
    const expected = async (): Promise<string | undefined> => {
      const value = expectedOf(tile.formula, parseText(await service.registry.metrics()), combines);
      if (value === undefined) return undefined;
      const { value: number, unit } = shown(value, tile.unit);
      return unit.startsWith('$') ? `$${number}${unit.slice(1)}` : number + unit;
    };
    if ((await expected()) === undefined) {
      await until(
        `${id} has a number`,
        async () => (/\d/.test((await shownIn()) ?? '') ? true : undefined),
        90_000,
      );
      continue;
    }
    compared++;
    await until(
      `${id} shows ${await expected()}, not ${await shownIn()}`,
      async () => ((await shownIn()) === (await expected()) ? true : undefined),
      60_000,
    );
  }
  t.true(compared >= 6, `${compared} compared`);
  events.close();
  for (const { id } of panels) await page.locator(`[data-panel="${id}"]`).scrollIntoViewIfNeeded();
  await until(
    'charts with lines',
    async () => ((await colorsIn(page, '.tile')).every((colors) => colors > 8) ? true : undefined),
    60_000,
  );
  t.deepEqual(complaints, []);
});

/** A service whose time passes when a test says so. */
async function startWithClock(t: ExecutionContext) {
  const registry = createTestRegistry();
  const clock = manualClock();
  let setBack = 0;
  const router = dashboardRouterWithClock(
    { registry, title: 'shop' },
    { ...clock, timestamp: () => clock.timestamp() - setBack },
  );
  const server = await serve(new Koa().use(router.routes()));
  t.teardown(() => server.close());
  t.teardown(() => router.close());
  /** That of the next reading, and that of the connection of the page: while a reading is in progress, there is none for the next. */
  const isIdle = async (): Promise<true | undefined> => (clock.timers().length >= 2 ? true : undefined);
  return {
    registry,
    url: `${server.url}/dashboard/`,
    /** Calls back at every second. */
    async pass(seconds: number, record: () => void): Promise<void> {
      await until('the connection', isIdle, 90_000, 5);
      for (let second = 0; second < seconds; second++) {
        record();
        clock.advance(1_000);
        await until('the reading', isIdle, 90_000, 5);
      }
    },
    setBack(milliseconds: number): void {
      setBack += milliseconds;
    },
  };
}

testWith(['chromium'], 'a rate tile shows the true rate of the last minute', async (t, { chromium }) => {
  const { registry, url, pass } = await startWithClock(t);
  const jobs = registry.counter(defineCounter({ name: 'jobs_total', help: 'Jobs.' }));
  const read = registry.counter(defineCounter({ name: 'read_bytes_total', help: 'Bytes that were read.' }));
  for (const counter of [jobs, read]) counter.inc(0);
  const { page } = await openPage(t, chromium, url);
  await page.waitForSelector('.state[data-state="live"]');
  const at = (perSecond: number) => (): void => {
    jobs.inc(perSecond);
    read.inc(perSecond * 1_000);
  };
  const shows = async (
    metric: string,
    perSecond: number,
    rateUnit: FeedUnit,
    rate = perSecond,
  ): Promise<void> => {
    const { value, unit } = shown(perSecond, rateUnit);
    const isShown = `document.querySelector('[data-panel="further-${metric}"] .value')?.textContent === '${value}${unit}'`;
    // A page that was too slow for a reading gets the next one, so time goes on until it shows the rate.
    await until(isShown, async () => {
      if (await page.evaluate(isShown)) return true;
      await pass(1, at(rate));
      return undefined;
    });
  };
  // What is older than a minute, and up to the longest time between two readings, has no part in it.
  await pass(20, at(70));
  await pass(80, at(5));
  await shows('jobs_total', 5, 'perSecond');
  await shows('read_bytes_total', 5_000, 'bytesPerSecond', 5);
  await pass(80, at(12));
  await shows('jobs_total', 12, 'perSecond');
  t.pass();
});

testWith(
  ['chromium'],
  'the charts go on when the clock of the server is set back',
  async (t, { chromium }) => {
    const { registry, url, pass, setBack } = await startWithClock(t);
    const jobs = registry.counter(defineCounter({ name: 'jobs_total', help: 'Jobs.' }));
    const level = registry.gauge(defineGauge({ name: 'level', help: 'Level.' }));
    jobs.inc(0);
    const { page, complaints } = await openPage(t, chromium, url);
    await page.waitForSelector('.state[data-state="live"]');
    const shows = (panel: string, text: string): Promise<void> =>
      waitUntil(page, `${valueIn(panel)} === '${text}'`);
    const valueIn = (panel: string): string =>
      `document.querySelector('[data-panel="further-${panel}"] .value')?.textContent`;
    let seconds = 0;
    const record = (): void => {
      jobs.inc(5);
      level.set(++seconds);
    };
    await pass(80, record);
    await shows('level', '80');
    await shows('jobs_total', '5/s');
    setBack(3_600_000);
    await pass(80, record);
    await shows('level', '160');
    await shows('jobs_total', '5/s');
    for (const colors of await colorsIn(page, '[data-panel="further-jobs_total"]')) t.true(colors > 8);
    t.deepEqual(complaints, []);
  },
);

testWith(
  ['chromium'],
  "the explorer shows a user's histogram, with label values as text",
  async (t, { chromium }) => {
    const service = await startService(t);
    const { page, complaints } = await openPage(
      t,
      chromium,
      `${service.url}#/explorer/import_duration_seconds?by=source`,
    );
    await page.waitForSelector('[data-metric="import_duration_seconds"]');
    await page.waitForTimeout(2_500);
    service.record();
    await waitUntil(page, "document.querySelector('[data-stat=total]')?.textContent === '2'");
    await waitUntil(page, "document.querySelector('[data-stat=p50]').textContent === '550 ms'");
    t.true((await colorsIn(page, '[aria-label^="Heatmap"]')).every((colors) => colors > 8));
    const texts: string[] = await page.evaluate(
      "[...document.querySelectorAll('tbody .any-text')].map(({ textContent }) => textContent)",
    );
    t.true(texts.includes(hostile));
    t.deepEqual(complaints, []);
  },
);

testWith(['chromium'], 'an open page goes on after the service was restarted', async (t, { chromium }) => {
  const first = await startService(t);
  const { page } = await openPage(t, chromium, first.url);
  await page.waitForSelector('.state[data-state="live"]');
  await first.stop();
  await page.waitForSelector('[data-notice="lost"]');
  const second = await startService(t, first.port);
  second.record();
  await page.waitForSelector('[data-notice="lost"]', { state: 'detached' });
  await waitUntil(page, "document.querySelector('[data-panel=workflow-loops] .value')?.textContent === '2'");
  t.pass();
});

testWith(['chromium'], 'the first paint does not wait for the number of series', async (t, { chromium }) => {
  for (const series of [100, 50_000]) {
    const service = await startService(t);
    service.record();
    for (let metric = 0; metric * 1_000 < series; metric++) {
      const counter = service.registry.counter(
        defineCounter({ name: `many_${metric}_total`, help: 'Many series.', labels: { shard: label() } }),
      );
      for (let shard = 0; shard < Math.min(1_000, series); shard++) counter.inc({ shard: String(shard) });
    }
    const { page } = await openPage(t, chromium, service.url);
    await page.waitForSelector('[data-panel=workflow-loops] canvas');
    const [paint, elements]: [number, number] = await page.evaluate(
      "[performance.getEntriesByName('first-contentful-paint')[0].startTime, document.querySelectorAll('*').length]",
    );
    t.log(`${series} series: first paint after ${Math.round(paint)} ms, ${elements} elements`);
    // A watchdog: the time depends on the machine.
    t.true(paint < 30_000);
    t.true(elements < 5_000);
    await page.context().close();
    await service.stop();
  }
});
