/**
 * Metrics of Node (through prom-client), Prometheus and Alertmanager that the bundle reads. They are defined like the metrics of the
 * catalogue, so that rules and dashboards are checked against them.
 */

import { defineCounter, defineGauge, defineHistogram } from '../define.js';
import type { CounterDefinition } from '../definition.js';
import { label } from '../label.js';
import { severities } from './model.js';

const gauge = (name: string, help: string) => defineGauge({ name, help });

// prom-client's `collectDefaultMetrics`.
export const nodeEventLoopLag = gauge(
  'nodejs_eventloop_lag_p99_seconds',
  'The 99th percentile of the recorded event loop delays.',
);
export const processResidentMemory = gauge('process_resident_memory_bytes', 'Resident memory size in bytes.');
export const nodeHeapUsed = gauge(
  'nodejs_heap_size_used_bytes',
  'Process heap size used from Node.js in bytes.',
);
export const nodeHeapTotal = gauge(
  'nodejs_heap_size_total_bytes',
  'Process heap size from Node.js in bytes.',
);
export const processCpu = defineCounter({
  name: 'process_cpu_seconds_total',
  help: 'Total user and system CPU time spent in seconds.',
});
export const nodeGcDuration = defineHistogram({
  name: 'nodejs_gc_duration_seconds',
  help: 'Garbage collection duration by kind.',
  labels: { kind: label() },
  buckets: [0.001, 0.01, 0.1, 1, 2, 5],
});
export const processStart = gauge(
  'process_start_time_seconds',
  'Start time of the process since unix epoch in seconds.',
);

// Prometheus, for each scrape.
export const up = gauge('up', 'Whether the target could be scraped.');
export const scrapeDuration = gauge('scrape_duration_seconds', 'Duration of the scrape.');
export const scrapeSamples = gauge('scrape_samples_scraped', 'Samples of the scrape.');

/** Prometheus, for each pending or firing alert; with the labels of the bundle's alerts. */
export const alertStates = defineGauge({
  name: 'ALERTS',
  help: 'Alerts by their state.',
  labels: {
    alertname: label(),
    alertstate: label('pending', 'firing'),
    severity: label(...severities),
    service: label(),
    subject: label(),
    escalated: label('true'),
  },
  lint: { allow: ['snake-case'], why: 'The name is that of Prometheus.' },
});

// Prometheus, about itself.
export const prometheusRuleFailures = defineCounter({
  name: 'prometheus_rule_evaluation_failures_total',
  help: 'The total number of rule evaluation failures.',
  labels: { rule_group: label() },
});
export const prometheusNotificationErrors = defineCounter({
  name: 'prometheus_notifications_errors_total',
  help: 'Total number of errors sending alert notifications.',
  labels: { alertmanager: label() },
});
export const prometheusNotificationsDropped = defineCounter({
  name: 'prometheus_notifications_dropped_total',
  help: 'Total number of alerts dropped due to errors when sending to Alertmanager.',
});
export const prometheusConfigReload = gauge(
  'prometheus_config_last_reload_successful',
  'Whether the last configuration reload attempt was successful.',
);
export const prometheusHeadSeries = gauge(
  'prometheus_tsdb_head_series',
  'Total number of series in the head block.',
);

// Alertmanager, about itself.
export const alertmanagerConfigReload = gauge(
  'alertmanager_config_last_reload_successful',
  'Whether the last configuration reload attempt was successful.',
);
export const alertmanagerNotificationsFailed: CounterDefinition = defineCounter({
  name: 'alertmanager_notifications_failed_total',
  help: 'The total number of failed notifications.',
  labels: { integration: label() },
});
