/** Records events of workflows, one call per event. */
import {
  activeAutonomousLoops,
  errors,
  escalations,
  issueCompletionDuration,
  issuesProcessed,
  pendingApprovals,
  queueDepth,
  testExecutionDuration,
  workflowCompletionDuration,
  workflowStepDuration,
  workflowStepErrors,
  workflowsCompleted,
  workflowsStarted,
} from '../catalogue/workflow.js';
import {
  containedAmounts,
  containedCounter,
  containedSeries,
  containedTimes,
  recordingFailed,
} from '../contained.js';
import { errorName } from '../error-labels.js';
import { metricsError, shown } from '../errors.js';
import type { Severity } from '../escalation.js';
import { secondsSince } from '../instruments/stopwatch.js';
import { type Outcome, outcomeOfError } from '../outcome.js';
import type { AnyRegistry } from '../registry.js';
import { anyWork, Work } from './open-work.js';
import { type RecorderOptions, type RegistryCollector, recorderOptions } from './recorder-options.js';
import {
  identifiedRunOf,
  type Run,
  runOf,
  type StepCall,
  stepOf,
  type WorkflowContext,
  type WorkflowStep,
} from './workflow-context.js';
import { type WorkflowRuns, workflowRunsOf } from './workflow-runs.js';

/**
 * Records workflow runs, their steps, and the issues, escalations and queues that belong to them. A metric is registered when it
 * is first recorded. No method throws: a failed recording is counted in `metrics_recording_errors_total` and reported once as a
 * warning. Durations are in seconds, finite and 0 or more. An outcome or severity outside its closed set becomes `other` and is
 * counted in `metrics_series_folded_total`.
 *
 * Recorders of one registry share the runs in progress, so one module may start a run and another may end it.
 * @example
 * const workflows = new WorkflowMetrics();
 * const context = { workflowId: run.id, workflowType: 'issue-to-pr' };
 * workflows.recordWorkflowStart(context);
 * const stop = workflows.recordStepStart(context, 'implement');
 * await implement();
 * stop();
 * workflows.recordWorkflowComplete(context);
 * @see https://prometheus.io/docs/practices/instrumentation/
 */
export class WorkflowMetrics {
  readonly #registry: AnyRegistry;
  readonly #runs: WorkflowRuns;
  readonly #started;
  readonly #completed;
  readonly #duration;
  readonly #loops;
  readonly #stepDuration;
  readonly #stepErrors;
  readonly #issues;
  readonly #issueDuration;
  readonly #escalations;
  readonly #errors;
  readonly #tests;
  readonly #approvals;
  readonly #queues;

