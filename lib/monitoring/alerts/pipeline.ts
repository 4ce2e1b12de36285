/** The metrics themselves and what watches them: collection, snapshots, pushes, scrapes, rules and notifications. */
import * as self from '../../catalogue/self.js';
import type { CounterDefinition } from '../../definition.js';
import type { Alert } from '../model.js';
import { scrapeLimits } from '../prometheus/scrape-limits.js';
import { jobScope, promql } from '../promql/builder.js';
import type { BundleSettings } from '../settings.js';
import * as thirdParty from '../third-party-metrics.js';
import { type AlertRow, alertsOf, levels } from './alert-row.js';
import { alertTexts } from './alert-texts.js';
import { appearing, growing, steady } from './series-values.js';

const shared = { subject: 'pipeline', dashboard: 'pipeline' } as const;
const instance = { instance: 'a:9090' };
const duration = { metric: 'http_server_request_duration_seconds' };
/** The scrape jobs of Prometheus and Alertmanager. */
const prometheus = { job: 'prometheus' };
const alertmanager = { job: 'alertmanager' };

export function pipelineAlerts(settings: BundleSettings): Alert[] {
  const rows = [...recordingRows(settings), ...scrapeRows(settings), ...monitoringRows(settings)];
  return [...alertsOf(settings, shared, rows), watchdog(settings)];
}

function recordingRows(settings: BundleSettings): AlertRow[] {
  const { joined, selector, window, increase, events } = promql(jobScope(settings));
  const { collectorErrors: minErrors, pushFailures: minFailures, snapshotAgeSeconds } = settings.thresholds;
  const isUp = selector(thirdParty.up, instance);
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
  const collected = selector(self.metricsCollectorErrors, { ...collector, ...instance });
  const silent = selector(self.metricsClusterWorkers, { ...instance, state: 'silent' });
  const allSilent = selector(self.metricsClusterWorkers, { state: 'silent' });
  // A snapshot is written at every scrape interval: one may be late.
  const maxAge = Math.max(snapshotAgeSeconds, 3 * settings.config.scrapeIntervalSeconds);
  const age = selector(self.metricsSnapshotAge, instance);
  const otherAge = selector(self.metricsSnapshotAge, { instance: 'b:9090' });
  // By process: one that succeeds must not hide another that fails.
  const push = ['instance', 'target'];
  const target = { ...instance, target: 'gateway:9091' };
  const failed = selector(self.metricsPushFailures, target);
  const succeeded = selector(self.metricsPushSuccessTimestamp, target);
  const successes = `changes(${selector(self.metricsPushSuccessTimestamp)}[${window(900)}])`;
  const pushes = growing((3 * minFailures) / 15, 60);
  return [
    { name: 'MetricsSeriesFolded', ...rare(self.metricsSeriesFolded, { ...duration, label: 'route' }, 4) },
    {
      name: 'MetricsRecordingErrors',
      ...rare(self.metricsRecordingErrors, { ...duration, reason: 'value' }, 2),
    },
    {
      name: 'MetricsCollectorErrors',
      expression: `${increase(self.metricsCollectorErrors, ['metric'], { window: 900 })} >= ${minErrors}`,
      atMinutes: 30,
      labels: collector,
      fires: { [collected]: growing((2 * minErrors) / 15, 40) },
      quiet: { [collected]: `0x20 ${steady(1, 20)}` },
    },
    {
      name: 'MetricsWorkersSilent',
      expression: `min by (job, instance) (min_over_time(${allSilent}[${window(300)}])) > 0`,
      hold: 300,
      atMinutes: 20,
      labels: instance,
      fires: { [silent]: steady(1, 30) },
      quiet: { [silent]: '0x10 1x2 0x20' },
    },
    {
      name: 'MetricsSnapshotStale',
      expression: `max by (job, instance) (${selector(self.metricsSnapshotAge)}) > ${maxAge}`,
      hold: 120,
      texts: { maxAge },
      atMinutes: 10,
      labels: instance,
      fires: { [age]: steady(2 * maxAge, 20) },
      quiet: { [age]: steady(0, 20), [otherAge]: steady(maxAge / 2, 20) },
    },
    {
      name: 'MetricsPushFailing',
      expression: joined(`${increase(self.metricsPushFailures, push, { window: 900 })} >= ${minFailures}`, [
        'unless',
        push,
        `sum by (${['job', ...push].join(', ')}) (${successes}) > 0`,
      ]),
      hold: 60,
      atMinutes: 40,
      labels: target,
      fires: { [failed]: pushes, [succeeded]: steady(1_000, 60) },
      quiet: { [failed]: pushes, [succeeded]: growing(60, 60, 1_000) },
    },
  ];
}

