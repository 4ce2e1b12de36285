/** What a dashboard costs the process that has one, by its number of series. */
import { fork } from 'node:child_process';
import { readEvents } from '../helpers/event-reader.js';
import { compiled } from '../helpers/package-root.js';
import { nextMessage } from './child.js';
import type { Verdict } from './verdict.js';

export interface DashboardMeasurement {
  readonly series: number;
  /** Share of one core of the process without a dashboard. */
  readonly bare: number;
  /** The same with a dashboard, while no page is open. */
  readonly closed: number;
  /** The same while one page is open. */
  readonly open: number;
  /** Bytes of the history and the code of the dashboard. */
  readonly bytes: number;
  /** From the request of the events to the first one. */
  readonly helloMilliseconds: number;
}

export async function measureDashboard(quick: boolean): Promise<DashboardMeasurement[]> {
  const measurements: DashboardMeasurement[] = [];
  for (const series of [100, 50_000]) measurements.push(await measured(series, quick ? 3 : 10));
  return measurements;
}

async function measured(series: number, seconds: number): Promise<DashboardMeasurement> {
  const program = 'dashboard-app.ts';
  const child = fork(compiled(`test/bench/${program}`), [String(series), String(seconds)], {
    execArgv: ['--expose-gc'],
  });
  try {
    const { url } = await nextMessage<{ readonly url: string }>(child, program);
    child.send(await open(url));
    return await nextMessage<DashboardMeasurement>(child, program);
  } finally {
    child.kill();
  }
}

/** Opens a page's stream, in this process, and leaves it open. */
async function open(url: string): Promise<number> {
  const start = performance.now();
  const events = await readEvents(url);
  await events.next('hello');
  return performance.now() - start;
}

export function dashboardTable(measurements: readonly DashboardMeasurement[]): string {
  const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
  return [
    '| series | process without it | with it, no page open | one page open | memory | first event |',
    '|---:|---:|---:|---:|---:|---:|',
    ...measurements.map(
      ({ series, bare, closed, open: opened, bytes, helloMilliseconds }) =>
        `| ${series.toLocaleString('en')} | ${percent(bare)} | ${percent(closed)} | ${percent(opened)} | ${(bytes / 2 ** 20).toFixed(1)} MB | ${helloMilliseconds.toFixed(0)} ms |`,
    ),
  ].join('\n');
}

export function dashboardVerdicts(measurements: readonly DashboardMeasurement[]): Verdict[] {
  return measurements.map(({ series, bare, open: opened }) => {
    const share = (opened - bare) * 100;
    return {
      claim: `A dashboard with one open page, ${series.toLocaleString('en')} series, share of a core`,
      limit: 'under 1 %',
      measured: `${share.toFixed(2)} %`,
      reached: share < 1,
    };
  });
}
