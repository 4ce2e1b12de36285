/** What watches the service: scrapes, rules, configurations, notifications, and an alert that shows that all of it works. */
import type { Alert } from '../model.js';
import { scrapeLimits } from '../prometheus/scrape-limits.js';
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
} from '../third-party-metrics.js';
import { alertsOf } from './alert-row.js';
import { inJob, percent } from './in-job.js';
import { runbookOf } from './runbook-sections.js';
import { growing, steady } from './series-values.js';

const shared = { subject: 'pipeline', dashboard: 'pipeline' } as const;
/** The scrape jobs of Prometheus and Alertmanager. */
const prometheus = { job: 'prometheus' };
const alertmanager = { job: 'alertmanager' };
const instance = { instance: 'a:9090' };

export function monitoringAlerts(settings: BundleSettings): Alert[] {
  const { select, window, increase } = inJob(settings);
  const {
    scrapeTimeShare: maxTime,
    scrapeSamplesShare: maxShare,
    notificationFailures: minFailures,
  } = settings.thresholds;
  const past = window(600);
  // Prometheus' default, where its configuration has no timeout.
  const timeout = Math.min(10, settings.intervals.scrapeSeconds);
  const time = select(scrapeDuration, instance);
  const maxSamples = scrapeLimits(settings).samples;
  const samples = select(scrapeSamples, instance);
  const group = { rule_group: `alerts-pipeline.yml;${settings.prefix}-pipeline-alerts` };
  const ruleFailures = select(prometheusRuleFailures, { ...prometheus, ...group });
  const reload = select(prometheusConfigReload, { ...prometheus, ...instance });
  const reloads = [
    select(prometheusConfigReload, prometheus),
    select(alertmanagerConfigReload, alertmanager),
  ];
  const webhook = { integration: 'webhook' };
  const errors = select(prometheusNotificationErrors, { ...prometheus, alertmanager: 'http://a:9093' });
  const dropped = select(prometheusNotificationsDropped, prometheus);
  const refused = select(alertmanagerNotificationsFailed, { ...alertmanager, ...webhook });
  const lost = [
    increase(prometheusNotificationErrors, [], 600, prometheus),
    increase(prometheusNotificationsDropped, [], 600, prometheus),
    increase(alertmanagerNotificationsFailed, ['integration'], 600, alertmanager),
  ];
  const alerts = alertsOf(settings, shared, [
    {
      name: 'ScrapeSlow',
      severity: 'ticket',
      expression: `${select(scrapeDuration)} / ${timeout} > ${maxTime}`,
      hold: 600,
      summary: 'Scrapes of {{ $labels.instance }} take long',
      description: `A scrape of {{ $labels.instance }} takes {{ $value | humanizePercentage }} of the ${timeout} s that it may (limit ${percent(maxTime)}). Past that it is lost.`,
      atMinutes: 20,
      labels: instance,
      fires: { [time]: steady(timeout * Math.min(1, 1.5 * maxTime), 30) },
      quiet: { [time]: steady((timeout * maxTime) / 2, 30) },
    },
    {
      name: 'ScrapeNearLimit',
      severity: 'ticket',
      expression: `${select(scrapeSamples)} / ${maxSamples} > ${maxShare}`,
      hold: 300,
      summary: '{{ $labels.instance }} has nearly as many samples as Prometheus takes',
      description: `A scrape of {{ $labels.instance }} has {{ $value | humanizePercentage }} of the ${maxSamples} samples that Prometheus takes (limit ${percent(maxShare)}). Past that the whole scrape is refused.`,
      atMinutes: 20,
      labels: instance,
      fires: { [samples]: steady(Math.round((maxSamples * (1 + maxShare)) / 2), 30) },
      quiet: { [samples]: steady(Math.round((maxSamples * maxShare) / 2), 30) },
    },
    {
      name: 'RuleFailures',
      severity: 'ticket',
      expression: `${increase(prometheusRuleFailures, ['rule_group'], 600, prometheus)} > 0`,
      hold: 60,
      summary: 'Rules of {{ $labels.rule_group }} cannot be evaluated',
      description: `{{ $value | humanize }} evaluations of rules of {{ $labels.rule_group }} failed within ${past}: the alerts of that group may be silent, its records have gaps.`,
      atMinutes: 20,
      labels: { ...prometheus, ...group },
      fires: { [ruleFailures]: growing(1, 30) },
      quiet: { [ruleFailures]: steady(4, 30) },
    },
    {
      name: 'ReloadFailed',
      severity: 'ticket',
      expression: reloads.map((each) => `${each} == 0`).join(' or '),
      hold: 300,
      summary: 'The configuration of {{ $labels.job }} cannot be loaded',
      description:
        'The last reload of {{ $labels.job }} ({{ $labels.instance }}) failed (status {{ $value }}): it goes on with what it had before.',
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
      summary:
        'Alerts do not get through {{ $labels.job }}{{ with $labels.integration }} to {{ . }}{{ end }}',
      description: `{{ $value | humanize }} notifications of {{ $labels.job }} failed within ${past} (limit ${minFailures}): people may not be told of what fires.`,
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
  return [...alerts, watchdog()];
}

function watchdog(): Alert {
  return {
    ...shared,
    name: 'Watchdog',
    severity: 'none',
    expression: 'vector(1)',
    forSeconds: 0,
    summary: 'Alerts get through',
    description:
      "This alert always fires ({{ $value }}). It goes to a dead man's switch, which calls when it no longer arrives.",
    runbook: runbookOf('pipeline', 'Watchdog', {}),
    tests: {
      fires: { series: { 'up{job="any"}': steady(1, 5) }, atMinutes: 1 },
      // It fires without any series, too.
      quiet: { series: {}, atMinutes: 1 },
    },
  };
}
