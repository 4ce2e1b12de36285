/** Issues, pull requests, workflows, queues and approvals. */
import { defineCounter, defineGauge, defineHistogram, durationBuckets } from '../define.js';
import { label } from '../label.js';
import { pullRequestLifetimeBuckets } from './buckets.js';
import { outcomes, severities } from './labels.js';

/** Incremented when the work on an issue ends. */
export const issuesProcessed = defineCounter({
  name: 'issues_processed_total',
  help: 'Issues processed, by outcome.',
  labels: { provider: label(), platform: label(), issue_type: label(), outcome: outcomes },
});

/** Incremented when an issue is opened on a platform. */
export const issuesCreated = defineCounter({
  name: 'issues_created_total',
  help: 'Issues opened on a platform.',
  labels: { platform: label(), repository: label() },
});

/** Incremented when a pull request is opened. */
export const prsCreated = defineCounter({
  name: 'prs_created_total',
  help: 'Pull requests opened.',
  labels: { platform: label(), repository: label() },
});

/** Incremented when a pull request is merged. */
export const prsMerged = defineCounter({
  name: 'prs_merged_total',
  help: 'Pull requests merged.',
  labels: { platform: label(), repository: label() },
});

/** Observed when a pull request is merged and both times are known. */
export const prLifetime = defineHistogram({
  name: 'pr_lifetime_hours',
  help: 'Time from the opening to the merge of pull requests, in hours.',
  labels: { platform: label(), repository: label() },
  buckets: pullRequestLifetimeBuckets,
  lint: {
    allow: ['base-unit'],
    why: 'Pull requests are open for hours to weeks, and the published name says hours.',
  },
});

/** Incremented when work is handed to a human. */
export const escalations = defineCounter({
  name: 'escalations_total',
  help: 'Work handed to a human, by reason and severity.',
  labels: { reason: label(), severity: severities, workflow_type: label() },
});

/** +1 at the start of an autonomous loop, -1 at its end with any outcome. */
export const activeAutonomousLoops = defineGauge({
  name: 'active_autonomous_loops',
  help: 'Autonomous loops in progress.',
  labels: { workflow_type: label() },
});

/** Set when an approval is requested or given. Several processes report the same list, so the maximum applies. */
export const pendingApprovals = defineGauge({
  name: 'pending_approvals',
  help: 'Approvals waiting for a human, by type.',
  labels: { type: label() },
  aggregator: 'max',
});

/** Set when an item is queued or taken. Several processes report the same queue, so the maximum applies. */
export const queueDepth = defineGauge({
  name: 'queue_depth',
  help: 'Items waiting in a queue.',
  labels: { queue_name: label() },
  aggregator: 'max',
});

/** Observed when the work on an issue ends. */
export const issueCompletionDuration = defineHistogram({
  name: 'issue_completion_duration_seconds',
  help: 'Time from the start of the work on an issue to its end, in seconds.',
  labels: { provider: label(), platform: label(), issue_type: label(), outcome: outcomes },
  buckets: durationBuckets,
});

/** Incremented when a workflow starts. */
export const workflowsStarted = defineCounter({
  name: 'workflows_started_total',
  help: 'Workflows started.',
  labels: { workflow_type: label(), provider: label(), platform: label() },
});

/** Incremented when a workflow ends. */
export const workflowsCompleted = defineCounter({
  name: 'workflows_completed_total',
  help: 'Workflows ended, by outcome.',
  labels: { workflow_type: label(), provider: label(), platform: label(), outcome: outcomes },
});

/** Observed when a workflow ends. */
export const workflowCompletionDuration = defineHistogram({
  name: 'workflow_completion_duration_seconds',
  help: 'Time from the start of a workflow to its end, in seconds.',
  labels: { workflow_type: label(), provider: label(), platform: label() },
  buckets: durationBuckets,
});

/** Observed when a step of a workflow ends. */
export const workflowStepDuration = defineHistogram({
  name: 'workflow_step_duration_seconds',
  help: 'Duration of the steps of workflows, in seconds.',
  labels: { step_name: label(), workflow_type: label() },
  buckets: durationBuckets,
});

/** Incremented when a step of a workflow fails. */
export const workflowStepErrors = defineCounter({
  name: 'workflow_step_errors_total',
  help: 'Steps of workflows that failed, by error.',
  labels: { step_name: label(), workflow_type: label(), error_type: label() },
});

/** Observed when the tests of a change have run. */
export const testExecutionDuration = defineHistogram({
  name: 'test_execution_duration_seconds',
  help: 'Duration of the tests of a change, in seconds.',
  labels: { test_type: label(), framework: label() },
  buckets: durationBuckets,
});

/** Incremented for failures that no other metric counts. */
export const errors = defineCounter({
  name: 'errors_total',
  help: 'Errors, by type, severity and component.',
  labels: { error_type: label(), severity: severities, component: label() },
});

/** Derived at each scrape by `MetricsAggregator`. */
export const issuesSuccessRate = defineGauge({
  name: 'issues_success_rate',
  help: 'Share of the processed issues that succeeded, 0 to 1.',
  aggregator: 'average',
});

/** Derived at each scrape by `MetricsAggregator`. */
export const issuesAverageCompletionDuration = defineGauge({
  name: 'issues_average_completion_duration_seconds',
  help: 'Average time from the start of the work on an issue to its end, in seconds.',
  aggregator: 'average',
});
