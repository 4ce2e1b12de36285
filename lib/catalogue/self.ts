/** The metrics about the metrics, and what runs. */
import { defineCounter, defineGauge, defineHistogram, durationBuckets } from '../define.js';
import { label } from '../label.js';

/** Metrics that have one series a metric: there are as many as the code defines, whatever the budget of others is. */
const maxMetrics = 10_000;

/** Read at each scrape. */
export const metricsSeries = defineGauge({
  name: 'metrics_series',
  help: 'Series a metric has.',
  labels: { metric: label() },
  maxSeries: maxMetrics,
});

/** A label value is recorded as `other`, for want of room or because a closed set does not hold it. */
export const metricsSeriesFolded = defineCounter({
  name: 'metrics_series_folded_total',
  help: 'Recordings whose label value became `other`, by metric and label.',
  labels: { metric: label(), label: label() },
  maxSeries: maxMetrics,
});

/** A label source or a recording fails where no caller can be told. */
export const metricsRecordingErrors = defineCounter({
  name: 'metrics_recording_errors_total',
  help: 'Recordings that failed, by metric and reason.',
  labels: { metric: label(), reason: label() },
  maxSeries: maxMetrics,
});

/** A scrape has been answered. */
export const metricsScrapeDuration = defineHistogram({
  name: 'metrics_scrape_duration_seconds',
  help: 'Time a scrape takes to be written, in seconds.',
  labels: { format: label() },
  buckets: durationBuckets,
});

/** The last scrape, before compression. */
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

/** A collect function throws, rejects or takes too long, or a third-party metric has lines that no scrape can carry. */
export const metricsCollectorErrors = defineCounter({
  name: 'metrics_collector_errors_total',
  help: 'Collect functions that failed at a scrape, by metric.',
  labels: { metric: label() },
  maxSeries: maxMetrics,
});

/** Read at each scrape. */
export const metricsSnapshotAge = defineGauge({
  name: 'metrics_snapshot_age_seconds',
  help: 'Age of the last written snapshot, in seconds.',
  aggregator: 'max',
});

/** A snapshot has been written. */
export const metricsSnapshotSize = defineGauge({
  name: 'metrics_snapshot_size_bytes',
  help: 'Size of the last written snapshot, in bytes.',
  aggregator: 'max',
});

/** A push fails. */
export const metricsPushFailures = defineCounter({
  name: 'metrics_push_failures_total',
  help: 'Pushes that failed, by target.',
  labels: { target: label() },
});

/** A push succeeds. */
export const metricsPushSuccessTimestamp = defineGauge({
  name: 'metrics_push_success_timestamp_seconds',
  help: 'When the last push succeeded, in seconds since 1970.',
  labels: { target: label() },
  aggregator: 'max',
});

/** Each scrape of the whole cluster, in its primary. */
export const metricsClusterWorkers = defineGauge({
  name: 'metrics_cluster_workers',
  help: 'Worker processes and threads that joined, by whether they answered the last scrape in time.',
  labels: { state: label('answering', 'silent') },
  aggregator: 'omit',
});

/** Set to 1 at start. */
export const buildInfo = defineGauge({
  name: 'build_info',
  help: 'What runs: 1, with service, version, revision and Node version as labels.',
  labels: { service: label(), version: label(), revision: label(), node_version: label() },
  aggregator: 'first',
});
