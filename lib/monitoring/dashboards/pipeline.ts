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
    values: { maxSeries: config.maxSeries },
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
      Scrapes in progress ${now(self.metricsScrapesInProgress)}
      Size of a scrape ${now(self.metricsScrapeSize, ['format'])}
      Duration of scrapes ${histogram(self.metricsScrapeDuration, ['format'])}
    `,
    row('Series and recordings')`
      Largest metric ${styled(gauge(fullest, ['green', [0.8, 'orange'], [1, 'red']]), { width: 6 })}
      Series of the ten largest metrics ${styled(lines('short', { '{{metric}}': largest }), { width: 10 })}
      Recordings folded into \`other\` ${rate(self.metricsSeriesFolded, ['metric', 'label'])}
      Recordings that failed ${wide(rate(self.metricsRecordingErrors, ['metric', 'reason']))}
      Collect functions that failed ${wide(rate(self.metricsCollectorErrors, ['metric']))}
      Workers of a cluster ${wide(lines('short', { '{{state}}': promql.sum(self.metricsClusterWorkers, ['state']) }))}
    `,
    row('Snapshots and pushes', { width: 6 })`
      Age of the snapshot ${now(self.metricsSnapshotAge, ['instance'])}
      Size of the snapshot ${now(self.metricsSnapshotSize, ['instance'])}
      Time since the last push ${lines('s', { '{{target}}': sincePush })}
      Pushes that failed ${rate(self.metricsPushFailures, ['target'])}
    `,
  ];
}

/** The variables do not apply here: these metrics are not of a service. */
function monitoringRow(): Row {
  const { rate, selector } = promql({ matchers: {}, window: '$__rate_interval' });
  const reloaded = lines('short', { all: `min(${selector(thirdParty.prometheusConfigReload)})` });
  return row('Prometheus and Alertmanager', { width: 6 })`
    Configuration of Prometheus ${styled(stat(reloaded, ['red', [1, 'green']]), { height: 8 })}
    Series in Prometheus ${lines('short', { all: `sum(${selector(thirdParty.prometheusHeadSeries)})` })}
    Rules that failed ${lines('cps', { '{{rule_group}}': rate(thirdParty.prometheusRuleFailures, ['rule_group']) })}
    Alerts not sent ${lines('cps', { '{{alertmanager}}': rate(thirdParty.prometheusNotificationErrors, ['alertmanager']) })}
    Alerts dropped ${lines('cps', { all: rate(thirdParty.prometheusNotificationsDropped) })}
    Notifications not sent ${lines('cps', { '{{integration}}': rate(thirdParty.alertmanagerNotificationsFailed, ['integration']) })}
  `;
}
