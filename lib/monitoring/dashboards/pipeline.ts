/** The processes, and the pipeline of the metrics: scrapes, series, snapshots, pushes, Prometheus and Alertmanager. */
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
import { promql } from '../promql/builder.js';
import type { BundleSettings } from '../settings.js';
import {
  alertmanagerNotificationsFailed,
  prometheusConfigReload,
  prometheusHeadSeries,
  prometheusNotificationErrors,
  prometheusNotificationsDropped,
  prometheusRuleFailures,
} from '../third-party-metrics.js';
import { type Board, board, type Row } from './board.js';
import { type BoardQueries, gauge, lines, row, stat, styled, wide } from './panels.js';
import { healthRow, methodRow, nodeRow, targetRow } from './process-rows.js';

export function pipelineBoard(settings: BundleSettings): Board {
  const { parts, config } = settings;
  const [hasProcess, hasPipeline] = [parts.has('process'), parts.has('pipeline')];
  return board(settings, {
    name: 'pipeline',
    title: 'pipeline and Node',
    description:
      'Whether the processes run and are well, and whether their metrics arrive: what every other dashboard rests on.',
    rows: (queries) => [
      targetRow(queries),
      ...(hasProcess ? [nodeRow(queries), healthRow(queries)] : []),
      ...(hasPipeline ? [...metricsRows(queries, config.maxSeries), monitoringRow()] : []),
      ...(hasProcess ? [methodRow(queries)] : []),
    ],
  });
}

function metricsRows({ rate, now, histogram, promql }: BoardQueries, maxSeries: number): Row[] {
  const series = promql.selector(metricsSeries);
  const fullest = lines('percentunit', { all: `max(${series}) / ${maxSeries}` });
  const largest = `topk(10, max by (metric) (${series}))`;
  const sincePush = `time() - ${promql.gauge(metricsPushSuccessTimestamp, ['target'])}`;
  return [
    row('Scrapes, as the service sees them')`
      Scrapes ${rate(metricsScrapeDuration, ['format'], 'reqps')}
        Scrapes answered, a second, by format.
      Scrapes in progress ${now(metricsScrapesInProgress)}
        Scrapes that are being answered. More than one for long: they take longer than the interval.
      Size of a scrape ${now(metricsScrapeSize, ['format'])}
        Size of the last scrape before compression, the largest of all processes, by format.
      Duration of scrapes ${histogram(metricsScrapeDuration, ['format'])}
        Time that a scrape takes to be written.
    `,
    row('Series and recordings')`
      Fullest metric ${styled(gauge(fullest, ['green', [0.8, 'orange'], [1, 'red']]), { width: 6 })}
        Series of the metric that has most, over the ${maxSeries} that a metric may have by METRICS_MAX_SERIES. At 100 % new
        label values become \`other\`.
      Series of the ten largest metrics ${styled(lines('short', { '{{metric}}': largest }), { width: 10 })}
        Series of a process, by metric, of the ten metrics that have most.
      Recordings folded into \`other\` ${rate(metricsSeriesFolded, ['metric', 'label'])}
        Recordings, a second, whose label value became \`other\`, by metric and label. The totals are right, that label is not.
      Recordings that failed ${wide(rate(metricsRecordingErrors, ['metric', 'reason']))}
        Recordings that failed, a second, by metric and reason; each is missing from what is shown.
      Collect functions that failed ${wide(rate(metricsCollectorErrors, ['metric']))}
        Collect functions that failed at a scrape, a second, by metric; that metric is left out of the scrape.
      Workers of a cluster ${wide(lines('short', { '{{state}}': promql.sum(metricsClusterWorkers, ['state']) }))}
        Worker processes and threads that one endpoint answers for, by whether they answered the last scrape in time. None where
        each process has an endpoint of its own.
    `,
    row('Snapshots and pushes', { width: 6 })`
      Age of the snapshot ${now(metricsSnapshotAge, ['instance'])}
        Age of the last written snapshot: what a crash would lose. 0 where there is no snapshot file.
      Size of the snapshot ${now(metricsSnapshotSize, ['instance'])}
        Size of the last written snapshot. 0 where there is no snapshot file.
      Time since the last push ${lines('s', { '{{target}}': sincePush })}
        Time since a push to a Pushgateway last succeeded, by target. None where nothing is pushed.
      Pushes that failed ${rate(metricsPushFailures, ['target'])}
        Pushes to a Pushgateway that failed, a second, by target.
    `,
  ];
}

/** The variables do not apply here: these metrics belong to no service. */
function monitoringRow(): Row {
  const { rate, selector } = promql({ matchers: {}, window: '$__rate_interval' });
  const reloaded = lines('short', { all: `min(${selector(prometheusConfigReload)})` });
  return row('Prometheus and Alertmanager', { width: 6 })`
    Configuration of Prometheus ${styled(stat(reloaded, ['red', [1, 'green']]), { height: 8 })}
      Whether Prometheus could read its configuration when it last did: 1 yes, 0 no, and it goes on with the old one.
    Series in Prometheus ${lines('short', { all: `sum(${selector(prometheusHeadSeries)})` })}
      Series that Prometheus holds in memory, of all that it scrapes.
    Rules that failed ${lines('cps', { '{{rule_group}}': rate(prometheusRuleFailures, ['rule_group']) })}
      Evaluations of rules that failed, a second, by group: their records and alerts are missing.
    Alerts not sent ${lines('cps', { '{{alertmanager}}': rate(prometheusNotificationErrors, ['alertmanager']) })}
      Alerts that Prometheus could not send, a second, by Alertmanager.
    Alerts dropped ${lines('cps', { all: rate(prometheusNotificationsDropped) })}
      Alerts that Prometheus gave up sending, a second.
    Notifications not sent ${lines('cps', { '{{integration}}': rate(alertmanagerNotificationsFailed, ['integration']) })}
      Notifications that Alertmanager could not send, a second, by way: no one hears of these alerts.
  `;
}
