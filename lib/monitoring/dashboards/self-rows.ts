/** Rows about the metrics themselves: scrapes, series, snapshots, pushes, and the Prometheus and Alertmanager that read them. */
import {
  metricsClusterWorkers,
  metricsCollectorErrors,
  metricsPushFailures,
  metricsPushSuccessTimestamp,
  metricsRecordingErrors,
  metricsScrapeDuration,
  metricsScrapeSize,
  metricsScrapesInProgress,
  metricsSeries,
  metricsSeriesFolded,
  metricsSnapshotAge,
  metricsSnapshotSize,
} from '../../catalogue/self.js';
import type { CounterDefinition } from '../../definition.js';
import { rate, selector, sumBy } from '../promql/expression.js';
import type { BundleSettings } from '../settings.js';
import {
  alertmanagerNotificationsFailed,
  prometheusConfigReload,
  prometheusHeadSeries,
  prometheusNotificationErrors,
  prometheusNotificationsDropped,
  prometheusRuleFailures,
} from '../third-party-metrics.js';
import type { Panel, Row } from './board.js';
import { histogramPanels } from './durations.js';
import { gauge, stat, timeSeries } from './panels.js';
import { type BoardQueries, legendOf } from './queries.js';

export function scrapeRow(queries: BoardQueries): Row {
  return {
    title: 'Scrapes, as the service sees them',
    panels: [
      timeSeries({
        title: 'Scrapes',
        description: 'Scrapes answered, a second, by format.',
        unit: 'reqps',
        min: 0,
        queries: [queries.observed(metricsScrapeDuration, ['format'])],
      }),
      timeSeries({
        title: 'Scrapes in progress',
        description:
          'Scrapes that are being answered. More than one for long: they take longer than the interval.',
        unit: 'short',
        min: 0,
        queries: [queries.now(metricsScrapesInProgress)],
      }),
      timeSeries({
        title: 'Size of a scrape',
        description: 'Size of the last scrape before compression, the largest of all processes, by format.',
        unit: 'bytes',
        min: 0,
        queries: [queries.now(metricsScrapeSize, ['format'])],
      }),
      ...histogramPanels(queries, metricsScrapeDuration, {
        title: 'Duration of scrapes',
        description: 'Time that a scrape takes to be written.',
        by: ['format'],
      }),
    ],
  };
}

export function seriesRow(queries: BoardQueries, { config }: BundleSettings): Row {
  const series = queries.of(metricsSeries);
  return {
    title: 'Series and recordings',
    panels: [
      gauge({
        title: 'Fullest metric',
        description: `Series of the metric that has most, over the ${config.maxSeries} that a metric may have by METRICS_MAX_SERIES. At 100 % new label values become \`other\`.`,
        unit: 'percentunit',
        width: 6,
        colours: ['green', [0.8, 'orange'], [1, 'red']],
        queries: [{ expression: `max(${series}) / ${config.maxSeries}`, legend: 'all' }],
      }),
      timeSeries({
        title: 'Series of the ten largest metrics',
        description: 'Series of a process, by metric, of the ten metrics that have most.',
        unit: 'short',
        min: 0,
        width: 10,
        queries: [{ expression: `topk(10, max by (metric) (${series}))`, legend: '{{metric}}' }],
      }),
      timeSeries({
        title: 'Recordings folded into `other`',
        description:
          'Recordings, a second, whose label value became `other`, by metric and label. The totals are right, that label is not.',
        unit: 'cps',
        min: 0,
        queries: [queries.perSecond(metricsSeriesFolded, ['metric', 'label'])],
      }),
      timeSeries({
        title: 'Recordings that failed',
        description:
          'Recordings that failed, a second, by metric and reason; each is missing from what is shown.',
        unit: 'cps',
        min: 0,
        width: 12,
        queries: [queries.perSecond(metricsRecordingErrors, ['metric', 'reason'])],
      }),
      timeSeries({
        title: 'Collect functions that failed',
        description:
          'Collect functions that failed at a scrape, a second, by metric; that metric is left out of the scrape.',
        unit: 'cps',
        min: 0,
        width: 12,
        queries: [queries.perSecond(metricsCollectorErrors, ['metric'])],
      }),
      timeSeries({
        title: 'Workers of a cluster',
        description:
          'Worker processes and threads that one endpoint answers for, by whether they answered the last scrape in time. None where each process has an endpoint of its own.',
        unit: 'short',
        min: 0,
        width: 12,
        queries: [{ expression: sumBy(['state'], queries.of(metricsClusterWorkers)), legend: '{{state}}' }],
      }),
    ],
  };
}

