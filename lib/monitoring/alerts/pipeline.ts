/** The metrics themselves and what watches them: collection, snapshots, pushes, scrapes, rules and notifications. */
import {
  metricsClusterWorkers,
  metricsCollectorErrors,
  metricsPushFailures,
  metricsPushSuccessTimestamp,
  metricsRecordingErrors,
  metricsSeriesFolded,
  metricsSnapshotAge,
} from '../../catalogue/self.js';
import type { CounterDefinition } from '../../definition.js';
import type { Alert } from '../model.js';
import { scrapeLimits } from '../prometheus/scrape-limits.js';
import { jobScope, promql } from '../promql/builder.js';
import type { BundleSettings } from '../settings.js';
import {
  alertmanagerConfigReload,
  alertmanagerNotificationsFailed,
  prometheusConfigReload,
  prometheusNotificationErrors,
  prometheusNotificationsDropped,
  prometheusRuleFailures,
  scrapeDuration,
  scrapeSamples,
  up,
} from '../third-party-metrics.js';
import { alertsOf } from './alert-row.js';
import { percent } from './bad-shares.js';
import { runbookOf } from './runbook-sections.js';
import { appearing, growing, steady } from './series-values.js';

const instance = { instance: 'a:9090' };
const duration = { metric: 'http_server_request_duration_seconds' };

export function pipelineAlerts(settings: BundleSettings): Alert[] {
  return [...recordingAlerts(settings), ...monitoringAlerts(settings), watchdog()];
}

function recordingAlerts(settings: BundleSettings): Alert[] {
  const { joined, selector, window, increase, events } = promql(jobScope(settings));
  const { collectorErrors: minErrors, pushFailures: minFailures, snapshotAgeSeconds } = settings.thresholds;
  const isUp = selector(up, instance);
  /** An alert that fires with the first event, by some labels. */
  const rare = (definition: CounterDefinition, labels: Readonly<Record<string, string>>, before: number) => {
    const series = selector(definition, { ...labels, ...instance });
    return {
      expression: `${events(definition, Object.keys(labels), { window: 3_600 })} > 0`,
      atMinutes: 75,
      labels,
      fires: { [series]: appearing(70, 1, 20), [isUp]: steady(1, 90) },
      quiet: { [series]: steady(before, 90), [isUp]: steady(1, 90) },
    };
  };
  const collector = { metric: 'queue_depth' };
  const collected = selector(metricsCollectorErrors, { ...collector, ...instance });
  const silent = selector(metricsClusterWorkers, { ...instance, state: 'silent' });
  // A snapshot is written at every scrape interval: one may be late.
  const maxAge = Math.max(snapshotAgeSeconds, 3 * settings.config.scrapeIntervalSeconds);
  const age = selector(metricsSnapshotAge, instance);
  // By process: one that succeeds must not hide another that fails.
  const push = ['instance', 'target'];
  const target = { ...instance, target: 'gateway:9091' };
  const [failed, succeeded] = [
    selector(metricsPushFailures, target),
    selector(metricsPushSuccessTimestamp, target),
  ];
  const pushes = growing((3 * minFailures) / 15, 60);
  return alertsOf(settings, shared, [
    {
      name: 'MetricsSeriesFolded',
      ...rare(metricsSeriesFolded, { ...duration, label: 'route' }, 4),
      summary: 'Values of {{ $labels.label }} of {{ $labels.metric }} are recorded as other',
      description: `{{ $value | humanize }} recordings of {{ $labels.metric }} within ${window(3_600)} had label {{ $labels.label }} replaced by "other": totals are right, their breakdown is not.`,
    },
    {
      name: 'MetricsRecordingErrors',
      ...rare(metricsRecordingErrors, { ...duration, reason: 'value' }, 2),
      summary: 'Recordings of {{ $labels.metric }} fail',
      description: `{{ $value | humanize }} recordings of {{ $labels.metric }} within ${window(3_600)} failed (reason {{ $labels.reason }}). The service is unaffected; its metrics are too low.`,
    },
    {
      name: 'MetricsCollectorErrors',
      expression: `${increase(metricsCollectorErrors, ['metric'], { window: 900 })} >= ${minErrors}`,
      summary: '{{ $labels.metric }} cannot be collected',
      description: `Collecting {{ $labels.metric }} failed {{ $value | humanize }} times within ${window(900)} (limit ${minErrors}): scrapes lack it, or have its last value.`,
      atMinutes: 30,
      labels: collector,
      fires: { [collected]: growing((2 * minErrors) / 15, 40) },
      quiet: { [collected]: `0x20 ${steady(1, 20)}` },
    },
    {
      name: 'MetricsWorkersSilent',
      expression: `min by (job, instance) (min_over_time(${selector(metricsClusterWorkers, { state: 'silent' })}[${window(300)}])) > 0`,
      hold: 300,
      summary: 'Cluster workers of {{ $labels.instance }} do not answer',
      description: `At least {{ $value }} workers of {{ $labels.instance }} have not answered a scrape for ${window(300)}: their values are missing from the totals.`,
      atMinutes: 20,
      labels: instance,
      fires: { [silent]: steady(1, 30) },
      quiet: { [silent]: '0x10 1x2 0x20' },
    },
    {
      name: 'MetricsSnapshotStale',
      expression: `max by (job, instance) (${selector(metricsSnapshotAge)}) > ${maxAge}`,
      hold: 120,
      summary: '{{ $labels.instance }} does not write snapshots',
      description: `The last snapshot of {{ $labels.instance }} is {{ $value | humanizeDuration }} old (limit ${maxAge} s): if the process exits now, what it has counted since is lost.`,
      atMinutes: 10,
      labels: instance,
      fires: { [age]: steady(2 * maxAge, 20) },
      quiet: {
        [age]: steady(0, 20),
        [selector(metricsSnapshotAge, { instance: 'b:9090' })]: steady(maxAge / 2, 20),
      },
    },
    {
      name: 'MetricsPushFailing',
      expression: joined(`${increase(metricsPushFailures, push, { window: 900 })} >= ${minFailures}`, [
        'unless',
        push,
        `sum by (${['job', ...push].join(', ')}) (changes(${selector(metricsPushSuccessTimestamp)}[${window(900)}])) > 0`,
      ]),
      hold: 60,
      summary: 'Pushes of {{ $labels.instance }} to {{ $labels.target }} fail',
      description: `{{ $value | humanize }} pushes of {{ $labels.instance }} to {{ $labels.target }} failed within ${window(900)}, and none succeeded.`,
      atMinutes: 40,
      labels: target,
      fires: { [failed]: pushes, [succeeded]: steady(1_000, 60) },
      quiet: { [failed]: pushes, [succeeded]: growing(60, 60, 1_000) },
    },
  ]);
}

