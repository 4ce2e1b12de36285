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
        Workflows ended ${stacked(rate(metrics.workflowsCompleted, ['outcome']))}
        Share of workflows that fail ${red(share(metrics.workflowsCompleted, { outcome: 'failure' }, ['workflow_type']))}
        Duration of workflows ${histogram(metrics.workflowCompletionDuration, ['workflow_type'])}
      `,
      row('Steps: rate, errors, duration')`
        Steps ended ${rate(metrics.workflowStepDuration, ['step_name'])}
        Steps failed ${rate(metrics.workflowStepErrors, ['step_name', 'error_type'])}
        Failed steps in this range ${styled(table(total(metrics.workflowStepErrors, failedStep), 'Failures'), { width: 8 })}
        Duration of steps ${histogram(metrics.workflowStepDuration, ['step_name'])}
      `,
      row('Issues: rate, errors, duration')`
        Issues processed ${stacked(rate(metrics.issuesProcessed, ['outcome']))}
        Share of issues that succeeded, last hour ${record('job:issues_success:ratio_rate1h', ['job'])}
        Succeeded since the start ${styled(stat(now(metrics.issuesSuccessRate, [], 'percentunit')), { height: 8 })}
        Average time since the start ${styled(stat(now(metrics.issuesAverageCompletionDuration)), { height: 8 })}
        Time to complete an issue ${histogram(metrics.issueCompletionDuration, ['provider', 'outcome'])}
      `,
      row('Work in progress and waiting', { width: 6 })`
        Autonomous loops ${now(metrics.activeAutonomousLoops, ['workflow_type'])}
        Queues ${now(metrics.queueDepth, ['queue_name'])}
        Approvals ${now(metrics.pendingApprovals, ['type'])}
        Escalations ${stacked(rate(metrics.escalations, ['reason', 'severity']))}
      `,
      row('Errors', { width: 12 })`
        Errors by component ${rate(metrics.errors, ['component', 'severity'])}
        Errors in this range ${table(total(metrics.errors, ['error_type', 'component', 'severity']), 'Errors')}
      `,
      row('Tests of changes', { collapsed: true })`
        Duration of tests ${histogram(metrics.testExecutionDuration, ['test_type', 'framework'])}
      `,
    ],
  });
}
