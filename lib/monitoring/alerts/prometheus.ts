/** What watches the service: scrapes, rules, notifications, and the alert that says that all of it works. */
import { metricsScrapeDuration, metricsSeries } from '../../catalogue/self.js';
import type { Alert } from '../model.js';
import { scrapeLimits } from '../prometheus/scrape-limits.js';
import { type BundleSettings, holdOf } from '../settings.js';
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
import { growing, steady } from './crafted.js';
import { inJob, percent } from './in-job.js';

const shared = { subject: 'pipeline', dashboard: 'pipeline' } as const;
/** Names of the scrape jobs of Prometheus and Alertmanager. */
const prometheus = { job: 'prometheus' };
const alertmanager = { job: 'alertmanager' };
const instance = { instance: 'a:9090' };

export function monitoringAlerts(settings: BundleSettings): Alert[] {
  return [
    scrapeSlow(settings),
    scrapeNearLimit(settings),
    ruleFailures(settings),
    reloadFailed(settings),
    notificationsFailing(settings),
    watchdog,
  ];
}

function scrapeSlow(settings: BundleSettings): Alert {
  const { of } = inJob(settings);
  const { scrapeTimeShare: limit } = settings.thresholds;
  // Prometheus' own, where its configuration gives none.
  const timeout = Math.min(10, settings.intervals.scrapeSeconds);
  const series = of(scrapeDuration, instance);
  return {
    ...shared,
    name: 'ScrapeSlow',
    severity: 'ticket',
    expression: `${of(scrapeDuration)} / ${timeout} > ${limit}`,
    forSeconds: holdOf(settings, 600),
    summary: 'Scrapes of {{ $labels.instance }} take long',
    description: `A scrape of {{ $labels.instance }} takes {{ $value | humanizePercentage }} of the ${timeout} s that it may (limit ${percent(limit)}). Past that it is lost.`,
    runbook: {
      meaning:
        'Prometheus waits long for the metrics of a process. Once it takes longer than the timeout, the process counts as down, though it is not.',
      query: `histogram_quantile(0.95, sum by (instance, le) (rate(${of(metricsScrapeDuration, {}, '_bucket')}[15m])))`,
      causes: [
        'The event loop is blocked, and the scrape waits with all else (EventLoopLag).',
        'A collect function is slow: it asks a store or a disk at every scrape.',
        'There are very many series (ScrapeNearLimit).',
        'The network is slow: the query is far below the time that Prometheus measures.',
      ],
      actions: [
        'Compare the query, which the process measures, with `scrape_duration_seconds`, which Prometheus does: near each other, it is the process.',
        `See which metrics are large: \`topk(5, ${of(metricsSeries)})\`, and which fail to be collected: \`metrics_collector_errors_total\`.`,
        'Give a slow collect function a cache; take out labels that nobody reads.',
      ],
    },
    tests: {
      fires: {
        series: { [series]: steady(timeout * Math.min(1, 1.5 * limit), 30) },
        atMinutes: 20,
        labels: [{ job: settings.job, ...instance }],
      },
      quiet: { series: { [series]: steady((timeout * limit) / 2, 30) }, atMinutes: 20 },
    },
  };
}

function scrapeNearLimit(settings: BundleSettings): Alert {
  const { of } = inJob(settings);
  const { scrapeSamplesShare: limit } = settings.thresholds;
  const most = scrapeLimits(settings).samples;
  const series = of(scrapeSamples, instance);
  return {
    ...shared,
    name: 'ScrapeNearLimit',
    severity: 'ticket',
    expression: `${of(scrapeSamples)} / ${most} > ${limit}`,
    forSeconds: holdOf(settings, 300),
    summary: '{{ $labels.instance }} has nearly as many samples as Prometheus takes',
    description: `A scrape of {{ $labels.instance }} has {{ $value | humanizePercentage }} of the ${most} samples that Prometheus takes (limit ${percent(limit)}). Past that the whole scrape is refused.`,
    runbook: {
      meaning:
        'Prometheus refuses a scrape that has more samples than its limit, all of it. This process is near.',
      query: `topk(10, ${of(metricsSeries)})`,
      causes: [
        'Several metrics are at their series budgets: MetricsSeriesFolded fires too.',
        'Metrics that are not from definitions (of prom-client, of a library) have grown: they have no budget.',
        'The budget was raised in the service, and the bundle was not generated anew.',
      ],
      actions: [
        'Run the query: which metrics have most series.',
        'Metrics of others: `topk(10, count by (__name__) ({job="JOB"}))` in Prometheus; drop or relabel what nobody reads.',
        'Take out labels without end; then generate the bundle anew with the budget that the service has (METRICS_MAX_SERIES).',
      ],
    },
    tests: {
      fires: {
        series: { [series]: steady(Math.round((most * (1 + limit)) / 2), 30) },
        atMinutes: 20,
        labels: [{ job: settings.job, ...instance }],
      },
      quiet: { series: { [series]: steady(Math.round((most * limit) / 2), 30) }, atMinutes: 20 },
    },
  };
}

