/** `WorkflowMetrics` over a collector, in the argument order of the story. */
import { PrometheusMetricsCollector, WorkflowMetrics } from '@tamma/observability';
import { createTestRegistry } from '@tamma/observability/testing';
import test from 'ava';
import { stopTimers } from '../helpers/manual-stopwatch.js';
import { context, type WorkflowContext, type WorkflowStep } from './platform-types.js';
import { scrapedLines } from './scraped-lines.js';

const step: WorkflowStep = { id: 'step-1', name: 'implement', dependsOn: [] };
const run = 'workflow_type="autonomous-development"';
const runLabels = `${run},provider="anthropic-claude",platform="github"`;

function setUp() {
  const collector = new PrometheusMetricsCollector({ registry: createTestRegistry() });
  const lines = (sample: string) => scrapedLines(collector, sample);
  return { workflow: new WorkflowMetrics(collector), lines };
}

test('recordWorkflowStart(context) counts the run and makes it active', async (t) => {
  const { workflow, lines } = setUp();
  workflow.recordWorkflowStart(context);
  t.deepEqual(await lines('workflows_started_total'), [`workflows_started_total{${runLabels}} 1`]);
  t.deepEqual(await lines('active_autonomous_loops'), [`active_autonomous_loops{${run}} 1`]);
});

test('recordWorkflowComplete(context, seconds) counts a success, times the run and ends it', async (t) => {
  const { workflow, lines } = setUp();
  workflow.recordWorkflowStart(context);
  workflow.recordWorkflowComplete(context, 90);
  t.deepEqual(await lines('workflows_completed_total'), [
    `workflows_completed_total{${runLabels},outcome="success"} 1`,
  ]);
  t.deepEqual(await lines('workflow_completion_duration_seconds_sum'), [
    `workflow_completion_duration_seconds_sum{${runLabels}} 90`,
  ]);
  t.deepEqual(await lines('active_autonomous_loops'), [`active_autonomous_loops{${run}} 0`]);
});

test('recordWorkflowError(context, error) counts a failure and the error by its class, and ends the run', async (t) => {
  const { workflow, lines } = setUp();
  workflow.recordWorkflowStart(context);
  workflow.recordWorkflowError(context, new RangeError('too many files'));
  t.deepEqual(await lines('workflows_completed_total'), [
    `workflows_completed_total{${runLabels},outcome="failure"} 1`,
  ]);
  t.deepEqual(await lines('errors_total'), [
    'errors_total{error_type="RangeError",severity="high",component="workflow"} 1',
  ]);
  t.deepEqual(await lines('active_autonomous_loops'), [`active_autonomous_loops{${run}} 0`]);
});

test('a run whose end is recorded twice ends once', async (t) => {
  const { workflow, lines } = setUp();
  workflow.recordWorkflowStart(context);
  workflow.recordWorkflowError(context, new Error('lost'));
  workflow.recordWorkflowComplete(context, 1);
  t.deepEqual(await lines('workflows_completed_total'), [
    `workflows_completed_total{${runLabels},outcome="failure"} 1`,
  ]);
  t.deepEqual(await lines('active_autonomous_loops'), [`active_autonomous_loops{${run}} 0`]);
});

test.serial('recordStepStart(step, context) returns a function that times the step', async (t) => {
  const advance = stopTimers(t);
  const { workflow, lines } = setUp();
  const stop: () => void = workflow.recordStepStart(step, context);
  advance(8);
  stop();
  t.deepEqual(await lines('workflow_step_duration_seconds_sum'), [
    `workflow_step_duration_seconds_sum{step_name="implement",${run}} 8`,
  ]);
});

test('recordStepComplete(step, context, seconds) times the step', async (t) => {
  const { workflow, lines } = setUp();
  workflow.recordStepComplete(step, context, 30);
  t.deepEqual(await lines('workflow_step_duration_seconds_sum'), [
    `workflow_step_duration_seconds_sum{step_name="implement",${run}} 30`,
  ]);
});

