/** The part of a worker in `createMetrics({ cluster: true })`: it joins its primary, or those of its kind where that runs none of us. */
import type { ClusterMembership } from '../lib/cluster/cluster-worker.js';
import type { ElectedCluster } from '../lib/cluster/elected-cluster.js';
import type { MetricsRegistry } from '../lib/registry.js';
import type { StructuralRegistry } from '../lib/structural-registry.js';

/** Seconds after which a primary that has not been heard is taken for one that runs none of this package. */
const primarySeconds = 4;

export interface WorkerMetrics {
  /** Ends its part: what it has counted is with the others, or the deadline is over. */
  leave(options: { readonly deadlineSeconds: number }): Promise<unknown>;
  /** Lets another aggregate, where this one did. */
  stop(): Promise<void>;
}

export interface WorkerOptions {
  readonly registry: MetricsRegistry<StructuralRegistry>;
  /** What tells the workers of this service from those of others with the same primary. */
  readonly service: readonly unknown[];
  /** Starts the metrics server of a worker, whose answers hold the numbers of all. */
  readonly serve: (chunks: ElectedCluster['chunks']) => Promise<void>;
}

/** Resolves at once where the primary may be heard yet: a worker does not wait for it. */
export async function startWorkerMetrics(options: WorkerOptions): Promise<WorkerMetrics> {
  // PM2's own code is the primary of its cluster mode.
  if (process.env.pm_id !== undefined && isProcess()) return elected(options, "PM2's");
  const { joinCluster } = await import('../lib/cluster/cluster-worker.js');
  let part: { readonly membership: ClusterMembership; stop(): Promise<void> } = {
    membership: joinCluster({ registry: options.registry }),
    stop: async () => {},
  };
  let isLeaving = false;
  if (isProcess()) {
    void part.membership.flush({ deadlineSeconds: primarySeconds }).then(async (isHeard) => {
      if (isHeard || isLeaving) return;
      void part.membership.leave();
      part = await elected(options, `that of process ${process.ppid}`);
      if (!isLeaving) return;
      // It was stopped meanwhile.
      await part.membership.leave();
      await part.stop();
    });
  }
  return {
    leave: (deadline) => {
      isLeaving = true;
      return part.membership.leave(deadline);
    },
    stop: () => part.stop(),
  };
}

/** Whether this is a process and no thread: threads are of a process that runs this package, or may yet. */
function isProcess(): boolean {
  return process.getBuiltinModule('node:worker_threads').isMainThread;
}

async function elected(
  { registry, service, serve }: WorkerOptions,
  primary: string,
): Promise<WorkerMetrics & { readonly membership: ClusterMembership }> {
  const warn = (outcome: string, cause?: unknown): void =>
    registry.warnOnce('cluster without primary', () => ({
      code: 'METRICS_CLUSTER_NO_PRIMARY',
      message: `\`cluster: true\` of createMetrics found no metrics in the primary of this worker, ${primary}: expected a primary that calls createMetrics({ cluster: true }) or clusterMetrics(), received no answer of one. ${outcome}${cause === undefined ? '' : `: ${cause instanceof Error ? cause.message : cause}`}`,
      ...(cause === undefined ? {} : { cause }),
    }));
  try {
    const { electCluster } = await import('../lib/cluster/elected-cluster.js');
    const { membership, chunks, stop } = await electCluster(registry, service);
    await serve(chunks).then(
      () => warn('The workers elect one of themselves to answer for all, on the port that they share.'),
      (error) => warn('The workers elect one of themselves, and this one does not serve /metrics', error),
    );
    return { membership, leave: membership.leave, stop };
  } catch (error) {
    warn('Its workers cannot elect one of themselves either, so /metrics is not served', error);
    const nobody = async (): Promise<false> => false;
    return { membership: { flush: nobody, leave: nobody }, leave: nobody, stop: async () => {} };
  }
}