function ruleFailures(settings: BundleSettings): Alert {
  const { of, window, increase } = inJob(settings);
  const labels = { rule_group: `alerts-pipeline.yml;${settings.prefix}-pipeline-alerts` };
  const series = of(prometheusRuleFailures, { ...prometheus, ...labels });
  return {
    ...shared,
    name: 'RuleFailures',
    severity: 'ticket',
    expression: `${increase(prometheusRuleFailures, ['rule_group'], 600, prometheus)} > 0`,
    forSeconds: holdOf(settings, 60),
    summary: 'Rules of {{ $labels.rule_group }} cannot be evaluated',
    description: `{{ $value | humanize }} evaluations of rules of {{ $labels.rule_group }} failed within ${window(600)}: the alerts of that group may be silent, its records have gaps.`,
    runbook: {
      meaning: 'Prometheus cannot evaluate some rules. Alerts among them cannot fire.',
      query: `sum by (rule_group) (increase(${of(prometheusRuleFailures, prometheus)}[10m])) > 0`,
      causes: [
        'Two series where a rule expects one ("many-to-many matching", "duplicate series"): often two jobs of one name, or a label that a relabelling took away.',
        'A query that is cut off: too many samples, or out of time.',
        'The storage of Prometheus fails: disk full.',
      ],
      actions: [
        "Open Prometheus' page of rules (`/rules`): the failing rule has its error beside it.",
        'Duplicates: run the rule by hand without its outermost aggregation, and see which label tells the series apart.',
        'Disk: make room, or shorten the retention (METRICS_RETENTION_DAYS).',
      ],
    },
    tests: {
      fires: { series: { [series]: growing(1, 30) }, atMinutes: 20, labels: [{ ...prometheus, ...labels }] },
      quiet: { series: { [series]: steady(4, 30) }, atMinutes: 20 },
    },
  };
}

function reloadFailed(settings: BundleSettings): Alert {
  const { of } = inJob(settings);
  const series = of(prometheusConfigReload, { ...prometheus, ...instance });
  const failed = [of(prometheusConfigReload, prometheus), of(alertmanagerConfigReload, alertmanager)];
  return {
    ...shared,
    name: 'ReloadFailed',
    severity: 'ticket',
    expression: failed.map((each) => `${each} == 0`).join(' or '),
    forSeconds: holdOf(settings, 300),
    summary: 'The configuration of {{ $labels.job }} cannot be loaded',
    description:
      'The last reload of {{ $labels.job }} ({{ $labels.instance }}) failed (status {{ $value }}): it goes on with what it had before.',
    runbook: {
      meaning:
        'Prometheus or Alertmanager has been given a configuration that it cannot use. It goes on with the old one, until it is restarted: then it does not start.',
      query: of(prometheusConfigReload, prometheus),
      causes: [
        'A file was edited by hand, or written half.',
        'A file that the configuration names is not there: rules, a token, the address of a receiver.',
        'A version of the program that does not know an option.',
      ],
      actions: [
        'Read the log of the program: it says the file and the line.',
        'In the folder of the bundle: `promtool check config prometheus/prometheus.yml`, or `amtool check-config alertmanager/alertmanager.yml`.',
        'Generate the bundle anew, and reload: `curl -X POST ADDRESS/-/reload`, or SIGHUP.',
      ],
    },
    tests: {
      fires: {
        series: { [series]: `1x5 ${steady(0, 20)}` },
        atMinutes: 20,
        labels: [{ ...prometheus, ...instance }],
      },
      quiet: { series: { [series]: `1x5 0x2 ${steady(1, 20)}` }, atMinutes: 20 },
    },
  };
}

