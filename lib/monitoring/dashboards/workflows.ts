/** Workflows, their steps, the issues they work on, and what waits. */
import {
  activeAutonomousLoops,
  errors,
  escalations,
  issueCompletionDuration,
  issuesAverageCompletionDuration,
  issuesProcessed,
  issuesSuccessRate,
  pendingApprovals,
  queueDepth,
  testExecutionDuration,
  workflowCompletionDuration,
  workflowStepDuration,
  workflowStepErrors,
  workflowsCompleted,
  workflowsStarted,
} from '../../catalogue/workflow.js';
import type { BundleSettings } from '../settings.js';
import type { Board, Row } from './board.js';
import { histogramPanels } from './durations.js';
import { stat, table, timeSeries } from './panels.js';
import { type BoardQueries, boardQueries, recorded } from './queries.js';
import { labelVariable, targetVariables } from './variables.js';

export function workflowsBoard(settings: BundleSettings): Board {
  const labels = [
    labelVariable('workflow_type', 'Workflow', workflowsStarted),
    labelVariable('provider', 'Provider', workflowsStarted),
    labelVariable('platform', 'Platform', workflowsStarted),
  ];
  const queries = boardQueries(labels.map(({ name }) => name));
  return {
    name: 'workflows',
    title: 'workflows',
    description:
      'How many workflows run, how many fail, how long they take, and what waits for a worker or a human.',
    variables: [...targetVariables(settings), ...labels],
    rows: [
      workflowRow(queries, settings),
      stepRow(queries),
      issueRow(queries),
      waitingRow(queries),
      errorRow(queries),
      testRow(queries),
    ],
  };
}

function workflowRow(queries: BoardQueries, { thresholds }: BundleSettings): Row {
  return {
    title: 'Workflows: rate, errors, duration',
    panels: [
      timeSeries({
        title: 'Workflows started',
        description:
          'Workflows that start, a second, by type. None for long while issues come in: nothing takes them.',
        unit: 'cps',
        min: 0,
        queries: [queries.perSecond(workflowsStarted, ['workflow_type'])],
      }),
      timeSeries({
        title: 'Workflows ended',
        description:
          'Workflows that end, a second, by outcome. Started and not ended for long: they are stuck.',
        unit: 'cps',
        min: 0,
        stacked: true,
        queries: [queries.perSecond(workflowsCompleted, ['outcome'])],
      }),
      timeSeries({
        title: 'Share of workflows that fail',
        description:
          'Failures in all that ended, by type; the alert on it has its limit where the line turns red.',
        unit: 'percentunit',
        min: 0,
        max: 1,
        colours: ['green', [thresholds.workflowFailureShare, 'red']],
        queries: [queries.share(workflowsCompleted, { outcome: 'failure' }, ['workflow_type'])],
      }),
      ...histogramPanels(queries, workflowCompletionDuration, {
        title: 'Duration of workflows',
        description: 'Time from the start of a workflow to its end, whatever the outcome.',
        by: ['workflow_type'],
      }),
    ],
  };
}

function stepRow(queries: BoardQueries): Row {
  return {
    title: 'Steps: rate, errors, duration',
    panels: [
      timeSeries({
        title: 'Steps ended',
        description: 'Steps that end, a second, by name.',
        unit: 'cps',
        min: 0,
        queries: [queries.observed(workflowStepDuration, ['step_name'])],
      }),
      timeSeries({
        title: 'Steps failed',
        description: 'Steps that fail, a second, by name and error.',
        unit: 'cps',
        min: 0,
        queries: [queries.perSecond(workflowStepErrors, ['step_name', 'error_type'])],
      }),
      table({
        title: 'Failed steps in this time',
        description: 'Failures of each step in the range of the dashboard: where to look first.',
        unit: 'short',
        width: 8,
        queries: [
          {
            ...queries.total(workflowStepErrors, ['workflow_type', 'step_name', 'error_type']),
            legend: 'Failures',
          },
        ],
      }),
      ...histogramPanels(queries, workflowStepDuration, {
        title: 'Duration of steps',
        description: 'Time that a step of a workflow takes.',
        by: ['step_name'],
      }),
    ],
  };
}

