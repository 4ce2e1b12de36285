/** A worker in `createMetrics({ cluster: true })`: it joins its primary, or the other workers if the primary lacks this package. */
import type { ClusterMembership } from '../lib/cluster/cluster-member.js';
import type { ElectedCluster } from '../lib/cluster/elected-cluster.js';
import type { MetricsRegistry } from '../lib/registry.js';
import type { StructuralRegistry } from '../lib/structural-registry.js';

/** Seconds without a message after which the primary is assumed not to run this package. */
const primarySeconds = 4;

export interface WorkerMetrics {
  /** Reports the last values to the others. Resolves when they have them, or after the deadline. */
  leave(options: { readonly deadlineSeconds: number }): Promise<unknown>;
  /** Ends the aggregation, if this worker is the elected one, so that another is elected. */
  stop(): Promise<void>;
}

export interface WorkerOptions {
  readonly registry: MetricsRegistry<StructuralRegistry>;
  /** A key that distinguishes the workers of this service from others with the same primary. */
  readonly service: readonly unknown[];
  /** Starts the metrics server of an elected worker, which answers for all. */
  readonly serve: (chunks: ElectedCluster['chunks']) => Promise<void>;
}

/** Resolves without waiting for a message of the primary, which may arrive later. */
export async function startWorkerMetrics(options: WorkerOptions): Promise<WorkerMetrics> {
  // In its cluster mode, PM2 itself is the primary.
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
      // The worker was stopped meanwhile.
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

/** Whether this is a process, not a thread. The process of a thread runs this package, or may start to. */
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
      message: `\`cluster: true\` of createMetrics found no metrics in the primary of this worker, ${primary}: expected a primary that calls createMetrics({ cluster: true }) or clusterMetrics(), received no answer. ${outcome}${cause === undefined ? '' : `: ${cause instanceof Error ? cause.message : cause}`}`,
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
    const unreported = async (): Promise<false> => false;
    return {
      membership: { flush: unreported, leave: unreported },
      leave: unreported,
      stop: async () => {},
    };
  }
}
