/** Detects workers that share their metrics port with other workers by mistake. */
import type { MetricsRegistry } from '../lib/registry.js';
import type { StructuralRegistry } from '../lib/structural-registry.js';

/** Whether this is a worker of `node:cluster` or a thread. Called only if needed, since it loads two modules. */
export function isClusterWorker(): boolean {
  // `getBuiltinModule` returns what `require` returns, although its type is that of `import`.
  const cluster = process.getBuiltinModule('node:cluster') as unknown as { readonly isWorker: boolean };
  return cluster.isWorker || !process.getBuiltinModule('node:worker_threads').isMainThread;
}

/** Called for a worker without the option `cluster`; `cluster: false` means that it has a port of its own. */
export function warnOfSharedPort(registry: MetricsRegistry<StructuralRegistry>): void {
  // Without a channel to a parent it is not a worker, and node:cluster need not be loaded.
  if (process.channel === undefined || !isClusterWorker()) return;
  registry.warnOnce('cluster shared port', () => ({
    code: 'METRICS_CLUSTER_SHARED_PORT',
    message:
      'createMetrics serves metrics in a worker of node:cluster: expected one response for all workers, received a port that workers share, so that each scrape is answered by another worker. Pass `cluster: true`; or, if each worker has a METRICS_PORT of its own, `cluster: false`.',
  }));
}