function scrapeRows(settings: BundleSettings): AlertRow[] {
  const { selector } = promql(jobScope(settings));
  const { scrapeTimeShare: maxTime, scrapeSamplesShare: maxShare } = settings.thresholds;
  // Prometheus' default, where its configuration has no timeout.
  const timeout = Math.min(10, settings.intervals.scrapeSeconds);
  const maxSamples = scrapeLimits(settings).samples;
  const [time, samples] = [thirdParty.scrapeDuration, thirdParty.scrapeSamples];
  const [highTime, lowTime] = [timeout * Math.min(1, 1.5 * maxTime), (timeout * maxTime) / 2];
  const [many, few] = [(maxSamples * (1 + maxShare)) / 2, (maxSamples * maxShare) / 2].map(Math.round);
  return [
    {
      name: 'ScrapeSlow',
      expression: `${selector(time)} / ${timeout} > ${maxTime}`,
      hold: 600,
      texts: { timeout },
      labels: instance,
      ...levels(selector(time, instance), highTime, lowTime, 20),
    },
    {
      name: 'ScrapeNearLimit',
      expression: `${selector(samples)} / ${maxSamples} > ${maxShare}`,
      hold: 300,
      texts: { maxSamples },
      labels: instance,
      ...levels(selector(samples, instance), many ?? 0, few ?? 0, 20),
    },
  ];
}

function monitoringRows(settings: BundleSettings): AlertRow[] {
  const { selector, increase } = promql(jobScope(settings));
  const minFailures = settings.thresholds.notificationFailures;
  const group = { rule_group: `alerts-pipeline.yml;${settings.prefix}-pipeline-alerts` };
  const ruleFailures = selector(thirdParty.prometheusRuleFailures, { ...prometheus, ...group });
  const reload = selector(thirdParty.prometheusConfigReload, { ...prometheus, ...instance });
  const reloads = [
    selector(thirdParty.prometheusConfigReload, prometheus),
    selector(thirdParty.alertmanagerConfigReload, alertmanager),
  ];
  const webhook = { integration: 'webhook' };
  const errors = { ...prometheus, alertmanager: 'http://a:9093' };
  const unsent = selector(thirdParty.prometheusNotificationErrors, errors);
  const dropped = selector(thirdParty.prometheusNotificationsDropped, prometheus);
  const refused = selector(thirdParty.alertmanagerNotificationsFailed, { ...alertmanager, ...webhook });
  const lost = (definition: CounterDefinition, matches: typeof prometheus, by: readonly string[] = []) =>
    increase(definition, by, { window: 600, matches });
  const losses = [
    lost(thirdParty.prometheusNotificationErrors, prometheus),
    lost(thirdParty.prometheusNotificationsDropped, prometheus),
    lost(thirdParty.alertmanagerNotificationsFailed, alertmanager, ['integration']),
  ];
  const many = growing((3 * minFailures) / 10, 30);
  return [
    {
      name: 'RuleFailures',
      expression: `${lost(thirdParty.prometheusRuleFailures, prometheus, ['rule_group'])} > 0`,
      hold: 60,
      atMinutes: 20,
      labels: { ...prometheus, ...group },
      fires: { [ruleFailures]: growing(1, 30) },
      quiet: { [ruleFailures]: steady(4, 30) },
    },
    {
      name: 'ReloadFailed',
      expression: reloads.map((each) => `${each} == 0`).join(' or '),
      hold: 300,
      atMinutes: 20,
      labels: { ...prometheus, ...instance },
      fires: { [reload]: `1x5 ${steady(0, 20)}` },
      quiet: { [reload]: `1x5 0x2 ${steady(1, 20)}` },
    },
    {
      name: 'NotificationsFailing',
      severity: 'page',
      expression: losses.map((count) => `${count} >= ${minFailures}`).join(' or '),
      hold: 60,
      atMinutes: 20,
      labels: [prometheus, { ...alertmanager, ...webhook }],
      fires: { [unsent]: many, [dropped]: steady(0, 30), [refused]: many },
      quiet: { [unsent]: steady(1, 30), [dropped]: steady(0, 30), [refused]: growing(minFailures / 30, 30) },
    },
  ];
}

function watchdog(settings: BundleSettings): Alert {
  return {
    ...shared,
    name: 'Watchdog',
    severity: 'none',
    expression: 'vector(1)',
    forSeconds: 0,
    ...alertTexts(settings, 'pipeline', 'Watchdog'),
    tests: {
      fires: { series: { 'up{job="any"}': steady(1, 5) }, atMinutes: 1 },
      // It fires without any series, too.
      quiet: { series: {}, atMinutes: 1 },
    },
  };
}
