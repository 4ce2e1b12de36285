/** A service that counts, pushes, and reports its own costs to its parent process. Run with `--expose-gc`. */
import { metricsPushFailures } from '../../lib/catalogue/self.js';
import { defineCounter, defineGauge } from '../../lib/define.js';
import { label } from '../../lib/label.js';
import { startPush } from '../../lib/push/pushgateway.js';
import { createTestRegistry, readValue } from '../../lib/testing.js';

export interface ServiceHealth {
  readonly counted: number;
  /** Successful pushes since the last report: each collects once. */
  readonly collections: number;
  /** Since the start. */
  readonly failures: number;
  readonly warnings: readonly string[];
  /** Bytes, after garbage collection. */
  readonly heap: number;
  /** Resources that keep the process alive or wake it: sockets, timers, requests. */
  readonly resources: number;
  /** Microseconds of CPU time since the last report, without the garbage collection for this one. */
  readonly cpu: number;
}

const [url = ''] = process.argv.slice(2);
const registry = createTestRegistry({ maxSeries: 5_000 });
const jobs = registry.counter(defineCounter({ name: 'jobs_total', help: 'Jobs.' }));
const items = registry.counter(
  defineCounter({ name: 'items_total', help: 'Items.', labels: { queue: label() } }),
);
for (let queue = 0; queue < 3_000; queue++) items.inc({ queue: `queue-${queue}` });
setInterval(() => jobs.inc(), 10);
const push = startPush({
  url,
  job: 'service',
  registry,
  intervalSeconds: 0.2,
  maxBackoffSeconds: 0.5,
  timeoutSeconds: 60,
});

let collections = 0;
registry.gauge(defineGauge({ name: 'probe', help: 'Probe.' }), { collect: () => void collections++ });
let since = process.cpuUsage();
process.on('message', (message) => {
  if (message === 'end') {
    void push.stop({ deadlineSeconds: 1 }).then(() => process.exit());
    return;
  }
  const { user, system } = process.cpuUsage(since);
  globalThis.gc?.();
  globalThis.gc?.();
  const health: ServiceHealth = {
    counted: readValue(registry, jobs.definition) ?? 0,
    collections,
    failures: readValue(registry, metricsPushFailures, { target: push.target }) ?? 0,
    warnings: registry.warnings.map((warning) => warning.message),
    heap: process.memoryUsage().heapUsed,
    resources: process.getActiveResourcesInfo().length,
    cpu: user + system,
  };
  process.send?.(health);
  collections = 0;
  since = process.cpuUsage();
});