  /**
   * @param target a collector with a registry, or options. Default: `{ registry: sharedRegistry }`.
   * @throws ERR_METRICS_INVALID_OPTION for unknown options or an invalid registry
   */
  constructor(target: RegistryCollector | RecorderOptions = {}) {
    const { registry } = recorderOptions<RecorderOptions>('WorkflowMetrics', target, { registry: true });
    this.#registry = registry;
    this.#runs = workflowRunsOf(registry);
    this.#started = containedCounter(registry, workflowsStarted);
    this.#completed = containedCounter(registry, workflowsCompleted);
    this.#duration = containedTimes(registry, workflowCompletionDuration);
    this.#loops = containedSeries(registry, activeAutonomousLoops, (definition) =>
      registry.gauge(definition),
    );
    this.#stepDuration = containedTimes(registry, workflowStepDuration);
    this.#stepErrors = containedCounter(registry, workflowStepErrors);
    this.#issues = containedCounter(registry, issuesProcessed);
    this.#issueDuration = containedTimes(registry, issueCompletionDuration);
    this.#escalations = containedCounter(registry, escalations);
    this.#errors = containedCounter(registry, errors);
    this.#tests = containedTimes(registry, testExecutionDuration);
    this.#approvals = containedAmounts(registry, pendingApprovals);
    this.#queues = containedAmounts(registry, queueDepth);
  }

  /**
   * Records the start of a run: increments `workflows_started_total` and `active_autonomous_loops`. A second start of a run in
   * progress counts as a recording error instead; a run that has ended may start again.
   */
  recordWorkflowStart(context: WorkflowContext): void {
    const run = identifiedRunOf(this.#registry, context, workflowsStarted.name);
    const series = this.#loops({ workflow_type: run.workflow_type });
    if (series !== undefined && !this.#runs.start(run.id, series)) {
      recordingFailed(
        this.#registry,
        workflowsStarted.name,
        metricsError(
          'ERR_METRICS_INVALID_VALUE',
          `Invalid start of workflow ${shown(run.id)}: expected a run that is not in progress, received one that has started and not ended.`,
        ),
      );
      return;
    }
    this.#started({ workflow_type: run.workflow_type, provider: run.provider, platform: run.platform });
  }

  /**
   * Records the end of a run: increments `workflows_completed_total`, observes `workflow_completion_duration_seconds` and
   * decrements `active_autonomous_loops`. Only the first end of a run counts, by this method or by `recordWorkflowError`.
   * @param seconds the duration. Default: the time since the recorded start, if there is one.
   * @param outcome default: `success`
   */
  recordWorkflowComplete(context: WorkflowContext, seconds?: number, outcome: Outcome = 'success'): void {
    this.#end(context, seconds, outcome);
  }

  /**
   * Records the end of a run as `recordWorkflowComplete` does, with the outcome `escalation` for an `EscalationError` or an error
   * of that name, else `failure`. A failure also increments `errors_total` (severity `high`, component `workflow`).
   * Only `recordEscalation` increments `escalations_total`.
   * @param seconds the duration. Default: the time since the recorded start, if there is one.
   */
  recordWorkflowError(context: WorkflowContext, error: unknown, seconds?: number): void {
    const outcome = outcomeOfError(error);
    if (!this.#end(context, seconds, outcome) || outcome === 'escalation') return;
    this.#errors({ error_type: errorName(error), severity: 'high', component: 'workflow' });
  }

  /** Records that a run was abandoned: it is no longer active, and counts neither as completed nor in the durations. */
  recordWorkflowAbandoned(context: WorkflowContext): void {
    this.#runs.abandon(runOf(this.#registry, context, activeAutonomousLoops.name).id);
  }

  /**
   * Records the start of a step.
   * @returns a function that ends the timing: it observes `workflow_step_duration_seconds` and returns the seconds.
   *   `recordStepComplete` and `recordStepError` with the same run and step end the timing too; a step is timed once, by
   *   whichever comes first.
   * @example
   * const stop = workflow.recordStepStart({ name: 'implement' }, context);
   */
  recordStepStart(step: WorkflowStep, context: WorkflowContext): () => number;
  /** Records the start of a step by its name. */
  recordStepStart(context: WorkflowContext, stepName: string): () => number;
  recordStepStart(...call: StepCall): () => number {
    const { stepName, context } = stepOf(this.#registry, call, workflowStepDuration.name);
    const { id, workflow_type } = runOf(this.#registry, context, workflowStepDuration.name);
    const steps = this.#runs.stepsOf(id, stepName);
    const work = new Work({});
    steps?.start(work);
    return () => {
      const seconds = secondsSince(work.startedAt);
      if (!work.isTimed) {
        work.isTimed = true;
        this.#stepDuration({ step_name: stepName, workflow_type }, seconds);
        steps?.stop(work);
      }
      return seconds;
    };
  }

  /**
   * Records the end of a step in `workflow_step_duration_seconds`.
   * @param seconds the duration. Default: the time since the recorded start, if there is one.
   */
  recordStepComplete(step: WorkflowStep, context: WorkflowContext, seconds?: number): void;
  /** Records the end of a step by its name. */
  recordStepComplete(context: WorkflowContext, stepName: string, seconds?: number): void;
  recordStepComplete(...[first, second, seconds]: [...StepCall, (number | undefined)?]): void {
    const { stepName, context } = stepOf(
      this.#registry,
      [first, second] as StepCall,
      workflowStepDuration.name,
    );
    this.#endStep(runOf(this.#registry, context, workflowStepDuration.name), stepName, seconds);
  }

  /** Records the failure of a step: increments `workflow_step_errors_total`, and observes the duration if the start was recorded. */
  recordStepError(step: WorkflowStep, context: WorkflowContext, error: unknown): void;
  /** Records the failure of a step by its name. */
  recordStepError(context: WorkflowContext, stepName: string, error: unknown): void;
  recordStepError(...[first, second, error]: [...StepCall, error: unknown]): void {
    const { stepName, context } = stepOf(
      this.#registry,
      [first, second] as StepCall,
      workflowStepErrors.name,
    );
    const run = runOf(this.#registry, context, workflowStepErrors.name);
    this.#endStep(run, stepName, undefined);
    this.#stepErrors({
      step_name: stepName,
      workflow_type: run.workflow_type,
      error_type: errorName(error),
    });
  }

  /**
   * Records a processed issue in `issues_processed_total` and `issue_completion_duration_seconds`.
   * @param seconds the duration. Default: that of the run, if its start was recorded.
   */
  recordIssueProcessed(context: WorkflowContext, outcome: Outcome, seconds?: number): void {
    const { id, provider, platform, issue_type } = runOf(this.#registry, context, issuesProcessed.name);
    const labels = { provider, platform, issue_type, outcome };
    this.#issues(labels);
    const time = seconds ?? this.#runs.secondsOf(id);
    if (time !== undefined) this.#issueDuration(labels, time);
  }

  /**
   * Increments `escalations_total`: work was handed over to a human. It does not end the run.
   * @param reason one of few values, since it becomes a label
   */
  recordEscalation<S extends string>(
    reason: string,
    // Any `string`, but only literals of the closed set.
    severity: S & (string extends S ? unknown : Severity),
    context: Pick<WorkflowContext, 'workflowType'>,
  ): void {
    const { workflow_type } = runOf(this.#registry, context, escalations.name);
    this.#escalations({ reason, severity: severity as Severity, workflow_type });
  }

  /** Observes the seconds that a test run took in `test_execution_duration_seconds`. */
  recordTestExecution(testType: string, framework: string, seconds: number): void {
    this.#tests({ test_type: testType, framework }, seconds);
  }

  /** Sets `pending_approvals`: how many approvals of a type wait for a human. */
  setPendingApprovals(type: string, count: number): void {
    this.#approvals({ type }, count);
  }

  /** Sets `queue_depth`: how many items wait in a queue. */
  setQueueDepth(queueName: string, depth: number): void {
    this.#queues({ queue_name: queueName }, depth);
  }

  /** `false` if the run had ended before. */
  #end(context: WorkflowContext, seconds: number | undefined, outcome: Outcome): boolean {
    const { id, workflow_type, provider, platform } = identifiedRunOf(
      this.#registry,
      context,
      workflowsCompleted.name,
    );
    const ended = this.#runs.end(id, this.#loops({ workflow_type }), seconds);
    if (ended === undefined) return false;
    this.#completed({ workflow_type, provider, platform, outcome });
    if (ended.seconds !== undefined) this.#duration({ workflow_type, provider, platform }, ended.seconds);
    return true;
  }

  #endStep({ id, workflow_type }: Run, step_name: string, seconds: number | undefined): void {
    const steps = this.#runs.stepsOf(id, step_name);
    const ended = steps?.end(anyWork);
    const work = ended === 'ended' ? undefined : ended;
    if (work !== undefined) {
      if (work.isTimed) return;
      work.isTimed = true;
    }
    const time = seconds ?? (work === undefined ? undefined : secondsSince(work.startedAt));
    if (time !== undefined) this.#stepDuration({ step_name, workflow_type }, time);
  }
}
