/** What happens in workflows, recorded by one call each. */
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
  type AnyRegistry,
  containedAmounts,
  containedCounter,
  containedSeries,
  containedTimes,
  givenObject,
  recordingFailed,
} from '../contained.js';
import { errorName } from '../error-name.js';
import { metricsError, shown } from '../errors.js';
import { type Outcome, outcomeOfError, type Severity } from '../escalation.js';
import { secondsSince } from '../instruments/stopwatch.js';
import { newWork } from './open-work.js';
import { type RecorderOptions, type RegistryCollector, recorderOptions } from './recorder-options.js';
import { type RunId, type WorkflowRuns, workflowRunsOf } from './workflow-runs.js';

/** One run of a workflow. */
export interface WorkflowContext {
  /** Which run it is: its start and its end are matched by it. Text, a number, or an object of the run's own. */
  readonly workflowId: string | number | object;
  readonly workflowType: string;
  /** AI provider that the run asks. Default: an absent label. */
  readonly provider?: string | undefined;
  /** Git platform that the run works on. Default: an absent label. */
  readonly platform?: string | undefined;
  /** Kind of the issue that the run works on. Default: an absent label. */
  readonly issueType?: string | undefined;
}

/** One step of a workflow, as far as it is read here: its name is the label `step_name`. */
export interface WorkflowStep {
  readonly name: string;
}

