/** The exports of `@tamma/observability/export`: snapshots across restarts, clusters of processes, and pushing. */

export type { Clock, Timer } from '../clock.js';
export { type ClusterMetrics, type ClusterMetricsOptions, clusterMetrics } from '../cluster/cluster.js';
export type { ClusterMembership, FlushOptions } from '../cluster/cluster-member.js';
export { type JoinClusterOptions, joinCluster } from '../cluster/cluster-worker.js';
export { keepSnapshots, type SnapshotOptions, type Snapshots } from '../durability/keep-snapshots.js';
export type { RestoreReport } from '../durability/takeover.js';
export type { AnyFormat, BinaryFormat } from '../exposition/family-writer.js';
export type { ExpositionFormat, ScrapeFormat } from '../exposition/format.js';
export { openMetricsFormat } from '../exposition/open-metrics.js';
export type { ScrapeOptions } from '../exposition/scrape.js';
export { textFormat } from '../exposition/text.js';
export type { PushOptions } from '../push/push-options.js';
export type { BasicAuth } from '../push/push-target.js';
export { type MetricsPush, type PushStopOptions, startPush } from '../push/pushgateway.js';