function notificationsFailing(settings: BundleSettings): Alert {
  const { of, window, increase } = inJob(settings);
  const { notificationFailures: minimum } = settings.thresholds;
  const failed = [
    increase(prometheusNotificationErrors, [], 600, prometheus),
    increase(prometheusNotificationsDropped, [], 600, prometheus),
    increase(alertmanagerNotificationsFailed, ['integration'], 600, alertmanager),
  ].map((count) => `${count} >= ${minimum}`);
  const integration = { integration: 'webhook' };
  const errors = of(prometheusNotificationErrors, { ...prometheus, alertmanager: 'http://a:9093' });
  const refused = of(alertmanagerNotificationsFailed, { ...alertmanager, ...integration });
  const dropped = of(prometheusNotificationsDropped, prometheus);
  return {
    ...shared,
    name: 'NotificationsFailing',
    severity: 'page',
    expression: failed.join(' or '),
    forSeconds: holdOf(settings, 60),
    summary: 'Alerts do not get through {{ $labels.job }}{{ with $labels.integration }} to {{ . }}{{ end }}',
    description: `{{ $value | humanize }} notifications of {{ $labels.job }} failed within ${window(600)} (limit ${minimum}): people may not be told of what fires.`,
    runbook: {
      meaning:
        'Alerts fire and the message does not arrive: from Prometheus to Alertmanager (job `prometheus`), or from Alertmanager to a receiver (job `alertmanager`, with the kind of receiver). If you read this, another receiver still works.',
      query: `sum by (integration) (increase(${of(alertmanagerNotificationsFailed, alertmanager)}[10m]))`,
      causes: [
        'A receiver refuses: a token that has run out, an address that has changed, a rate limit.',
        'Alertmanager is down, or Prometheus has another address of it.',
        'A template fails on an alert that lacks a label.',
      ],
      actions: [
        'Look at the list of firing alerts in Alertmanager, or in Prometheus (`/alerts`): those are what nobody was told.',
        'Job `alertmanager`: its log names the receiver and the answer; renew the file of its secret.',
        'Job `prometheus`: open `/status` of Prometheus for the address of Alertmanager, and `curl ADDRESS/-/ready`.',
        'Send a test: `amtool alert add Test severity=ticket`, and see it arrive.',
      ],
    },
    tests: {
      fires: {
        series: {
          [errors]: growing((3 * minimum) / 10, 30),
          [dropped]: steady(0, 30),
          [refused]: growing((3 * minimum) / 10, 30),
        },
        atMinutes: 20,
        labels: [prometheus, { ...alertmanager, ...integration }],
      },
      quiet: {
        series: { [errors]: steady(1, 30), [dropped]: steady(0, 30), [refused]: growing(minimum / 30, 30) },
        atMinutes: 20,
      },
    },
  };
}

const watchdog: Alert = {
  ...shared,
  name: 'Watchdog',
  severity: 'none',
  expression: 'vector(1)',
  forSeconds: 0,
  summary: 'Alerts get through',
  description:
    "This alert always fires ({{ $value }}). It goes to a dead man's switch, which calls when it no longer arrives.",
  runbook: {
    meaning:
      'This alert always fires, and that is right. Whoever it goes to calls when it stops to arrive: then Prometheus, Alertmanager or the way out is broken, and no other alert would come either.',
    query: 'ALERTS{alertname="Watchdog"}',
    causes: [
      'It fires: all is well.',
      'It does not arrive: Prometheus or Alertmanager is down, or the network between them and the receiver.',
    ],
    actions: [
      'If it fires: nothing.',
      'If it does not arrive: is it in Prometheus (`/alerts`)? If not, Prometheus is down or has no rules.',
      'Is it in Alertmanager? If not, Prometheus does not reach it: NotificationsFailing has the way on.',
      "If it is in both, read the log of Alertmanager for the receiver of the dead man's switch.",
    ],
  },
  tests: {
    fires: { series: { 'up{job="any"}': steady(1, 5) }, atMinutes: 1 },
    // It is never quiet: it fires where there is nothing at all.
    quiet: { series: {}, atMinutes: 1 },
  },
};
