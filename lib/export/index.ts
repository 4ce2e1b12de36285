/** The names of `@tamma/observability/export`: what carries the numbers beyond this process, or past its end. */

export { type ClusterMetrics, type ClusterMetricsOptions, clusterMetrics } from '../cluster/cluster.js';
export type { ClusterMembership, FlushOptions } from '../cluster/cluster-member.js';
export { type JoinClusterOptions, joinCluster } from '../cluster/cluster-worker.js';
export { keepSnapshots, type SnapshotOptions, type Snapshots } from '../durability/keep-snapshots.js';
export type { RestoreReport } from '../durability/takeover.js';
export type { PushOptions } from '../push/push-options.js';
export type { BasicAuth } from '../push/push-target.js';
export { type MetricsPush, type PushStopOptions, startPush } from '../push/pushgateway.js';