/**
 * Records workflows, their steps and what comes with them. A metric registers when it is first recorded. No method throws: what cannot be recorded is counted in
 * `metrics_recording_errors_total` and warned of once. Durations are seconds, finite and 0 or more. An outcome or severity
 * outside its set becomes `other`, counted in `metrics_series_folded_total`.
 *
 * Recorders of one registry share the runs in progress, so one module may start a run and another end it.
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
   * @param target a collector, whose registry is recorded in, or options. Default: `sharedRegistry`.
   * @throws ERR_METRICS_INVALID_OPTION
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
   * A run starts: `workflows_started_total`, and `active_autonomous_loops` up. A second start of a run in progress
   * is not recorded, and counted as a recording error; a run that has ended may start again.
   */
  recordWorkflowStart(context: WorkflowContext): void {
    const run = this.#named(context, workflowsStarted.name);
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
   * A run ends: `workflows_completed_total`, `workflow_completion_duration_seconds`, and `active_autonomous_loops` down.
   * The first end of a run counts, by this or by `recordWorkflowError`; later ones are left out.
   * @param seconds how long it took. Default: the time since its start, where that was recorded.
   * @param outcome default: `success`
   */
  recordWorkflowComplete(context: WorkflowContext, seconds?: number, outcome: Outcome = 'success'): void {
    this.#end(context, seconds, outcome);
  }

  /**
   * A run ends with an error: as `recordWorkflowComplete`, with the outcome `escalation` for an `EscalationError` or an
   * error so named, else `failure`, which also counts in `errors_total` (severity `high`, component `workflow`).
   * `escalations_total` is counted by `recordEscalation` alone.
   * @param seconds as with `recordWorkflowComplete`
   */
  recordWorkflowError(context: WorkflowContext, error: unknown, seconds?: number): void {
    const outcome = outcomeOfError(error);
    if (!this.#end(context, seconds, outcome) || outcome === 'escalation') return;
    this.#errors({ error_type: errorName(error), severity: 'high', component: 'workflow' });
  }

  /** A run is given up without an end that anyone saw: it is no longer active, and neither timed nor counted as ended. */
  recordWorkflowAbandoned(context: WorkflowContext): void {
    this.#runs.abandon(this.#given(context, activeAutonomousLoops.name).id);
  }

  /**
   * A step starts. Call what it returns when the step ends: it observes `workflow_step_duration_seconds` and returns the
   * seconds. `recordStepComplete` and `recordStepError` of the same run and step end it too; it is timed once, by
   * whichever comes first.
   * @example
   * const stop = workflow.recordStepStart({ name: 'implement' }, context);
   */
  recordStepStart(step: WorkflowStep, context: WorkflowContext): () => number;
  recordStepStart(context: WorkflowContext, stepName: string): () => number;
  recordStepStart(...call: StepCall): () => number {
    const { stepName, context } = this.#stepOf(call, workflowStepDuration.name);
    const { id, workflow_type } = this.#given(context, workflowStepDuration.name);
    const steps = this.#runs.stepsOf(id, stepName);
    const work = newWork();
    steps?.start(work);
    return () => {
      const seconds = secondsSince(work.startedAt);
      if (!work.timed) {
        work.timed = true;
        this.#stepDuration({ step_name: stepName, workflow_type }, seconds);
        steps?.stopped(work);
      }
      return seconds;
    };
  }

  /** A step ends. @param seconds how long it took. Default: the time since its start, where that was recorded. */
  recordStepComplete(step: WorkflowStep, context: WorkflowContext, seconds?: number): void;
  recordStepComplete(context: WorkflowContext, stepName: string, seconds?: number): void;
  recordStepComplete(...[first, second, seconds]: [...StepCall, (number | undefined)?]): void {
    const { stepName, context } = this.#stepOf([first, second] as StepCall, workflowStepDuration.name);
    this.#endStep(this.#given(context, workflowStepDuration.name), stepName, seconds);
  }

  /** A step ends with an error: `workflow_step_errors_total` beside its duration, where its start was recorded. */
  recordStepError(step: WorkflowStep, context: WorkflowContext, error: unknown): void;
  recordStepError(context: WorkflowContext, stepName: string, error: unknown): void;
  recordStepError(...[first, second, error]: [...StepCall, error: unknown]): void {
    const { stepName, context } = this.#stepOf([first, second] as StepCall, workflowStepErrors.name);
    const run = this.#given(context, workflowStepErrors.name);
    this.#endStep(run, stepName, undefined);
    this.#stepErrors({
      step_name: stepName,
      workflow_type: run.workflow_type,
      error_type: errorName(error),
    });
  }

  /**
   * An issue ends: `issues_processed_total` and `issue_completion_duration_seconds`.
   * @param seconds how long it took. Default: the time of the run, where its start was recorded.
   */
  recordIssueProcessed(context: WorkflowContext, outcome: Outcome, seconds?: number): void {
    const { id, provider, platform, issue_type } = this.#given(context, issuesProcessed.name);
    const labels = { provider, platform, issue_type, outcome };
    this.#issues(labels);
    const time = seconds ?? this.#runs.secondsOf(id);
    if (time !== undefined) this.#issueDuration(labels, time);
  }

  /** Work is handed to a human: `escalations_total`. It ends no run. */
  recordEscalation<S extends string>(
    reason: string,
    // Any text, as it comes from outside, and of literals those of the set.
    severity: S & (string extends S ? unknown : Severity),
    context: Pick<WorkflowContext, 'workflowType'>,
  ): void {
    const { workflow_type } = this.#given(context, escalations.name);
    this.#escalations({ reason, severity: severity as Severity, workflow_type });
  }

  /** The tests of a change have run, in so many seconds. */
  recordTestExecution(testType: string, framework: string, seconds: number): void {
    this.#tests({ test_type: testType, framework }, seconds);
  }

  /** So many approvals of a kind wait for a human now. */
  setPendingApprovals(type: string, count: number): void {
    this.#approvals({ type }, count);
  }

  /** So many items wait in a queue now. */
  setQueueDepth(queueName: string, depth: number): void {
    this.#queues({ queue_name: queueName }, depth);
  }

  /** `false` where the run had ended before. */
  #end(context: WorkflowContext, seconds: number | undefined, outcome: Outcome): boolean {
    const { id, workflow_type, provider, platform } = this.#named(context, workflowsCompleted.name);
    const ended = this.#runs.end(id, this.#loops({ workflow_type }), seconds);
    if (ended === undefined) return false;
    this.#completed({ workflow_type, provider, platform, outcome });
    if (ended.seconds !== undefined) this.#duration({ workflow_type, provider, platform }, ended.seconds);
    return true;
  }

  #endStep({ id, workflow_type }: Run, step_name: string, seconds: number | undefined): void {
    const steps = this.#runs.stepsOf(id, step_name);
    const work = steps?.find();
    if (work !== undefined) {
      steps?.decided(work);
      if (work.timed) return;
      work.timed = true;
    }
    const time = seconds ?? (work === undefined ? undefined : secondsSince(work.startedAt));
    if (time !== undefined) this.#stepDuration({ step_name, workflow_type }, time);
  }

  /** The two orders of a step and its context: by the story's `(step, context)`, or by `(context, stepName)`. */
  #stepOf([first, second]: StepCall, metric: string): { stepName: string; context: WorkflowContext } {
    if (typeof second === 'string') return { stepName: second, context: first as WorkflowContext };
    const { name = '' } = givenObject(this.#registry, metric, 'step', first as WorkflowStep);
    return { stepName: name, context: second };
  }

  /** As `#given`, of a call that starts or ends a run: runs without an id cannot be told apart. */
  #named(context: Partial<WorkflowContext>, metric: string): Run {
    const run = this.#given(context, metric);
    const missing = run.id === '' ? 'workflowId' : run.workflow_type === '' ? 'workflowType' : undefined;
    if (missing !== undefined && typeof context === 'object' && context !== null) {
      recordingFailed(
        this.#registry,
        metric,
        metricsError(
          'ERR_METRICS_INVALID_VALUE',
          `Missing \`${missing}\` of a workflow on metric \`${metric}\`: expected { workflowId, workflowType, ... }, received ${shown(Object.keys(context))}. It was recorded without.`,
        ),
      );
    }
    return run;
  }

  /** The labels of a context; what is missing is an absent label. */
  #given(context: Partial<WorkflowContext>, metric: string): Run {
    const given = givenObject(this.#registry, metric, 'context', context);
    return {
      id: idOf(given.workflowId),
      workflow_type: given.workflowType ?? '',
      provider: given.provider ?? '',
      platform: given.platform ?? '',
      issue_type: given.issueType ?? '',
    };
  }
}

type StepCall = [step: WorkflowStep, context: WorkflowContext] | [context: WorkflowContext, stepName: string];

interface Run {
  readonly id: RunId;
  readonly workflow_type: string;
  readonly provider: string;
  readonly platform: string;
  readonly issue_type: string;
}

/** Anything but text, a number or an object identifies nothing. */
function idOf(id: unknown): RunId {
  if (typeof id === 'string' || (typeof id === 'object' && id !== null)) return id;
  return typeof id === 'number' ? String(id) : '';
}
