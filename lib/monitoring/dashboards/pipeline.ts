/** The processes, and the pipeline of the metrics: scrapes, series, snapshots, pushes, Prometheus and Alertmanager. */
import * as self from '../../catalogue/self.js';
import { promql } from '../promql/builder.js';
import type { BundleSettings } from '../settings.js';
import * as thirdParty from '../third-party-metrics.js';
import { type Board, board } from './board.js';
import { type BoardQueries, gauge, lines, type Row, row, stat, styled, wide } from './panels.js';
import { healthRow, methodRow, nodeRow, targetRow } from './process-rows.js';

export function pipelineBoard(settings: BundleSettings): Board {
  const { parts, config } = settings;
  const hasProcess = parts.has('process');
  return board(settings, {
    name: 'pipeline',
    title: 'pipeline and Node.js',
    description:
      'Whether the processes are up and healthy, and whether their metrics arrive. Every other dashboard depends on it.',
    rows: (queries) => [
      targetRow(queries),
      hasProcess && [nodeRow(queries), healthRow(queries)],
      parts.has('pipeline') && [...metricsRows(queries, config.maxSeries), monitoringRow()],
      hasProcess && methodRow(queries),
    ],
  });
}

function metricsRows({ rate, now, histogram, promql }: BoardQueries, maxSeries: number): Row[] {
  const series = promql.selector(self.metricsSeries);
  const fullest = lines('percentunit', { all: `max(${series}) / ${maxSeries}` });
  const largest = `topk(10, max by (metric) (${series}))`;
  const sincePush = `time() - ${promql.gauge(self.metricsPushSuccessTimestamp, ['target'])}`;
  return [
    row('Scrapes, measured by the service')`
      Scrapes ${rate(self.metricsScrapeDuration, ['format'], 'reqps')}
        Scrapes answered, per second, by format.
      Scrapes in progress ${now(self.metricsScrapesInProgress)}
        Scrapes in progress. If there is more than one for long, they take longer than the scrape interval.
      Size of a scrape ${now(self.metricsScrapeSize, ['format'])}
        Size of the last scrape before compression, by format: the largest of all processes.
      Duration of scrapes ${histogram(self.metricsScrapeDuration, ['format'])}
        Time that the service takes to write a scrape.
    `,
    row('Series and recordings')`
      Largest metric ${styled(gauge(fullest, ['green', [0.8, 'orange'], [1, 'red']]), { width: 6 })}
        Series of the metric with the most series, as a share of METRICS_MAX_SERIES (${maxSeries}). At 100 %, new label
        values become \`other\`.
      Series of the ten largest metrics ${styled(lines('short', { '{{metric}}': largest }), { width: 10 })}
        Series per process of the ten metrics with the most series.
      Recordings folded into \`other\` ${rate(self.metricsSeriesFolded, ['metric', 'label'])}
        Recordings whose label value became \`other\`, per second, by metric and label. Totals stay right.
      Recordings that failed ${wide(rate(self.metricsRecordingErrors, ['metric', 'reason']))}
        Recordings that failed, per second, by metric and reason. Their values are missing on the dashboards.
      Collect functions that failed ${wide(rate(self.metricsCollectorErrors, ['metric']))}
        Collect functions that failed, per second, by metric. The scrape does not contain the metric.
      Workers of a cluster ${wide(lines('short', { '{{state}}': promql.sum(self.metricsClusterWorkers, ['state']) }))}
        Worker processes and threads behind one endpoint, by whether they answered the last scrape in time. Empty if each
        process has its own endpoint.
    `,
    row('Snapshots and pushes', { width: 6 })`
      Age of the snapshot ${now(self.metricsSnapshotAge, ['instance'])}
        Age of the last snapshot: what a crash would lose. 0 without a snapshot file.
      Size of the snapshot ${now(self.metricsSnapshotSize, ['instance'])}
        Size of the last snapshot. 0 without a snapshot file.
      Time since the last push ${lines('s', { '{{target}}': sincePush })}
        Time since the last successful push to a Pushgateway, by target. Empty if nothing is pushed.
      Pushes that failed ${rate(self.metricsPushFailures, ['target'])}
        Pushes to a Pushgateway that failed, per second, by target.
    `,
  ];
}

/** The variables do not apply here: these metrics are not of a service. */
function monitoringRow(): Row {
  const { rate, selector } = promql({ matchers: {}, window: '$__rate_interval' });
  const reloaded = lines('short', { all: `min(${selector(thirdParty.prometheusConfigReload)})` });
  return row('Prometheus and Alertmanager', { width: 6 })`
    Configuration of Prometheus ${styled(stat(reloaded, ['red', [1, 'green']]), { height: 8 })}
      Whether Prometheus loaded its configuration at the last attempt: 1 yes; 0 no, and it uses the previous one.
    Series in Prometheus ${lines('short', { all: `sum(${selector(thirdParty.prometheusHeadSeries)})` })}
      Series that Prometheus holds in memory, from all of its targets.
    Rules that failed ${lines('cps', { '{{rule_group}}': rate(thirdParty.prometheusRuleFailures, ['rule_group']) })}
      Rule evaluations that failed, per second, by group. Their records and alerts are missing.
    Alerts not sent ${lines('cps', { '{{alertmanager}}': rate(thirdParty.prometheusNotificationErrors, ['alertmanager']) })}
      Alerts that Prometheus failed to send, per second, by Alertmanager.
    Alerts dropped ${lines('cps', { all: rate(thirdParty.prometheusNotificationsDropped) })}
      Alerts that Prometheus dropped without sending them, per second.
    Notifications not sent ${lines('cps', { '{{integration}}': rate(thirdParty.alertmanagerNotificationsFailed, ['integration']) })}
      Notifications that Alertmanager failed to send, per second, by integration. No one sees these alerts.
  `;
}