const shared = { subject: 'pipeline', dashboard: 'pipeline' } as const;
/** The scrape jobs of Prometheus and Alertmanager. */
const prometheus = { job: 'prometheus' };
const alertmanager = { job: 'alertmanager' };

function monitoringAlerts(settings: BundleSettings): Alert[] {
  const { selector, window, increase } = promql(jobScope(settings));
  const {
    scrapeTimeShare: maxTime,
    scrapeSamplesShare: maxShare,
    notificationFailures: minFailures,
  } = settings.thresholds;
  const past = window(600);
  // Prometheus' default, where its configuration has no timeout.
  const timeout = Math.min(10, settings.intervals.scrapeSeconds);
  const time = selector(scrapeDuration, instance);
  const maxSamples = scrapeLimits(settings).samples;
  const samples = selector(scrapeSamples, instance);
  const group = { rule_group: `alerts-pipeline.yml;${settings.prefix}-pipeline-alerts` };
  const ruleFailures = selector(prometheusRuleFailures, { ...prometheus, ...group });
  const reload = selector(prometheusConfigReload, { ...prometheus, ...instance });
  const reloads = [
    selector(prometheusConfigReload, prometheus),
    selector(alertmanagerConfigReload, alertmanager),
  ];
  const webhook = { integration: 'webhook' };
  const errors = selector(prometheusNotificationErrors, { ...prometheus, alertmanager: 'http://a:9093' });
  const dropped = selector(prometheusNotificationsDropped, prometheus);
  const refused = selector(alertmanagerNotificationsFailed, { ...alertmanager, ...webhook });
  const lost = [
    increase(prometheusNotificationErrors, [], { window: 600, matches: prometheus }),
    increase(prometheusNotificationsDropped, [], { window: 600, matches: prometheus }),
    increase(alertmanagerNotificationsFailed, ['integration'], { window: 600, matches: alertmanager }),
  ];
  return alertsOf(settings, shared, [
    {
      name: 'ScrapeSlow',
      expression: `${selector(scrapeDuration)} / ${timeout} > ${maxTime}`,
      hold: 600,
      summary: 'Scrapes of {{ $labels.instance }} are slow',
      description: `A scrape of {{ $labels.instance }} takes {{ $value | humanizePercentage }} of its timeout of ${timeout} s (limit ${percent(maxTime)}). Past the timeout it fails.`,
      atMinutes: 20,
      labels: instance,
      fires: { [time]: steady(timeout * Math.min(1, 1.5 * maxTime), 30) },
      quiet: { [time]: steady((timeout * maxTime) / 2, 30) },
    },
    {
      name: 'ScrapeNearLimit',
      expression: `${selector(scrapeSamples)} / ${maxSamples} > ${maxShare}`,
      hold: 300,
      summary: 'Scrapes of {{ $labels.instance }} are close to the sample limit',
      description: `A scrape of {{ $labels.instance }} has {{ $value | humanizePercentage }} of the ${maxSamples} samples that Prometheus accepts (limit ${percent(maxShare)}). Past that it rejects the whole scrape.`,
      atMinutes: 20,
      labels: instance,
      fires: { [samples]: steady(Math.round((maxSamples * (1 + maxShare)) / 2), 30) },
      quiet: { [samples]: steady(Math.round((maxSamples * maxShare) / 2), 30) },
    },
    {
      name: 'RuleFailures',
      expression: `${increase(prometheusRuleFailures, ['rule_group'], { window: 600, matches: prometheus })} > 0`,
      hold: 60,
      summary: 'Rules of {{ $labels.rule_group }} cannot be evaluated',
      description: `{{ $value | humanize }} evaluations of rules of {{ $labels.rule_group }} failed within ${past}: alerts of the group may not fire, and its recorded series have gaps.`,
      atMinutes: 20,
      labels: { ...prometheus, ...group },
      fires: { [ruleFailures]: growing(1, 30) },
      quiet: { [ruleFailures]: steady(4, 30) },
    },
    {
      name: 'ReloadFailed',
      expression: reloads.map((each) => `${each} == 0`).join(' or '),
      hold: 300,
      summary: 'The configuration of {{ $labels.job }} cannot be loaded',
      description:
        'The last reload of {{ $labels.job }} ({{ $labels.instance }}) failed (status {{ $value }}): it keeps its previous configuration.',
      atMinutes: 20,
      labels: { ...prometheus, ...instance },
      fires: { [reload]: `1x5 ${steady(0, 20)}` },
      quiet: { [reload]: `1x5 0x2 ${steady(1, 20)}` },
    },
    {
      name: 'NotificationsFailing',
      severity: 'page',
      expression: lost.map((count) => `${count} >= ${minFailures}`).join(' or '),
      hold: 60,
      summary: 'Notifications of {{ $labels.job }}{{ with $labels.integration }} to {{ . }}{{ end }} fail',
      description: `{{ $value | humanize }} notifications of {{ $labels.job }} failed within ${past} (limit ${minFailures}): people may not be notified of firing alerts.`,
      atMinutes: 20,
      labels: [prometheus, { ...alertmanager, ...webhook }],
      fires: {
        [errors]: growing((3 * minFailures) / 10, 30),
        [dropped]: steady(0, 30),
        [refused]: growing((3 * minFailures) / 10, 30),
      },
      quiet: {
        [errors]: steady(1, 30),
        [dropped]: steady(0, 30),
        [refused]: growing(minFailures / 30, 30),
      },
    },
  ]);
}

function watchdog(): Alert {
  return {
    ...shared,
    name: 'Watchdog',
    severity: 'none',
    expression: 'vector(1)',
    forSeconds: 0,
    summary: 'Alerting works',
    description:
      "This alert always fires ({{ $value }}). A dead man's switch receives it and notifies you when it stops arriving.",
    runbook: runbookOf('pipeline', 'Watchdog', {}),
    tests: {
      fires: { series: { 'up{job="any"}': steady(1, 5) }, atMinutes: 1 },
      // It fires without any series, too.
      quiet: { series: {}, atMinutes: 1 },
    },
  };
}
