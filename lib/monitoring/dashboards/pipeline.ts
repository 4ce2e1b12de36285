/** The process, its health, and the pipeline of the metrics themselves, to Prometheus and Alertmanager. */
import { healthCheckDuration, healthCheckStatus } from '../../catalogue/health.js';
import { methodCalls, methodCallsInProgress, methodDuration } from '../../catalogue/method.js';
import type { BundleSettings } from '../settings.js';
import type { Board, Row } from './board.js';
import { histogramPanels } from './durations.js';
import { stat, timeSeries } from './panels.js';
import { nodeRow, targetRow } from './process-rows.js';
import { type BoardQueries, boardQueries } from './queries.js';
import { monitoringRow, scrapeRow, seriesRow, storeRow } from './self-rows.js';
import { targetVariables } from './variables.js';

export function pipelineBoard(settings: BundleSettings): Board {
  const queries = boardQueries([]);
  const { parts } = settings;
  return {
    name: 'pipeline',
    title: 'pipeline and Node',
    description:
      'Whether the processes run and are well, and whether their metrics arrive: what every other dashboard rests on.',
    variables: targetVariables(settings),
    rows: [
      targetRow(queries),
      ...(parts.has('process') ? [nodeRow(queries), healthRow(queries)] : []),
      ...(parts.has('pipeline')
        ? [scrapeRow(queries), seriesRow(queries, settings), storeRow(queries), monitoringRow()]
        : []),
      ...(parts.has('process') ? [methodRow(queries)] : []),
    ],
  };
}

function healthRow(queries: BoardQueries): Row {
  return {
    title: 'Health checks',
    panels: [
      stat({
        title: 'Health checks',
        description:
          'Result of each check, the worst of all processes: 1 pass, 0.5 warn, 0 fail. None where no one asks whether the service is ready.',
        unit: 'short',
        width: 12,
        height: 8,
        colours: ['red', [0.5, 'orange'], [1, 'green']],
        queries: [queries.now(healthCheckStatus, ['check'])],
      }),
      timeSeries({
        title: 'Health checks over time',
        description: 'Result of each check, the worst of all processes: 1 pass, 0.5 warn, 0 fail.',
        unit: 'short',
        min: 0,
        max: 1,
        width: 12,
        queries: [queries.now(healthCheckStatus, ['check'])],
      }),
      ...histogramPanels(queries, healthCheckDuration, {
        title: 'Duration of health checks',
        description: 'Time that a check takes; a slow one holds up who asks for readiness.',
        by: ['check'],
      }),
    ],
  };
}

function methodRow(queries: BoardQueries): Row {
  return {
    title: 'Decorated methods: rate, errors, duration',
    collapsed: true,
    panels: [
      timeSeries({
        title: 'Calls of methods',
        description:
          'Calls that end, a second, by class and method, of methods whose decorators are given no metric.',
        unit: 'cps',
        min: 0,
        queries: [queries.perSecond(methodCalls, ['class', 'method'])],
      }),
      timeSeries({
        title: 'Share of calls that fail',
        description: 'Failures in all calls, by class and method.',
        unit: 'percentunit',
        min: 0,
        max: 1,
        queries: [queries.share(methodCalls, { outcome: 'failure' }, ['class', 'method'])],
      }),
      timeSeries({
        title: 'Calls in progress',
        description:
          'Calls that have not ended, by class and method. A line that never falls: calls that never end.',
        unit: 'short',
        min: 0,
        queries: [queries.now(methodCallsInProgress, ['class', 'method'])],
      }),
      ...histogramPanels(queries, methodDuration, {
        title: 'Duration of calls',
        description: 'Time that a call takes to its end.',
        by: ['class', 'method'],
      }),
    ],
  };
}