function issueRow(queries: BoardQueries): Row {
  return {
    title: 'Issues: rate, errors, duration',
    panels: [
      timeSeries({
        title: 'Issues processed',
        description: 'Issues that end, a second, by outcome.',
        unit: 'cps',
        min: 0,
        stacked: true,
        queries: [queries.perSecond(issuesProcessed, ['outcome'])],
      }),
      timeSeries({
        title: 'Share of issues that succeed, last hour',
        description:
          'Successes in all that ended in the last hour, of the whole service: the variables but the service have no say here.',
        unit: 'percentunit',
        min: 0,
        max: 1,
        queries: [recorded('job:issues_success:ratio_rate1h', ['job'])],
      }),
      stat({
        title: 'Succeeded since the start',
        description:
          'Share of the processed issues that succeeded, since the counters began; as the service itself has it.',
        unit: 'percentunit',
        height: 8,
        queries: [queries.now(issuesSuccessRate)],
      }),
      stat({
        title: 'Average time since the start',
        description:
          'Average time from taking an issue to its end, since the counters began; as the service itself has it.',
        unit: 's',
        height: 8,
        queries: [queries.now(issuesAverageCompletionDuration)],
      }),
      ...histogramPanels(queries, issueCompletionDuration, {
        title: 'Time to complete an issue',
        description: 'Time from taking an issue to its end.',
        by: ['provider', 'outcome'],
      }),
    ],
  };
}

function waitingRow(queries: BoardQueries): Row {
  return {
    title: 'Work in progress, and work that waits',
    panels: [
      timeSeries({
        title: 'Autonomous loops',
        description: 'Loops in progress, by type. A line that never falls is a loop that never ends.',
        unit: 'short',
        min: 0,
        width: 6,
        queries: [queries.now(activeAutonomousLoops, ['workflow_type'])],
      }),
      timeSeries({
        title: 'Queues',
        description:
          'Items that wait, by queue. A line that only rises: work comes in faster than it is done.',
        unit: 'short',
        min: 0,
        width: 6,
        queries: [queries.now(queueDepth, ['queue_name'])],
      }),
      timeSeries({
        title: 'Approvals',
        description: 'Approvals that wait for a human, by type.',
        unit: 'short',
        min: 0,
        width: 6,
        queries: [queries.now(pendingApprovals, ['type'])],
      }),
      timeSeries({
        title: 'Escalations',
        description:
          'Work handed to humans, a second, by reason and severity. A surge: the agents meet something they cannot do.',
        unit: 'cps',
        min: 0,
        width: 6,
        stacked: true,
        queries: [queries.perSecond(escalations, ['reason', 'severity'])],
      }),
    ],
  };
}

function errorRow(queries: BoardQueries): Row {
  return {
    title: 'Errors',
    panels: [
      timeSeries({
        title: 'Errors by component',
        description: 'Errors that no other metric counts, a second, by component and severity.',
        unit: 'cps',
        min: 0,
        width: 12,
        queries: [queries.perSecond(errors, ['component', 'severity'])],
      }),
      table({
        title: 'Errors in this time',
        description: 'Errors in the range of the dashboard, by type, component and severity.',
        unit: 'short',
        width: 12,
        queries: [{ ...queries.total(errors, ['error_type', 'component', 'severity']), legend: 'Errors' }],
      }),
    ],
  };
}

function testRow(queries: BoardQueries): Row {
  return {
    title: 'Tests of changes',
    collapsed: true,
    panels: histogramPanels(queries, testExecutionDuration, {
      title: 'Duration of tests',
      description: 'Time that the tests of a change take.',
      by: ['test_type', 'framework'],
    }),
  };
}
