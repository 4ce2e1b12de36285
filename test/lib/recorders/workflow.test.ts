/** `WorkflowMetrics`: runs, steps, issues, escalations and invalid input. */
import test from 'ava';
import fc from 'fast-check';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import { EscalationError } from '../../../lib/escalation.js';
import type { Outcome } from '../../../lib/outcome.js';
import { WorkflowMetrics } from '../../../lib/recorders/workflow.js';
import type { WorkflowContext } from '../../../lib/recorders/workflow-context.js';
import { createTestRegistry, readHistogram, readSamples, readValue } from '../../../lib/testing.js';

const run: WorkflowContext = {
  workflowId: 'run-1',
  workflowType: 'issue',
  provider: 'claude',
  platform: 'github',
  issueType: 'bug',
};
const labels = { workflow_type: 'issue', provider: 'claude', platform: 'github' };

function recorder() {
  const registry = createTestRegistry();
  const metrics = new WorkflowMetrics({ registry });
  return {
    registry,
    metrics,
    active: () => readValue(registry, catalogue.activeAutonomousLoops, { workflow_type: 'issue' }),
    completed: (outcome: Outcome) =>
      readValue(registry, catalogue.workflowsCompleted, { ...labels, outcome }),
    duration: () => readHistogram(registry, catalogue.workflowCompletionDuration, labels),
    step: (step_name: string) =>
      readHistogram(registry, catalogue.workflowStepDuration, { step_name, workflow_type: 'issue' }),
    recordingErrors: async () =>
      (await readSamples(registry, catalogue.metricsRecordingErrors)).map(({ labels: by, value }) => ({
        ...by,
        value,
      })),
  };
}

test('a run is active from start to end, and counted and timed at its end', (t) => {
  const { registry, metrics, active, completed, duration } = recorder();
  metrics.recordWorkflowStart(run);
  t.is(active(), 1);
  t.is(readValue(registry, catalogue.workflowsStarted, labels), 1);
  t.is(completed('success'), undefined);
  metrics.recordWorkflowComplete(run, 12);
  t.is(active(), 0);
  t.is(completed('success'), 1);
  t.like(duration(), { count: 1, sum: 12 });
});

test('without seconds, the duration is the time since the start', (t) => {
  const { metrics, duration } = recorder();
  metrics.recordWorkflowStart(run);
  metrics.recordWorkflowComplete(run);
  t.is(duration()?.count, 1);
  t.true((duration()?.sum ?? -1) >= 0 && (duration()?.sum ?? 1) < 1);
});

test('only the first of complete and error ends a run', (t) => {
  const { metrics, active, completed, duration, registry } = recorder();
  metrics.recordWorkflowStart(run);
  metrics.recordWorkflowComplete(run, 3);
  metrics.recordWorkflowError(run, new Error('late'));
  metrics.recordWorkflowComplete(run, 4);
  t.is(active(), 0);
  t.deepEqual([completed('success'), completed('failure')], [1, undefined]);
  t.like(duration(), { count: 1, sum: 3 });
  t.is(registry.get('errors_total'), undefined);
});

test('an error is a failure and counts in errors_total, but an EscalationError is an escalation', (t) => {
  const { registry, metrics, completed, active } = recorder();
  metrics.recordWorkflowStart(run);
  metrics.recordWorkflowError(run, new TypeError('no'));
  const other = { ...run, workflowId: 'run-2' };
  metrics.recordWorkflowStart(other);
  metrics.recordWorkflowError(other, new EscalationError('needs a human'));
  t.deepEqual([completed('failure'), completed('escalation'), completed('success')], [1, 1, undefined]);
  t.is(active(), 0);
  t.is(
    readValue(registry, catalogue.errors, {
      error_type: 'TypeError',
      severity: 'high',
      component: 'workflow',
    }),
    1,
  );
  t.is(registry.get('errors_total')?.series.size, 1);
  t.is(registry.get('escalations_total'), undefined, 'only recordEscalation counts them');
});