test.serial('a step that is both stopped and completed is timed once', async (t) => {
  const advance = stopTimers(t);
  const { workflow, lines } = setUp();
  workflow.recordWorkflowStart(context);
  const stop = workflow.recordStepStart(step, context);
  advance(8);
  stop();
  workflow.recordStepComplete(step, context, 8);
  t.deepEqual(await lines('workflow_step_duration_seconds_count'), [
    `workflow_step_duration_seconds_count{step_name="implement",${run}} 1`,
  ]);
});

test('recordStepError(step, context, error) counts the error of the step by its class', async (t) => {
  const { workflow, lines } = setUp();
  workflow.recordStepError(step, context, new TypeError('no such branch'));
  t.deepEqual(await lines('workflow_step_errors_total'), [
    `workflow_step_errors_total{step_name="implement",${run},error_type="TypeError"} 1`,
  ]);
});

test('recordIssueProcessed(context, outcome) counts each of the three outcomes', async (t) => {
  const { workflow, lines } = setUp();
  for (const outcome of ['success', 'failure', 'escalation'] as const)
    workflow.recordIssueProcessed(context, outcome);
  t.deepEqual(
    await lines('issues_processed_total'),
    ['success', 'failure', 'escalation'].map(
      (outcome) =>
        `issues_processed_total{provider="anthropic-claude",platform="github",outcome="${outcome}"} 1`,
    ),
  );
});

test('recordEscalation(reason, severity, context) counts by reason and severity; free text is `other`', async (t) => {
  const { workflow, lines } = setUp();
  const fromOutside: string = 'blocker';
  workflow.recordEscalation('ambiguous requirements', 'medium', context);
  workflow.recordEscalation('ambiguous requirements', fromOutside, context);
  t.deepEqual(
    await lines('escalations_total'),
    ['medium', 'other'].map(
      (severity) => `escalations_total{reason="ambiguous requirements",severity="${severity}",${run}} 1`,
    ),
  );
});

test('WorkflowContext and WorkflowStep are structural types, so classes of the platform can be passed', async (t) => {
  class Run implements WorkflowContext {
    readonly workflowType = 'issue-triage';
    readonly platform = 'gitlab';
    constructor(
      readonly workflowId: string,
      readonly provider: string,
    ) {}
  }
  const { workflow, lines } = setUp();
  workflow.recordWorkflowStart(new Run('run-1', 'openai-gpt4'));
  workflow.recordWorkflowStart(new Run('run-2', 'openai-gpt4'));
  workflow.recordWorkflowComplete(new Run('run-1', 'openai-gpt4'), 5);
  workflow.recordStepComplete({ name: 'label' }, new Run('run-2', 'openai-gpt4'), 2);
  t.deepEqual(await lines('active_autonomous_loops'), [
    'active_autonomous_loops{workflow_type="issue-triage"} 1',
  ]);
  t.deepEqual(await lines('workflow_step_duration_seconds_sum'), [
    'workflow_step_duration_seconds_sum{step_name="label",workflow_type="issue-triage"} 2',
  ]);
});

test('provider, platform and issue type of a context are optional, and can be undefined', async (t) => {
  const { workflow, lines } = setUp();
  const given: {
    workflowId: string;
    workflowType: string;
    provider: string | undefined;
    issueType?: string;
  } = {
    workflowId: 'run-1',
    workflowType: 'release',
    provider: undefined,
  };
  workflow.recordWorkflowStart(given);
  workflow.recordIssueProcessed({ ...given, issueType: 'bug' }, 'success', 5);
  t.deepEqual(await lines('workflows_started_total'), ['workflows_started_total{workflow_type="release"} 1']);
  t.deepEqual(await lines('issue_completion_duration_seconds_sum'), [
    'issue_completion_duration_seconds_sum{issue_type="bug",outcome="success"} 5',
  ]);
});
