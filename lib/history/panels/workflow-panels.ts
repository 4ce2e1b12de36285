/** Panels of a development platform: issues, loops, approvals and queues. */
import * as workflow from '../../catalogue/workflow.js';
import { current, equals, increase, quantile, rate, section, share } from './build.js';

const succeeded = { match: [equals('outcome', 'success')] };

export const issueSection = section('issues', 'Issues', [
  {
    id: 'issues-processed',
    title: 'Issues processed',
    description: 'Issues that ended per minute, by outcome. The number is that of the shown range.',
    unit: 'perMinute',
    chart: 'stacked',
    lines: { '{outcome}': rate(workflow.issuesProcessed, { by: ['outcome'], times: 60 }) },
    tile: increase(workflow.issuesProcessed),
    tileUnit: 'none',
  },
  {
    id: 'issues-success',
    title: 'Success rate',
    description: 'Successful issues as a share of all that ended.',
    unit: 'share',
    lines: { success: share(rate(workflow.issuesProcessed, succeeded), rate(workflow.issuesProcessed)) },
    tile: share(increase(workflow.issuesProcessed, succeeded), increase(workflow.issuesProcessed)),
  },
  {
    id: 'issues-duration',
    title: 'Completion time, p95',
    description: 'The time within which 95 of 100 issues end.',
    unit: 'seconds',
    lines: {
      p50: quantile(workflow.issueCompletionDuration, 0.5),
      p95: quantile(workflow.issueCompletionDuration, 0.95),
    },
    tile: quantile(workflow.issueCompletionDuration, 0.95),
  },
  {
    id: 'issues-pull-requests',
    title: 'Pull requests',
    description: 'Pull requests created and merged, per minute.',
    unit: 'perMinute',
    lines: {
      created: rate(workflow.prsCreated, { times: 60 }),
      merged: rate(workflow.prsMerged, { times: 60 }),
    },
    tile: increase(workflow.prsMerged),
    tileUnit: 'none',
  },
]);

export const workflowSection = section('workflows', 'Workflows', [
  {
    id: 'workflow-loops',
    title: 'Loops in progress',
    description: 'Autonomous loops in progress, by workflow type.',
    unit: 'none',
    chart: 'stacked',
    lines: { '{workflow_type}': current(workflow.activeAutonomousLoops, { by: ['workflow_type'] }) },
    tile: current(workflow.activeAutonomousLoops),
  },
  {
    id: 'workflow-ended',
    title: 'Workflows ended',
    description: 'Workflows that ended per minute, by outcome.',
    unit: 'perMinute',
    chart: 'stacked',
    lines: { '{outcome}': rate(workflow.workflowsCompleted, { by: ['outcome'], times: 60 }) },
    tile: increase(workflow.workflowsCompleted),
    tileUnit: 'none',
  },
  {
    id: 'workflow-steps',
    title: 'Steps, p95',
    description: 'The time within which 95 of 100 steps end, by step.',
    unit: 'seconds',
    lines: { '{step_name}': quantile(workflow.workflowStepDuration, 0.95, { by: ['step_name'] }) },
  },
  {
    id: 'workflow-errors',
    title: 'Errors',
    description: 'Errors per minute, by component.',
    unit: 'perMinute',
    lines: { '{component}': rate(workflow.errors, { by: ['component'], times: 60 }) },
    tile: increase(workflow.errors),
    tileUnit: 'none',
  },
]);

export const waitingSection = section('waiting', 'Approvals and queues', [
  {
    id: 'queue-depth',
    title: 'Items in queues',
    description: 'Items that wait, by queue.',
    unit: 'none',
    lines: { '{queue_name}': current(workflow.queueDepth, { by: ['queue_name'] }) },
    tile: current(workflow.queueDepth),
  },
  {
    id: 'approvals',
    title: 'Approvals waiting',
    description: 'Approvals that wait for a human, by type.',
    unit: 'none',
    lines: { '{type}': current(workflow.pendingApprovals, { by: ['type'] }) },
    tile: current(workflow.pendingApprovals),
  },
  {
    id: 'escalations',
    title: 'Escalations',
    description: 'Work handed to humans, per minute, by reason. The number is that of the shown range.',
    unit: 'perMinute',
    chart: 'stacked',
    lines: { '{reason}': rate(workflow.escalations, { by: ['reason'], times: 60 }) },
    tile: increase(workflow.escalations),
    tileUnit: 'none',
  },
]);