test('the end decrements the series of the start, even with another type', (t) => {
  const { registry, metrics, active } = recorder();
  metrics.recordWorkflowStart(run);
  metrics.recordWorkflowComplete({ ...run, workflowType: 'release' }, 1);
  t.is(active(), 0);
  t.is(readValue(registry, catalogue.activeAutonomousLoops, { workflow_type: 'release' }), 0);
});

test('a second start of a run in progress is not recorded; a run that has ended may start again', async (t) => {
  const { registry, metrics, active, completed, recordingErrors } = recorder();
  metrics.recordWorkflowStart(run);
  metrics.recordWorkflowStart(run);
  t.is(active(), 1);
  t.is(readValue(registry, catalogue.workflowsStarted, labels), 1);
  t.deepEqual(await recordingErrors(), [{ metric: 'workflows_started_total', reason: 'value', value: 1 }]);
  t.is(
    registry.warnings[0]?.message,
    'A recording on metric `workflows_started_total` failed (value): Invalid start of workflow "run-1": expected a run that is not in progress, received one that has started and not ended. The call itself was not affected. Further failures are counted in `metrics_recording_errors_total` only.',
  );
  metrics.recordWorkflowComplete(run, 1);
  metrics.recordWorkflowStart(run);
  metrics.recordWorkflowComplete(run, 1);
  t.is(active(), 0);
  t.is(completed('success'), 2);
});

test('an end without a start is recorded and decrements nothing', (t) => {
  const { metrics, active, completed } = recorder();
  metrics.recordWorkflowComplete(run, 1);
  t.is(completed('success'), 1);
  t.is(active(), 0);
});

test('recorders share runs only within one registry', (t) => {
  const { registry, metrics, active, completed } = recorder();
  const stranger = recorder();
  metrics.recordWorkflowStart(run);
  stranger.metrics.recordWorkflowComplete(run, 1);
  t.is(active(), 1);
  new WorkflowMetrics({ registry }).recordWorkflowComplete(run, 1);
  t.is(active(), 0);
  t.is(completed('success'), 1);
});

test('runs beyond the limit of known ids are still released', (t) => {
  const { metrics, active } = recorder();
  const many = Array.from({ length: 10_050 }, (_, index) => ({ ...run, workflowId: index }));
  for (const each of many) metrics.recordWorkflowStart(each);
  t.is(active(), 10_050);
  for (const each of many) metrics.recordWorkflowComplete(each, 1);
  t.is(active(), 0);
  for (const each of many.slice(-9_000)) metrics.recordWorkflowError(each, new Error('again'));
  t.is(active(), 0);
});

test('a step is timed once, by the stop function, by complete or by error', (t) => {
  const { registry, metrics, step } = recorder();
  metrics.recordWorkflowStart(run);
  const stopPlan = metrics.recordStepStart(run, 'plan');
  t.true(stopPlan() >= 0);
  stopPlan();
  metrics.recordStepComplete(run, 'plan', 7);
  t.is(step('plan')?.count, 1);

  const stopTest = metrics.recordStepStart(run, 'test');
  metrics.recordStepComplete(run, 'test', 7);
  stopTest();
  t.like(step('test'), { count: 1, sum: 7 });

  const stopMerge = metrics.recordStepStart(run, 'merge');
  metrics.recordStepError(run, 'merge', new RangeError('conflict'));
  stopMerge();
  t.is(step('merge')?.count, 1);
  t.is(
    readValue(registry, catalogue.workflowStepErrors, {
      step_name: 'merge',
      workflow_type: 'issue',
      error_type: 'RangeError',
    }),
    1,
  );
});

test('a step without a start is recorded as reported', (t) => {
  const { metrics, step } = recorder();
  metrics.recordStepComplete(run, 'plan', 7);
  metrics.recordStepComplete(run, 'plan', 8);
  t.like(step('plan'), { count: 2, sum: 15 });
  metrics.recordStepComplete(run, 'review');
  t.is(step('review'), undefined, 'the duration is unknown');
});

