/** Rows about the processes: whether they run, which version, and how Node.js performs in them. */
import { healthCheckDuration, healthCheckStatus } from '../../catalogue/health.js';
import { methodCalls, methodCallsInProgress, methodDuration } from '../../catalogue/method.js';
import { buildInfo } from '../../catalogue/self.js';
import {
  nodeEventLoopLag,
  nodeGcDuration,
  nodeHeapTotal,
  nodeHeapUsed,
  processCpu,
  processResidentMemory,
  processStart,
  scrapeDuration,
  scrapeSamples,
  up,
} from '../third-party-metrics.js';
import type { Panel, Row } from './board.js';
import { type BoardQueries, lines, panels, row, stacked, stat, styled, table, wide } from './panels.js';

const byProcess = ['job', 'instance'];

export function answeringProcesses({ promql }: BoardQueries): Panel[] {
  return panels`
    Processes that answer ${stat(lines('percentunit', { all: `avg(${promql.selector(up)})` }), ['red', [1, 'green']])}
      Share of the known processes that Prometheus can scrape.
  `;
}

export function versionTable({ now }: BoardQueries, width: number): Panel[] {
  const labels = [...byProcess, 'service', 'version', 'revision', 'node_version'];
  return panels`
    What runs ${styled(table(now(buildInfo, labels), 'Runs'), { width, height: 4 })}
      Version and revision of each process, and its Node. Two versions for long: a roll-out that has stopped halfway.
  `;
}

export function targetRow(queries: BoardQueries): Row {
  const { now, promql } = queries;
  return row('Processes')`
    ${answeringProcesses(queries)}
    Processes ${stat(lines('short', { all: `count(${promql.selector(up)})` }))}
      Processes that Prometheus knows of, whether they answer or not.
    Youngest process ${stat(lines('s', { all: `time() - max(${promql.selector(processStart)})` }))}
      Time since the last start of a process. Always little: they crash and are started again.
    ${versionTable(queries, 12)}
    Processes that answer, over time ${styled(now(up, byProcess), { max: 1 })}
      Whether Prometheus could scrape each process: 1 yes, 0 no.
    Duration of scrapes, as Prometheus sees it ${now(scrapeDuration, byProcess)}
      Time from asking a process for its metrics to having them, network and all.
    Samples in a scrape ${now(scrapeSamples, byProcess)}
      Samples that each process publishes. A rise that does not end: a label whose values are not limited.
  `;
}

export function nodeRow({ rate, now, promql }: BoardQueries): Row {
  const collecting = promql.rate(nodeGcDuration, ['kind'], { part: '_sum' });
  const heap = lines('bytes', {
    '{{job}} {{instance}} used': promql.gauge(nodeHeapUsed, byProcess),
    '{{job}} {{instance}} total': promql.gauge(nodeHeapTotal, byProcess),
  });
  return row('Node')`
    Lag of the event loop ${now(nodeEventLoopLag, byProcess)}
      Delay of the event loop, 99th percentile, by process: what every request waits in addition. Over 0.1 s: something computes
      for too long at a time.
    CPU ${rate(processCpu, byProcess)}
      Processor time a second, by process: 1 is one core, and Node has little use for more.
    Garbage collection ${stacked(lines('percentunit', { '{{kind}}': collecting }))}
      Time a second that goes into collecting garbage, by kind. Much of it: the heap is nearly full.
    Memory ${wide(now(processResidentMemory, byProcess))}
      Resident memory, by process. A line that only rises is a leak.
    Heap ${wide(heap)}
      Heap that Node uses, and has, by process.
  `;
}

export function healthRow({ now, histogram }: BoardQueries): Row {
  const status = now(healthCheckStatus, ['check']);
  return row('Health checks')`
    Health checks ${styled(stat(status, ['red', [0.5, 'orange'], [1, 'green']]), { width: 12, height: 8 })}
      Result of each check, the worst of all processes: 1 pass, 0.5 warn, 0 fail. None where no one asks whether the service is
      ready.
    Health checks over time ${styled(status, { max: 1, width: 12 })}
      Result of each check, the worst of all processes: 1 pass, 0.5 warn, 0 fail.
    Duration of health checks ${histogram(healthCheckDuration, ['check'])}
      Time that a check takes; a slow one holds up who asks for readiness.
  `;
}

export function methodRow({ rate, now, share, histogram }: BoardQueries): Row {
  const by = ['class', 'method'];
  return row('Decorated methods: rate, errors, duration', { collapsed: true })`
    Calls of methods ${rate(methodCalls, by)}
      Calls that end, a second, by class and method, of methods whose decorators are given no metric.
    Share of calls that fail ${share(methodCalls, { outcome: 'failure' }, by)}
      Failures in all calls, by class and method.
    Calls in progress ${now(methodCallsInProgress, by)}
      Calls that have not ended, by class and method. A line that never falls: calls that never end.
    Duration of calls ${histogram(methodDuration, by)}
      Time that a call takes to its end.
  `;
}
