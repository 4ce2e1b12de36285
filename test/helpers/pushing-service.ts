/** A service that counts and pushes, and tells whoever started it how it fares. Run with `--expose-gc`. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { metricsPushFailures } from '../../lib/catalogue/self.js';
import { defineCounter, label } from '../../lib/definition.js';
import { startPush } from '../../lib/export/pushgateway.js';
import { createTestRegistry, readValue } from '../../lib/testing.js';

/** Since the last time it was asked. */
export interface ServiceHealth {
  readonly counted: number;
  readonly failures: number;
  readonly warnings: readonly string[];
  /** Bytes, after garbage collection. */
  readonly heap: number;
  /** What keeps or wakes the process: sockets, timers, requests. */
  readonly resources: number;
  /** Share of the time that the event loop worked, and the milliseconds by which nine tenths of its turns were late at most. */
  readonly utilization: number;
  readonly delay: number;
}

const [url = ''] = process.argv.slice(2);
const registry = createTestRegistry({ maxSeries: 5_000 });
const jobs = registry.counter(defineCounter({ name: 'jobs_total', help: 'Jobs.' }));
const items = registry.counter(
  defineCounter({ name: 'items_total', help: 'Items.', labels: { queue: label() } }),
);
for (let queue = 0; queue < 3_000; queue++) items.inc({ queue: `queue-${queue}` });
setInterval(() => jobs.inc(), 10);
const push = startPush({ url, job: 'service', registry, intervalSeconds: 0.2, maxBackoffSeconds: 2 });

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
let since = performance.eventLoopUtilization();
process.on('message', (message) => {
  if (message === 'end') {
    void push.stop({ deadlineSeconds: 1 }).then(() => process.exit());
    return;
  }
  const { utilization } = performance.eventLoopUtilization(since);
  const late = delay.percentile(90) / 1e6;
  globalThis.gc?.();
  globalThis.gc?.();
  const health: ServiceHealth = {
    counted: readValue(registry, jobs.definition) ?? 0,
    failures: readValue(registry, metricsPushFailures, { target: push.target }) ?? 0,
    warnings: registry.warnings.map((warning) => warning.message),
    heap: process.memoryUsage().heapUsed,
    resources: process.getActiveResourcesInfo().length,
    utilization,
    delay: late,
  };
  process.send?.(health);
  delay.reset();
  since = performance.eventLoopUtilization();
});
