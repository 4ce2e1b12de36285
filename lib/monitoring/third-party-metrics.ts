/**
 * Metrics of Node (through prom-client), Prometheus and Alertmanager that the bundle reads. They are defined like the metrics of the
 * catalogue, so that rules and dashboards are checked against them.
 */
import { defineCounter, defineGauge, defineHistogram } from '../define.js';
import { label } from '../label.js';
import { severities } from './model.js';

const gauge = (name: string, help: string) => defineGauge({ name, help });
const counter = (name: string, help: string, ...labels: readonly string[]) =>
  defineCounter({ name, help, labels: Object.fromEntries(labels.map((each) => [each, label()])) });

// prom-client's `collectDefaultMetrics`.
export const nodeEventLoopLag = gauge('nodejs_eventloop_lag_p99_seconds', '99th percentile of delays.');
export const processResidentMemory = gauge('process_resident_memory_bytes', 'Resident memory.');
export const nodeHeapUsed = gauge('nodejs_heap_size_used_bytes', 'Heap that is used.');
export const nodeHeapTotal = gauge('nodejs_heap_size_total_bytes', 'Heap.');
export const processCpu = counter('process_cpu_seconds_total', 'User and system CPU time.');
export const nodeGcDuration = defineHistogram({
  name: 'nodejs_gc_duration_seconds',
  help: 'Duration of garbage collections by kind.',
  labels: { kind: label() },
  buckets: [0.001, 0.01, 0.1, 1, 2, 5],
});
export const processStart = gauge('process_start_time_seconds', 'Start of the process since the Unix epoch.');

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

// Prometheus and Alertmanager, about themselves.
const reload = (program: string) =>
  gauge(`${program}_config_last_reload_successful`, 'Whether it succeeded.');
const total = (name: string, ...labels: readonly string[]) =>
  counter(`${name}_total`, `${name.replaceAll('_', ' ')}.`, ...labels);
export const prometheusConfigReload = reload('prometheus');
export const alertmanagerConfigReload = reload('alertmanager');
export const prometheusHeadSeries = gauge('prometheus_tsdb_head_series', 'Series in memory.');
export const prometheusRuleFailures = total('prometheus_rule_evaluation_failures', 'rule_group');
export const prometheusNotificationErrors = total('prometheus_notifications_errors', 'alertmanager');
export const prometheusNotificationsDropped = total('prometheus_notifications_dropped');
export const alertmanagerNotificationsFailed = total('alertmanager_notifications_failed', 'integration');