test('the duration of an issue is reported, that of its run, or unknown', (t) => {
  const { registry, metrics } = recorder();
  const by = { provider: 'claude', platform: 'github', issue_type: 'bug', outcome: 'success' } as const;
  const duration = () => readHistogram(registry, catalogue.issueCompletionDuration, by);
  metrics.recordIssueProcessed(run, 'success');
  t.is(duration(), undefined);
  metrics.recordIssueProcessed(run, 'success', 5);
  t.like(duration(), { count: 1, sum: 5 });
  metrics.recordWorkflowStart(run);
  metrics.recordWorkflowComplete(run, 20);
  metrics.recordIssueProcessed(run, 'success');
  t.like(duration(), { count: 2, sum: 25 });
  t.is(readValue(registry, catalogue.issuesProcessed, by), 3);
});

test('escalations, tests, approvals and queues are recorded', (t) => {
  const { registry, metrics } = recorder();
  metrics.recordEscalation('low_confidence', 'high', run);
  metrics.recordTestExecution('unit', 'ava', 3.5);
  metrics.setPendingApprovals('merge', 4);
  metrics.setQueueDepth('issues', 0);
  t.is(
    readValue(registry, catalogue.escalations, {
      reason: 'low_confidence',
      severity: 'high',
      workflow_type: 'issue',
    }),
    1,
  );
  t.like(readHistogram(registry, catalogue.testExecutionDuration, { test_type: 'unit', framework: 'ava' }), {
    count: 1,
    sum: 3.5,
  });
  t.is(readValue(registry, catalogue.pendingApprovals, { type: 'merge' }), 4);
  t.is(readValue(registry, catalogue.queueDepth, { queue_name: 'issues' }), 0);
});

// ---- invalid input ----------------------------------------------------------------------------------------------------

test('an unknown severity or outcome becomes `other`, and is counted', async (t) => {
  const { registry, metrics } = recorder();
  metrics.recordEscalation('stuck', 'urgent' as 'high', run);
  metrics.recordIssueProcessed(run, 'done' as 'success');
  t.is(
    readValue(registry, catalogue.escalations, {
      reason: 'stuck',
      severity: 'other' as 'high',
      workflow_type: 'issue',
    }),
    1,
  );
  t.deepEqual(
    (await readSamples(registry, catalogue.metricsSeriesFolded)).map(({ labels: by, value }) => ({
      ...by,
      value,
    })),
    [
      { metric: 'escalations_total', label: 'severity', value: 1 },
      { metric: 'issues_processed_total', label: 'outcome', value: 1 },
    ],
  );
  t.regex(
    registry.warnings[0]?.message ?? '',
    /^Label `severity` of metric `escalations_total` is a closed set: expected one of low, medium, high, critical, received "urgent", which is recorded as `other`\./,
  );
});

for (const seconds of [-1, Number.NaN, Number.POSITIVE_INFINITY, '12', null]) {
  test(`a duration of ${JSON.stringify(seconds) ?? seconds} (${String(seconds)}) is counted as a recording error, and the event still counts`, async (t) => {
    const { metrics, completed, duration, active, recordingErrors } = recorder();
    metrics.recordWorkflowStart(run);
    t.notThrows(() => metrics.recordWorkflowComplete(run, seconds as number));
    t.is(active(), 0);
    t.is(completed('success'), 1);
    const isReported = seconds !== null;
    t.is(duration()?.count, isReported ? undefined : 1, 'null means the time since the start');
    t.deepEqual(
      await recordingErrors(),
      isReported ? [{ metric: 'workflow_completion_duration_seconds', reason: 'value', value: 1 }] : [],
    );
  });
}

test('a run without an id or type is recorded, and the missing property is reported', async (t) => {
  const { registry, metrics, recordingErrors } = recorder();
  metrics.recordWorkflowStart({ workflowType: 'issue' } as WorkflowContext);
  metrics.recordWorkflowComplete({ workflowId: 'a', workflow_type: 'issue' } as never, 1);
  t.is(
    readValue(registry, catalogue.workflowsStarted, { workflow_type: 'issue', provider: '', platform: '' }),
    1,
  );
  t.deepEqual(await recordingErrors(), [
    { metric: 'workflows_started_total', reason: 'value', value: 1 },
    { metric: 'workflows_completed_total', reason: 'value', value: 1 },
  ]);
  t.true(
    registry.warnings[1]?.message.includes(
      'Missing `workflowType` of a workflow on metric `workflows_completed_total`: expected { workflowId, workflowType, ... }, received ["workflowId", "workflow_type"].',
    ),
  );
});

