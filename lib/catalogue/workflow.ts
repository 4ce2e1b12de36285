/** Issues, pull requests, workflows and what waits for people. */
import { defineCounter, defineGauge, defineHistogram, durationBuckets } from '../define.js';
import { label } from '../label.js';
import { pullRequestLifetimeBuckets } from './buckets.js';
import { outcomes, severities } from './labels.js';

/** An issue ends. */
export const issuesProcessed = defineCounter({
  name: 'issues_processed_total',
  help: 'Issues processed, by outcome.',
  labels: { provider: label(), platform: label(), issue_type: label(), outcome: outcomes },
});

/** An issue is opened on the platform. */
export const issuesCreated = defineCounter({
  name: 'issues_created_total',
  help: 'Issues opened on the platform.',
  labels: { platform: label(), repository: label() },
});

/** A pull request is opened. */
export const prsCreated = defineCounter({
  name: 'prs_created_total',
  help: 'Pull requests opened.',
  labels: { platform: label(), repository: label() },
});

/** A pull request is merged. */
export const prsMerged = defineCounter({
  name: 'prs_merged_total',
  help: 'Pull requests merged.',
  labels: { platform: label(), repository: label() },
});

/** A merged pull request has both times. */
export const prLifetime = defineHistogram({
  name: 'pr_lifetime_hours',
  help: 'Time from opening to merging a pull request, in hours.',
  labels: { platform: label(), repository: label() },
  buckets: pullRequestLifetimeBuckets,
  lint: {
    allow: ['base-unit'],
    why: 'Pull requests live for hours to weeks, and the published name says hours.',
  },
});

/** Work is handed to a human. */
export const escalations = defineCounter({
  name: 'escalations_total',
  help: 'Work handed to a human, by reason and severity.',
  labels: { reason: label(), severity: severities, workflow_type: label() },
});

/** +1 at the start of an autonomous loop, -1 at its end, whatever the end. */
export const activeAutonomousLoops = defineGauge({
  name: 'active_autonomous_loops',
  help: 'Autonomous loops in progress.',
  labels: { workflow_type: label() },
});

/** Set whenever an approval is asked for or given. Approvals of a type are one list, whichever process reports it. */
export const pendingApprovals = defineGauge({
  name: 'pending_approvals',
  help: 'Approvals that wait for a human.',
  labels: { type: label() },
  aggregator: 'max',
});

/** Set whenever something is queued or taken. A queue is one, however many processes report it. */
export const queueDepth = defineGauge({
  name: 'queue_depth',
  help: 'Items that wait in a queue.',
  labels: { queue_name: label() },
  aggregator: 'max',
});

/** An issue ends. */
export const issueCompletionDuration = defineHistogram({
  name: 'issue_completion_duration_seconds',
  help: 'Time from taking an issue to its end, in seconds.',
  labels: { provider: label(), platform: label(), issue_type: label(), outcome: outcomes },
  buckets: durationBuckets,
});

/** A workflow starts. */
export const workflowsStarted = defineCounter({
  name: 'workflows_started_total',
  help: 'Workflows started.',
  labels: { workflow_type: label(), provider: label(), platform: label() },
});

/** A workflow ends. */
export const workflowsCompleted = defineCounter({
  name: 'workflows_completed_total',
  help: 'Workflows ended, by outcome.',
  labels: { workflow_type: label(), provider: label(), platform: label(), outcome: outcomes },
});

/** A workflow ends. */
export const workflowCompletionDuration = defineHistogram({
  name: 'workflow_completion_duration_seconds',
  help: 'Time from the start of a workflow to its end, in seconds.',
  labels: { workflow_type: label(), provider: label(), platform: label() },
  buckets: durationBuckets,
});

/** A step of a workflow ends. */
export const workflowStepDuration = defineHistogram({
  name: 'workflow_step_duration_seconds',
  help: 'Time a step of a workflow takes, in seconds.',
  labels: { step_name: label(), workflow_type: label() },
  buckets: durationBuckets,
});

/** A step of a workflow fails. */
export const workflowStepErrors = defineCounter({
  name: 'workflow_step_errors_total',
  help: 'Steps of workflows that failed, by error.',
  labels: { step_name: label(), workflow_type: label(), error_type: label() },
});

/** Tests of a change have run. */
export const testExecutionDuration = defineHistogram({
  name: 'test_execution_duration_seconds',
  help: 'Time the tests of a change take, in seconds.',
  labels: { test_type: label(), framework: label() },
  buckets: durationBuckets,
});

/** Anything fails that no other metric counts. */
export const errors = defineCounter({
  name: 'errors_total',
  help: 'Errors, by type, severity and component.',
  labels: { error_type: label(), severity: severities, component: label() },
});

/** Derived by the aggregator: successes over all that ended. */
export const issuesSuccessRate = defineGauge({
  name: 'issues_success_rate',
  help: 'Share of the processed issues that succeeded, 0 to 1.',
  aggregator: 'average',
});

/** Derived by the aggregator: sum over count. */
export const issuesAverageCompletionDuration = defineGauge({
  name: 'issues_average_completion_duration_seconds',
  help: 'Average time from taking an issue to its end, in seconds.',
  aggregator: 'average',
});
