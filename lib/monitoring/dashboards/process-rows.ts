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
      Share of the processes that Prometheus can scrape.
  `;
}

export function versionPanel({ now }: BoardQueries, width: number): Panel[] {
  const labels = [...byProcess, 'service', 'version', 'revision', 'node_version'];
  return panels`
    Running versions ${styled(table(now(buildInfo, labels), 'Runs'), { width, height: 4 })}
      Version, revision and Node.js version of each process. Two versions for long mean an unfinished rollout.
  `;
}

export function targetRow(queries: BoardQueries): Row {
  const { now, promql } = queries;
  return row('Processes')`
    ${upPanel(queries)}
    Processes ${stat(lines('short', { all: `count(${promql.selector(thirdParty.up)})` }))}
      Processes that Prometheus scrapes, whether they are up or down.
    Youngest process ${stat(lines('s', { all: `time() - max(${promql.selector(thirdParty.processStart)})` }))}
      Time since the last start of a process. If it stays low, processes crash and restart.
    ${versionPanel(queries, 12)}
    Processes up, over time ${styled(now(thirdParty.up, byProcess), { max: 1 })}
      Whether Prometheus could scrape each process: 1 yes, 0 no.
    Duration of scrapes, measured by Prometheus ${now(thirdParty.scrapeDuration, byProcess)}
      Time that Prometheus takes to scrape each process, including the network.
    Samples per scrape ${now(thirdParty.scrapeSamples, byProcess)}
      Samples that each process exposes. If it keeps rising, a label has unlimited values.
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
      Delay of the event loop, 99th percentile, by process. Every request waits for it. Above 0.1 s, some code blocks the
      event loop.
    CPU ${rate(thirdParty.processCpu, byProcess)}
      CPU time per second, by process. 100 % is one core; Node.js rarely uses more.
    Garbage collection ${stacked(lines('percentunit', { '{{kind}}': collecting }))}
      Time per second spent on garbage collection, by kind. If it is high, the heap is nearly full.
    Memory ${wide(now(thirdParty.processResidentMemory, byProcess))}
      Resident memory, by process. A line that only rises is a memory leak.
    Heap ${wide(heap)}
      Used and total heap, by process.
  `;
}

export function healthRow({ now, histogram }: BoardQueries): Row {
  const status = now(healthCheckStatus, ['check']);
  return row('Health checks')`
    Health checks ${styled(stat(status, ['red', [0.5, 'orange'], [1, 'green']]), { width: 12, height: 8 })}
      Result of each check, the worst of all processes: 1 pass, 0.5 warn, 0 fail. Empty if nothing requests the readiness
      of the service.
    Health checks over time ${styled(status, { max: 1, width: 12 })}
      Result of each check, the worst of all processes: 1 pass, 0.5 warn, 0 fail.
    Duration of health checks ${histogram(healthCheckDuration, ['check'])}
      Time that a check takes. A slow check delays the readiness probe.
  `;
}

export function methodRow({ rate, now, share, histogram }: BoardQueries): Row {
  const by = ['class', 'method'] as const;
  return row('Decorated methods: rate, errors, duration', { collapsed: true })`
    Calls of methods ${rate(methodCalls, by)}
      Calls ended, per second, by class and method, of decorated methods without a metric of their own.
    Share of calls that fail ${share(methodCalls, { outcome: 'failure' }, by)}
      Failed calls as a share of all, by class and method.
    Calls in progress ${now(methodCallsInProgress, by)}
      Calls in progress, by class and method. If a line never falls, calls do not end.
    Duration of calls ${histogram(methodDuration, by)}
      Time that a call takes.
  `;
}
