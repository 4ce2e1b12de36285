/** Rows about the processes: whether they run, which version, and how Node fares in them. */
import { buildInfo } from '../../catalogue/self.js';
import { rate, sumBy } from '../promql/expression.js';
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
import { stat, table, timeSeries } from './panels.js';
import type { BoardQueries } from './queries.js';

export function answeringProcesses(queries: BoardQueries): Panel {
  return stat({
    title: 'Processes that answer',
    description: 'Share of the known processes that Prometheus can scrape.',
    unit: 'percentunit',
    colours: ['red', [1, 'green']],
    queries: [{ expression: `avg(${queries.of(up)})`, legend: 'all' }],
  });
}

export function targetRow(queries: BoardQueries): Row {
  return {
    title: 'Processes',
    panels: [
      answeringProcesses(queries),
      stat({
        title: 'Processes',
        description: 'Processes that Prometheus knows of, whether they answer or not.',
        unit: 'short',
        queries: [{ expression: `count(${queries.of(up)})`, legend: 'all' }],
      }),
      stat({
        title: 'Youngest process',
        description:
          'Time since the last start of a process. Always little: they crash and are started again.',
        unit: 's',
        queries: [{ expression: `time() - max(${queries.of(processStart)})`, legend: 'all' }],
      }),
      versionTable(queries, 12),
      timeSeries({
        title: 'Processes that answer, over time',
        description: 'Whether Prometheus could scrape each process: 1 yes, 0 no.',
        unit: 'short',
        min: 0,
        max: 1,
        queries: [queries.now(up, ['job', 'instance'])],
      }),
      timeSeries({
        title: 'Duration of scrapes, as Prometheus sees it',
        description: 'Time from asking a process for its metrics to having them, network and all.',
        unit: 's',
        min: 0,
        queries: [queries.now(scrapeDuration, ['job', 'instance'])],
      }),
      timeSeries({
        title: 'Samples in a scrape',
        description:
          'Samples that each process publishes. A rise that does not end: a label whose values are not limited.',
        unit: 'short',
        min: 0,
        queries: [queries.now(scrapeSamples, ['job', 'instance'])],
      }),
    ],
  };
}

/** What runs where. */
export function versionTable(queries: BoardQueries, width: number): ReturnType<typeof table> {
  const labels = ['job', 'instance', 'service', 'version', 'revision', 'node_version'];
  return table({
    title: 'What runs',
    description:
      'Version and revision of each process, and its Node. Two versions for long: a roll-out that has stopped halfway.',
    unit: 'short',
    width,
    height: 4,
    queries: [{ ...queries.now(buildInfo, labels), legend: 'Runs' }],
  });
}

export function nodeRow(queries: BoardQueries): Row {
  const by = ['job', 'instance'];
  return {
    title: 'Node',
    panels: [
      timeSeries({
        title: 'Lag of the event loop',
        description:
          'Delay of the event loop, 99th percentile, by process: what every request waits in addition. Over 0.1 s: something computes for too long at a time.',
        unit: 's',
        min: 0,
        queries: [queries.now(nodeEventLoopLag, by)],
      }),
      timeSeries({
        title: 'CPU',
        description: 'Processor time a second, by process: 1 is one core, and Node has little use for more.',
        unit: 'percentunit',
        min: 0,
        queries: [queries.perSecond(processCpu, by)],
      }),
      timeSeries({
        title: 'Garbage collection',
        description:
          'Time a second that goes into collecting garbage, by kind. Much of it: the heap is nearly full.',
        unit: 'percentunit',
        min: 0,
        stacked: true,
        queries: [
          {
            expression: sumBy(['kind'], rate(queries.of(nodeGcDuration, {}, '_sum'), '$__rate_interval')),
            legend: '{{kind}}',
          },
        ],
      }),
      timeSeries({
        title: 'Memory',
        description: 'Resident memory, by process. A line that only rises is a leak.',
        unit: 'bytes',
        min: 0,
        width: 12,
        queries: [queries.now(processResidentMemory, by)],
      }),
      timeSeries({
        title: 'Heap',
        description: 'Heap that Node uses, and has, by process.',
        unit: 'bytes',
        min: 0,
        width: 12,
        queries: [
          { ...queries.now(nodeHeapUsed, by), legend: '{{job}} {{instance}} used' },
          { ...queries.now(nodeHeapTotal, by), legend: '{{job}} {{instance}} total' },
        ],
      }),
    ],
  };
}
