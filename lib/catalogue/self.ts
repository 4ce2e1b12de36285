/** Metrics about the metrics themselves, and the build. */
import { defineCounter, defineGauge, defineHistogram, durationBuckets } from '../define.js';
import { label } from '../label.js';

/** Series budget of metrics with one series per metric. The number of metrics is limited by the code that defines them. */
const maxMetrics = 10_000;

/** Set at each scrape. */
export const metricsSeries = defineGauge({
  name: 'metrics_series',
  help: 'Number of series, by metric.',
  labels: { metric: label() },
  maxSeries: maxMetrics,
});

/** Incremented when a label value is recorded as `other`: it is past a budget or a limit, or outside a closed set. */
export const metricsSeriesFolded = defineCounter({
  name: 'metrics_series_folded_total',
  help: 'Recordings whose label value became `other`, by metric and label.',
  labels: { metric: label(), label: label() },
  maxSeries: maxMetrics,
});

/** Incremented when a label source or a recording fails in code that must not throw. */
export const metricsRecordingErrors = defineCounter({
  name: 'metrics_recording_errors_total',
  help: 'Recordings that failed, by metric and reason.',
  labels: { metric: label(), reason: label() },
  maxSeries: maxMetrics,
});

/** Observed when a scrape has been written. */
export const metricsScrapeDuration = defineHistogram({
  name: 'metrics_scrape_duration_seconds',
  help: 'Time to collect and write a scrape, in seconds.',
  labels: { format: label() },
  buckets: durationBuckets,
});

/** Set when a scrape has been written. */
export const metricsScrapeSize = defineGauge({
  name: 'metrics_scrape_size_bytes',
  help: 'Size of the last scrape before compression, in bytes.',
  labels: { format: label() },
  aggregator: 'max',
});

/** +1 when a scrape begins, -1 when it ends. */
export const metricsScrapesInProgress = defineGauge({
  name: 'metrics_scrapes_in_progress',
  help: 'Scrapes in progress.',
});

/** Incremented when a collect function throws, rejects or times out, or a third-party metric cannot be written. */
export const metricsCollectorErrors = defineCounter({
  name: 'metrics_collector_errors_total',
  help: 'Collect functions that failed at a scrape, by metric.',
  labels: { metric: label() },
  maxSeries: maxMetrics,
});

/** Set at each scrape. */
export const metricsSnapshotAge = defineGauge({
  name: 'metrics_snapshot_age_seconds',
  help: 'Age of the last written snapshot, in seconds.',
  aggregator: 'max',
});

/** Set when a snapshot has been written. */
export const metricsSnapshotSize = defineGauge({
  name: 'metrics_snapshot_size_bytes',
  help: 'Size of the last written snapshot, in bytes.',
  aggregator: 'max',
});

/** Incremented when a push fails. */
export const metricsPushFailures = defineCounter({
  name: 'metrics_push_failures_total',
  help: 'Pushes that failed, by target.',
  labels: { target: label() },
});

/** Set when a push succeeds. */
export const metricsPushSuccessTimestamp = defineGauge({
  name: 'metrics_push_success_timestamp_seconds',
  help: 'Time of the last successful push, in seconds since 1970.',
  labels: { target: label() },
  aggregator: 'max',
});

/** Set at each scrape of a cluster, in its primary. */
export const metricsClusterWorkers = defineGauge({
  name: 'metrics_cluster_workers',
  help: 'Worker processes and threads that joined, by whether they answered the last scrape in time.',
  labels: { state: label('answering', 'silent') },
  aggregator: 'omit',
});

/** Set to 1 at the start of `createMetrics`. */
export const buildInfo = defineGauge({
  name: 'build_info',
  help: 'Always 1, with the service, its version and revision, and the Node.js version as labels.',
  labels: { service: label(), version: label(), revision: label(), node_version: label() },
  aggregator: 'first',
});
