/** Rows about the processes: whether they are up, their versions, Node.js, health checks and decorated methods. */
import { healthCheckDuration, healthCheckStatus } from '../../catalogue/health.js';
import { methodCalls, methodCallsInProgress, methodDuration } from '../../catalogue/method.js';
import { buildInfo } from '../../catalogue/self.js';
import * as thirdParty from '../third-party-metrics.js';
import {
  type BoardQueries,
  lines,
  type Panel,
  panels,
  type Row,
  row,
  stacked,
  stat,
  styled,
  table,
  wide,
} from './panels.js';

const byProcess = ['job', 'instance'];

export function upPanel({ promql }: BoardQueries): Panel[] {
  return panels`
    Processes up ${stat(lines('percentunit', { all: `avg(${promql.selector(thirdParty.up)})` }), ['red', [1, 'green']])}
  `;
}

export function versionPanel({ now }: BoardQueries, width: number): Panel[] {
  const labels = [...byProcess, 'service', 'version', 'revision', 'node_version'];
  return panels`
    Running versions ${styled(table(now(buildInfo, labels), 'Runs'), { width, height: 4 })}
  `;
}

export function targetRow(queries: BoardQueries): Row {
  const { now, promql } = queries;
  return row('Processes')`
    ${upPanel(queries)}
    Processes ${stat(lines('short', { all: `count(${promql.selector(thirdParty.up)})` }))}
    Youngest process ${stat(lines('s', { all: `time() - max(${promql.selector(thirdParty.processStart)})` }))}
    ${versionPanel(queries, 12)}
    Processes up, over time ${styled(now(thirdParty.up, byProcess), { max: 1 })}
    Duration of scrapes, measured by Prometheus ${now(thirdParty.scrapeDuration, byProcess)}
    Samples per scrape ${now(thirdParty.scrapeSamples, byProcess)}
  `;
}

export function nodeRow({ rate, now, promql }: BoardQueries): Row {
  const collecting = promql.rate(thirdParty.nodeGcDuration, ['kind'], { part: '_sum' });
  const heap = lines('bytes', {
    '{{job}} {{instance}} used': promql.gauge(thirdParty.nodeHeapUsed, byProcess),
    '{{job}} {{instance}} total': promql.gauge(thirdParty.nodeHeapTotal, byProcess),
  });
  return row('Node.js')`
    Event loop lag ${now(thirdParty.nodeEventLoopLag, byProcess)}
    CPU ${rate(thirdParty.processCpu, byProcess)}
    Garbage collection ${stacked(lines('percentunit', { '{{kind}}': collecting }))}
    Memory ${wide(now(thirdParty.processResidentMemory, byProcess))}
    Heap ${wide(heap)}
  `;
}

export function healthRow({ now, histogram }: BoardQueries): Row {
  const status = now(healthCheckStatus, ['check']);
  return row('Health checks')`
    Health checks ${styled(stat(status, ['red', [0.5, 'orange'], [1, 'green']]), { width: 12, height: 8 })}
    Health checks over time ${styled(status, { max: 1, width: 12 })}
    Duration of health checks ${histogram(healthCheckDuration, ['check'])}
  `;
}

export function methodRow({ rate, now, share, histogram }: BoardQueries): Row {
  const by = ['class', 'method'] as const;
  return row('Decorated methods: rate, errors, duration', { collapsed: true })`
    Calls of methods ${rate(methodCalls, by)}
    Share of calls that fail ${share(methodCalls, { outcome: 'failure' }, by)}
    Calls in progress ${now(methodCallsInProgress, by)}
    Duration of calls ${histogram(methodDuration, by)}
  `;
}
