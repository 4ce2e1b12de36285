/** Joins the cluster of a service of many processes or threads. */
import { type Clock, systemClock } from '../clock.js';
import { checkFactoryOptions } from '../option-checks.js';
import { invalidOption } from '../option-names.js';
import { processWide } from '../process-wide.js';
import { type AnyRegistry, type MetricsRegistry, sharedRegistry } from '../registry.js';
import type { StructuralRegistry } from '../structural-registry.js';
import {
  type ClusterMember,
  type ClusterMembership,
  clusterMember,
  type MemberLinkOf,
} from './cluster-member.js';

/** Options of {@link joinCluster}. */
export interface JoinClusterOptions {
  /** The registry whose numbers are reported. Default: `sharedRegistry`. */
  readonly registry?: MetricsRegistry<StructuralRegistry>;
  /**
   * Seconds between two reports of counters, histograms and summaries, in addition to the answers to scrapes: a worker that is
   * killed loses at most what it counted in that time. 0 turns periodic reports off. Default: 1.
   */
  readonly reportSeconds?: number;
}

const members = processWide('cluster members', () => new WeakMap<AnyRegistry, ClusterMember>());

/**
 * Joins the metrics of a service of many processes (`node:cluster`) or threads (`node:worker_threads`). Call it in each worker,
 * once per registry, and again after `leave` has resolved to true; `clusterMetrics` or `metricsRouter({ cluster: true })` in the
 * primary exposes the sums. In a process that is not a worker it does nothing, so that a service can also run as one process.
 *
 * A worker's counters stay in the sums when it ends. It should `leave()` after its last request, which `createMetrics` does. A
 * worker that exits or crashes with an exception reports its last numbers by itself; one that is killed loses what it counted
 * since its last report (a second, or a scrape). To lose nothing, `flush()` before the work is acknowledged.
 * @param clock for tests
 * @throws ERR_METRICS_INVALID_OPTION
 * @example
 * const membership = joinCluster();
 * await runImport();
 * await membership.leave();
 * @see https://nodejs.org/api/cluster.html
 */
export function joinCluster(options: JoinClusterOptions = {}, clock: Clock = systemClock): ClusterMembership {
  checkFactoryOptions('joinCluster', options, { registry: true, reportSeconds: true });
  const { registry = sharedRegistry, reportSeconds = 1 } = options;
  if (!(typeof reportSeconds === 'number' && reportSeconds >= 0 && reportSeconds < 1e6))
    throw invalidOption(
      'joinCluster',
      'reportSeconds',
      'a number of seconds, or 0 for no reports',
      reportSeconds,
    );
  const existing = members.get(registry);
  const reported = existing?.reported();
  if (reported === 'unknown') warnOfUnknownTotals(registry);
  if (existing !== undefined && !(reported instanceof Map)) return existing.membership;
  const made = clusterMember(
    registry,
    reportSeconds * 1_000,
    reported instanceof Map ? reported : new Map(),
    clock,
  );
  members.set(registry, made);
  return made.membership;
}

/** Joins over another link than the messages of node:cluster and threads. */
export function joinBy(registry: AnyRegistry, clock: Clock, linkOf: MemberLinkOf): ClusterMembership {
  return clusterMember(registry, 1_000, new Map(), clock, linkOf).membership;
}

/** If its numbers were reported again they might be counted twice; if not, they might be lost. */
function warnOfUnknownTotals(registry: AnyRegistry): void {
  registry.warnOnce('cluster left', () => ({
    code: 'METRICS_CLUSTER_LEFT',
    message:
      'joinCluster cannot join again: expected a primary that has taken the last report of this worker when it left, received no answer. What is counted from now on is in no sum. Await `leave()` before joining again, or start a new worker.',
  }));
}
