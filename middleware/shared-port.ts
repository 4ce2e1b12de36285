/** Processes that share their metrics port with others without their knowing. */
import type { MetricsRegistry } from '../lib/registry.js';
import type { StructuralRegistry } from '../lib/structural-registry.js';

/** Whether this is a worker of `node:cluster` or a thread. Asked for only with `cluster`: others need not load the two modules. */
export function isWorkerOfOthers(): boolean {
  // What `require` gives, though its type is that of `import`.
  const cluster = process.getBuiltinModule('node:cluster') as unknown as { readonly isWorker: boolean };
  return cluster.isWorker || !process.getBuiltinModule('node:worker_threads').isMainThread;
}

/** Of a worker that says nothing of `cluster`: `false` says that it has a port of its own. */
export function warnOfSharedPort(registry: MetricsRegistry<StructuralRegistry>): void {
  // Others have no channel to a parent, and need not load node:cluster.
  if (process.channel === undefined || !isWorkerOfOthers()) return;
  registry.warnOnce('cluster shared port', () => ({
    code: 'METRICS_CLUSTER_SHARED_PORT',
    message:
      'createMetrics serves metrics in a worker of node:cluster: expected one answer for all workers, received a port that workers share, so that each scrape is answered by another one. Pass `cluster: true`; or, where each worker has a METRICS_PORT of its own, `cluster: false`.',
  }));
}