export function storeRow(queries: BoardQueries): Row {
  return {
    title: 'Snapshots and pushes',
    panels: [
      timeSeries({
        title: 'Age of the snapshot',
        description:
          'Age of the last written snapshot: what a crash would lose. 0 where there is no snapshot file.',
        unit: 's',
        min: 0,
        width: 6,
        queries: [queries.now(metricsSnapshotAge, ['instance'])],
      }),
      timeSeries({
        title: 'Size of the snapshot',
        description: 'Size of the last written snapshot. 0 where there is no snapshot file.',
        unit: 'bytes',
        min: 0,
        width: 6,
        queries: [queries.now(metricsSnapshotSize, ['instance'])],
      }),
      timeSeries({
        title: 'Time since the last push',
        description:
          'Time since a push to a Pushgateway last succeeded, by target. None where nothing is pushed.',
        unit: 's',
        min: 0,
        width: 6,
        queries: [
          {
            expression: `time() - ${queries.now(metricsPushSuccessTimestamp, ['target']).expression}`,
            legend: '{{target}}',
          },
        ],
      }),
      timeSeries({
        title: 'Pushes that failed',
        description: 'Pushes to a Pushgateway that failed, a second, by target.',
        unit: 'cps',
        min: 0,
        width: 6,
        queries: [queries.perSecond(metricsPushFailures, ['target'])],
      }),
    ],
  };
}

/** These belong to no service: what is chosen at the top has no say here. */
export function monitoringRow(): Row {
  return {
    title: 'Prometheus and Alertmanager',
    panels: [
      stat({
        title: 'Configuration of Prometheus',
        description:
          'Whether Prometheus could read its configuration when it last did: 1 yes, 0 no, and it goes on with the old one.',
        unit: 'short',
        width: 6,
        height: 8,
        colours: ['red', [1, 'green']],
        queries: [{ expression: `min(${selector(prometheusConfigReload)})`, legend: 'all' }],
      }),
      timeSeries({
        title: 'Series in Prometheus',
        description: 'Series that Prometheus holds in memory, of all that it scrapes.',
        unit: 'short',
        min: 0,
        width: 6,
        queries: [{ expression: `sum(${selector(prometheusHeadSeries)})`, legend: 'all' }],
      }),
      failures(
        'Rules that failed',
        'Evaluations of rules that failed, a second, by group: their records and alerts are missing.',
        prometheusRuleFailures,
        ['rule_group'],
      ),
      failures(
        'Alerts not sent',
        'Alerts that Prometheus could not send, a second, by Alertmanager.',
        prometheusNotificationErrors,
        ['alertmanager'],
      ),
      failures(
        'Alerts dropped',
        'Alerts that Prometheus gave up sending, a second.',
        prometheusNotificationsDropped,
        [],
      ),
      failures(
        'Notifications not sent',
        'Notifications that Alertmanager could not send, a second, by way: no one hears of these alerts.',
        alertmanagerNotificationsFailed,
        ['integration'],
      ),
    ],
  };
}

function failures(
  title: string,
  description: string,
  definition: CounterDefinition,
  by: readonly string[],
): Panel {
  return timeSeries({
    title,
    description,
    unit: 'cps',
    min: 0,
    width: 6,
    queries: [
      { expression: sumBy(by, rate(selector(definition), '$__rate_interval')), legend: legendOf(by) },
    ],
  });
}
