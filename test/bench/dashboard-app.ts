/** A process with a dashboard and a number of series, which measures what both cost while no page is open, and while one is. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as elapsed } from 'node:timers/promises';
import { defineCounter, defineGauge, defineHistogram } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { MetricsRegistry } from '../../lib/registry.js';
import { createMetricsHandler } from '../../middleware/metrics-handler.js';
import { liveBytes, sendResult } from './child.js';
import type { DashboardMeasurement } from './dashboard.js';

const [count = '', seconds = ''] = process.argv.slice(2);
const total = Number(count);
const registry = new MetricsRegistry({ maxSeries: 100_000 });
const labels = { provider: label(), model: label(), operation: label() };
/** Of 100 series, 60 are of counters, 20 of gauges and 20 of histograms, in metrics of at most a thousand. */
const kinds = [
  {
    share: 0.6,
    define: (name: string) => registry.counter(defineCounter({ name: `${name}_total`, help: 'C.', labels })),
  },
  {
    share: 0.2,
    define: (name: string) => registry.gauge(defineGauge({ name: `${name}_depth`, help: 'G.', labels })),
  },
  {
    share: 0.2,
    define: (name: string) =>
      registry.histogram(defineHistogram({ name: `${name}_seconds`, help: 'H.', labels })),
  },
];
const recordings: (() => void)[] = [];
for (const { share, define } of kinds) {
  const series = total * share;
  for (let start = 0; start < series; start += 1_000) {
    const instrument = define(`m${start}`);
    for (let index = start; index < Math.min(series, start + 1_000); index++) {
      const own = { provider: `p${index % 4}`, model: `m${index % 20}`, operation: `o${index}` };
      const bound = instrument.with(own);
      recordings.push(() => ('observe' in bound ? bound.observe(Math.random()) : bound.inc()));
    }
  }
}
for (const record of recordings) record();
// The service is at work: each second a hundredth of the series change.
const work = setInterval(() => {
  for (let index = 0; index < recordings.length / 100; index++)
    recordings[Math.floor(Math.random() * recordings.length)]?.();
}, 1_000);

/** Share of one core that this process takes, with all of it. */
async function cpuShare(): Promise<number> {
  const [start, from] = [process.cpuUsage(), performance.now()];
  await elapsed(Number(seconds) * 1_000);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000 / (performance.now() - from);
}

const bare = await cpuShare();
const before = liveBytes();
const server = createServer(createMetricsHandler({ registry, dashboard: true }));
server.listen(0, '127.0.0.1', async () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/dashboard/events`;
  await elapsed(2_000);
  const closed = await cpuShare();
  process.send?.({ url });
  const [opened] = await Promise.all([
    new Promise((resolve) => process.once('message', resolve)),
    elapsed(2_000),
  ]);
  const open = await cpuShare();
  const result: DashboardMeasurement = {
    series: total,
    bare,
    closed,
    open,
    bytes: liveBytes() - before,
    helloMilliseconds: Number(opened),
  };
  clearInterval(work);
  sendResult(result);
});
