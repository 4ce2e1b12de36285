/**
 * Metrics that others record and the bundle reads, as far as it does: of Node through prom-client, of Prometheus and of
 * Alertmanager. Declared as ours are, so that rules and boards are held to them too.
 */

import { defineCounter, defineGauge, defineHistogram } from '../define.js';
import type { CounterDefinition } from '../definition.js';
import { label } from '../label.js';

/** prom-client's `collectDefaultMetrics`. */
export const nodeEventLoopLag = defineGauge({
  name: 'nodejs_eventloop_lag_p99_seconds',
  help: 'The 99th percentile of the recorded event loop delays.',
});
export const processResidentMemory = defineGauge({
  name: 'process_resident_memory_bytes',
  help: 'Resident memory size in bytes.',
});
export const nodeHeapUsed = defineGauge({
  name: 'nodejs_heap_size_used_bytes',
  help: 'Process heap size used from Node.js in bytes.',
});
export const nodeHeapTotal = defineGauge({
  name: 'nodejs_heap_size_total_bytes',
  help: 'Process heap size from Node.js in bytes.',
});
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
export const processStart = defineGauge({
  name: 'process_start_time_seconds',
  help: 'Start time of the process since unix epoch in seconds.',
});

/** What Prometheus writes of each scrape itself. */
export const up = defineGauge({ name: 'up', help: 'Whether the target could be scraped.' });
export const scrapeDuration = defineGauge({
  name: 'scrape_duration_seconds',
  help: 'Duration of the scrape.',
});
export const scrapeSamples = defineGauge({ name: 'scrape_samples_scraped', help: 'Samples of the scrape.' });

/** What Prometheus writes of each alert that is pending or fires; the labels are those that the bundle's alerts have. */
export const alertStates = defineGauge({
  name: 'ALERTS',
  help: 'Alerts by their state.',
  labels: {
    alertname: label(),
    alertstate: label('pending', 'firing'),
    severity: label('page', 'ticket', 'info', 'none'),
    service: label(),
    subject: label(),
    escalated: label('true'),
  },
  lint: { allow: ['snake-case'], why: 'The name is that of Prometheus.' },
});

/** Of Prometheus about itself. */
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
export const prometheusConfigReload = defineGauge({
  name: 'prometheus_config_last_reload_successful',
  help: 'Whether the last configuration reload attempt was successful.',
});
export const prometheusHeadSeries = defineGauge({
  name: 'prometheus_tsdb_head_series',
  help: 'Total number of series in the head block.',
});

/** Of Alertmanager about itself. */
export const alertmanagerConfigReload = defineGauge({
  name: 'alertmanager_config_last_reload_successful',
  help: 'Whether the last configuration reload attempt was successful.',
});
export const alertmanagerNotificationsFailed: CounterDefinition = defineCounter({
  name: 'alertmanager_notifications_failed_total',
  help: 'The total number of failed notifications.',
  labels: { integration: label() },
});