test('invalid arguments never throw', async (t) => {
  const odd: unknown[] = [
    undefined,
    null,
    0,
    Number.NaN,
    '',
    'text',
    Symbol('s'),
    {},
    [],
    () => 1,
    Object.create(null),
  ];
  const { metrics, recordingErrors } = recorder();
  for (const one of odd) {
    for (const other of odd) {
      t.notThrows(() => {
        metrics.recordWorkflowStart(one as WorkflowContext);
        metrics.recordWorkflowStart({ workflowId: one, workflowType: other } as WorkflowContext);
        metrics.recordStepStart(one as WorkflowContext, other as string)();
        metrics.recordStepComplete({ ...run, workflowId: one as string }, other as string, other as number);
        metrics.recordStepError(one as WorkflowContext, other as string, other);
        metrics.recordWorkflowError(one as WorkflowContext, other);
        metrics.recordWorkflowComplete(one as WorkflowContext, other as number, other as Outcome);
        metrics.recordWorkflowAbandoned(one as WorkflowContext);
        metrics.recordIssueProcessed(one as WorkflowContext, other as Outcome, other as number);
        metrics.recordEscalation(one as string, other as 'low', other as WorkflowContext);
        metrics.recordTestExecution(one as string, other as string, other as number);
        metrics.setPendingApprovals(one as string, other as number);
        metrics.setQueueDepth(one as string, other as number);
      });
    }
  }
  t.true((await recordingErrors()).length > 5);
});

// ---- invariants ---------------------------------------------------------------------------------------------------

test('in any order of calls, active runs are those not ended, and completed is the sum of outcomes', (t) => {
  const action = fc.record({
    id: fc.integer({ min: 0, max: 5 }),
    what: fc.constantFrom('start', 'complete', 'error', 'escalate', 'step', 'issue', 'escalation'),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const { registry, metrics, active, completed } = recorder();
      const running = new Set<number>();
      const known = new Set<number>();
      let started = 0;
      let timed = 0;
      const ends = { success: 0, failure: 0, escalation: 0 };
      for (const { id, what } of actions) {
        const context = { ...run, workflowId: String(id) };
        const end = (outcome: Outcome): void => {
          // A run that was never started may end once; one that has ended may not.
          const wasRunning = running.delete(id);
          if (wasRunning || !known.has(id)) {
            ends[outcome] += 1;
            // The duration is an argument of a success; otherwise it is the time since the start.
            if (wasRunning || outcome === 'success') timed += 1;
          }
          known.add(id);
        };
        if (what === 'start') {
          if (!running.has(id)) started += 1;
          running.add(id);
          known.add(id);
          metrics.recordWorkflowStart(context);
        } else if (what === 'complete') {
          end('success');
          metrics.recordWorkflowComplete(context, 1);
        } else if (what === 'error') {
          end('failure');
          metrics.recordWorkflowError(context, new Error('failed'));
        } else if (what === 'escalate') {
          end('escalation');
          metrics.recordWorkflowError(context, new EscalationError('help'));
        } else if (what === 'step') metrics.recordStepStart(context, 'plan')();
        else if (what === 'issue') metrics.recordIssueProcessed(context, 'success');
        else metrics.recordEscalation('unsure', 'low', context);
      }
      const outcomes = (['success', 'failure', 'escalation'] as const).map(
        (outcome) => completed(outcome) ?? 0,
      );
      t.is(active() ?? 0, running.size);
      t.is(readValue(registry, catalogue.workflowsStarted, labels) ?? 0, started);
      t.deepEqual(outcomes, [ends.success, ends.failure, ends.escalation]);
      t.is(readHistogram(registry, catalogue.workflowCompletionDuration, labels)?.count ?? 0, timed);
    }),
    { numRuns: 300 },
  );
});
