/** Workflows, their steps, the issues they work on, and what waits. */
import * as metrics from '../../catalogue/workflow.js';
import type { BundleSettings } from '../settings.js';
import { type Board, board } from './board.js';
import { row, type Shown, stacked, stat, styled, table } from './panels.js';

export function workflowsBoard(settings: BundleSettings): Board {
  const { workflowFailureShare } = settings.thresholds;
  const red = (shown: Shown) => styled(shown, { colours: ['green', [workflowFailureShare, 'red']] });
  const failedStep = ['workflow_type', 'step_name', 'error_type'];
  return board(settings, {
    name: 'workflows',
    title: 'workflows',
    description:
      'How many workflows run, how many fail, how long they take, and what is waiting for a worker or a human.',
    variables: {
      workflow_type: ['Workflow', metrics.workflowsStarted],
      provider: ['Provider', metrics.workflowsStarted],
      platform: ['Platform', metrics.workflowsStarted],
    },
    rows: ({ rate, now, share, total, record, histogram }) => [
      row('Workflows: rate, errors, duration')`
        Workflows started ${rate(metrics.workflowsStarted, ['workflow_type'])}
          Workflows started, per second, by type. If there are none for long while issues arrive, nothing picks them up.
        Workflows ended ${stacked(rate(metrics.workflowsCompleted, ['outcome']))}
          Workflows ended, per second, by outcome. If workflows start but none end for long, they are stuck.
        Share of workflows that fail ${red(share(metrics.workflowsCompleted, { outcome: 'failure' }, ['workflow_type']))}
          Failed workflows as a share of all that ended, by type. The dashed line is the threshold of the alert.
        Duration of workflows ${histogram(metrics.workflowCompletionDuration, ['workflow_type'])}
          Time from the start of a workflow to its end, whatever its outcome.
      `,
      row('Steps: rate, errors, duration')`
        Steps ended ${rate(metrics.workflowStepDuration, ['step_name'])}
          Steps ended, per second, by name.
        Steps failed ${rate(metrics.workflowStepErrors, ['step_name', 'error_type'])}
          Steps failed, per second, by name and error.
        Failed steps in this range ${styled(table(total(metrics.workflowStepErrors, failedStep), 'Failures'), { width: 8 })}
          Failures of each step in the time range of the dashboard. Start here.
        Duration of steps ${histogram(metrics.workflowStepDuration, ['step_name'])}
          Time that a workflow step takes.
      `,
      row('Issues: rate, errors, duration')`
        Issues processed ${stacked(rate(metrics.issuesProcessed, ['outcome']))}
          Issues processed, per second, by outcome.
        Share of issues that succeeded, last hour ${record('job:issues_success:ratio_rate1h', ['job'])}
          Successful issues as a share of all that ended in the last hour, for the whole job. Only the variable Job applies.
        Succeeded since the start ${styled(stat(now(metrics.issuesSuccessRate, [], 'percentunit')), { height: 8 })}
          Share of the processed issues that succeeded since the counters started, as the service computes it.
        Average time since the start ${styled(stat(now(metrics.issuesAverageCompletionDuration)), { height: 8 })}
          Average time from picking up an issue to its end since the counters started, as the service computes it.
        Time to complete an issue ${histogram(metrics.issueCompletionDuration, ['provider', 'outcome'])}
          Time from picking up an issue to its end.
      `,
      row('Work in progress and waiting', { width: 6 })`
        Autonomous loops ${now(metrics.activeAutonomousLoops, ['workflow_type'])}
          Loops in progress, by type. A line that never falls is a loop that does not end.
        Queues ${now(metrics.queueDepth, ['queue_name'])}
          Items waiting, by queue. If a line only rises, work arrives faster than it is processed.
        Approvals ${now(metrics.pendingApprovals, ['type'])}
          Approvals waiting for a human, by type.
        Escalations ${stacked(rate(metrics.escalations, ['reason', 'severity']))}
          Work handed to humans, per second, by reason and severity. A surge means that the agents cannot solve something.
      `,
      row('Errors', { width: 12 })`
        Errors by component ${rate(metrics.errors, ['component', 'severity'])}
          Errors that no other metric counts, per second, by component and severity.
        Errors in this range ${table(total(metrics.errors, ['error_type', 'component', 'severity']), 'Errors')}
          Errors in the time range of the dashboard, by type, component and severity.
      `,
      row('Tests of changes', { collapsed: true })`
        Duration of tests ${histogram(metrics.testExecutionDuration, ['test_type', 'framework'])}
          Time that the tests of a change take.
      `,
    ],
  });
}
