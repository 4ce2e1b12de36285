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
import { type Board, board, type Shown } from './board.js';
import { row, stacked, stat, styled, table } from './panels.js';

export function workflowsBoard(settings: BundleSettings): Board {
  const { workflowFailureShare } = settings.thresholds;
  const red = (shown: Shown) => styled(shown, { colours: ['green', [workflowFailureShare, 'red']] });
  const failedStep = ['workflow_type', 'step_name', 'error_type'];
  return board(settings, {
    name: 'workflows',
    title: 'workflows',
    description:
      'How many workflows run, how many fail, how long they take, and what waits for a worker or a human.',
    variables: {
      workflow_type: ['Workflow', workflowsStarted],
      provider: ['Provider', workflowsStarted],
      platform: ['Platform', workflowsStarted],
    },
    rows: ({ rate, now, share, total, record, histogram }) => [
      row('Workflows: rate, errors, duration')`
        Workflows started ${rate(workflowsStarted, ['workflow_type'])}
          Workflows that start, a second, by type. None for long while issues come in: nothing takes them.
        Workflows ended ${stacked(rate(workflowsCompleted, ['outcome']))}
          Workflows that end, a second, by outcome. Started and not ended for long: they are stuck.
        Share of workflows that fail ${red(share(workflowsCompleted, { outcome: 'failure' }, ['workflow_type']))}
          Failures in all that ended, by type; the alert on it has its limit where the line turns red.
        Duration of workflows ${histogram(workflowCompletionDuration, ['workflow_type'])}
          Time from the start of a workflow to its end, whatever the outcome.
      `,
      row('Steps: rate, errors, duration')`
        Steps ended ${rate(workflowStepDuration, ['step_name'])}
          Steps that end, a second, by name.
        Steps failed ${rate(workflowStepErrors, ['step_name', 'error_type'])}
          Steps that fail, a second, by name and error.
        Failed steps in this time ${styled(table(total(workflowStepErrors, failedStep), 'Failures'), { width: 8 })}
          Failures of each step in the range of the dashboard: where to look first.
        Duration of steps ${histogram(workflowStepDuration, ['step_name'])}
          Time that a step of a workflow takes.
      `,
      row('Issues: rate, errors, duration')`
        Issues processed ${stacked(rate(issuesProcessed, ['outcome']))}
          Issues that end, a second, by outcome.
        Share of issues that succeed, last hour ${record('job:issues_success:ratio_rate1h', ['job'])}
          Successes in all that ended in the last hour, of the whole service: the variables but the service have no say here.
        Succeeded since the start ${styled(stat(now(issuesSuccessRate, [], 'percentunit')), { height: 8 })}
          Share of the processed issues that succeeded, since the counters began; as the service itself has it.
        Average time since the start ${styled(stat(now(issuesAverageCompletionDuration)), { height: 8 })}
          Average time from taking an issue to its end, since the counters began; as the service itself has it.
        Time to complete an issue ${histogram(issueCompletionDuration, ['provider', 'outcome'])}
          Time from taking an issue to its end.
      `,
      row('Work in progress, and work that waits', { width: 6 })`
        Autonomous loops ${now(activeAutonomousLoops, ['workflow_type'])}
          Loops in progress, by type. A line that never falls is a loop that never ends.
        Queues ${now(queueDepth, ['queue_name'])}
          Items that wait, by queue. A line that only rises: work comes in faster than it is done.
        Approvals ${now(pendingApprovals, ['type'])}
          Approvals that wait for a human, by type.
        Escalations ${stacked(rate(escalations, ['reason', 'severity']))}
          Work handed to humans, a second, by reason and severity. A surge: the agents meet something they cannot do.
      `,
      row('Errors', { width: 12 })`
        Errors by component ${rate(errors, ['component', 'severity'])}
          Errors that no other metric counts, a second, by component and severity.
        Errors in this time ${table(total(errors, ['error_type', 'component', 'severity']), 'Errors')}
          Errors in the range of the dashboard, by type, component and severity.
      `,
      row('Tests of changes', { collapsed: true })`
        Duration of tests ${histogram(testExecutionDuration, ['test_type', 'framework'])}
          Time that the tests of a change take.
      `,
    ],
  });
}
