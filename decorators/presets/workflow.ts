/** `@WorkflowRun` and `@WorkflowStep`: record a run of a workflow and its steps as `WorkflowMetrics` does. */
import {
  activeAutonomousLoops,
  errors,
  escalations,
  issueCompletionDuration,
  issuesProcessed,
  workflowCompletionDuration,
  workflowStepDuration,
  workflowStepErrors,
  workflowsCompleted,
  workflowsStarted,
} from '../../lib/catalogue/workflow.js';
import { escalationOf } from '../../lib/escalation.js';
import { secondsSince, startedAt } from '../../lib/instruments/stopwatch.js';
import { WorkflowMetrics } from '../../lib/recorders/workflow.js';
import type { WorkflowContext } from '../../lib/recorders/workflow-context.js';
import type { Call } from '../call.js';
import type { ExemplarOption } from '../exemplar-option.js';
import { getInstrumentation } from '../metadata.js';
import { checkParentheses, type DualModeMethodDecorator } from '../method-decorator.js';
import { type CallOf, checkFunctionOption, type DecoratorOptions } from '../metric-decorator.js';
import type { CallObserver } from '../observed-call.js';
import { classOf } from '../recording/class-settings.js';
import {
  absent,
  methodName,
  type Preset,
  type PresetLabels,
  type PresetOptions,
  presetDecorator,
} from './preset.js';

/** The options of `@WorkflowRun`. */
export interface WorkflowRunOptions<C extends Call>
  extends DecoratorOptions<C['instance']>,
    ExemplarOption<C> {
  /**
   * Label sources, read at the start of a run. Default: the labels of `@Instrumented`; without those, `workflow_type` is the
   * name of the class, and `provider` and `platform` are empty.
   */
  labels?: PresetLabels<'workflow_type' | 'provider' | 'platform', C>;
  /**
   * The type of the issue that the run works on, read at its end: `issues_processed_total` and
   * `issue_completion_duration_seconds` are recorded too. Default: the run works on no issue.
   */
  issueType?: (call: C) => string;
}

/**
 * Records each call of the method as a run of a workflow: `workflows_started_total`, `active_autonomous_loops`,
 * `workflows_completed_total` by outcome and `workflow_completion_duration_seconds`; for an escalation `escalations_total`,
 * with the reason and severity of the `EscalationError`; for a failure `errors_total`.
 * @throws at class definition ERR_METRICS_INVALID_DECORATION on anything but a method, ERR_METRICS_INVALID_OPTION,
 *   ERR_METRICS_DEFINITION_CONFLICT
 * @example
 * \@WorkflowRun({ labels: { workflow_type: 'issue', provider: 'claude', platform: 'github' }, issueType: ({ args: [issue] }) => issue.type })
 * async run(issue: Issue): Promise<void> { ... }
 */
export function WorkflowRun<This, Args extends unknown[], Result>(
  ...args: [options?: WorkflowRunOptions<CallOf<This, Args, Result>>]
): DualModeMethodDecorator<This, Args, Result> {
  checkParentheses('WorkflowRun', args);
  const [options = {}] = args;
  const { issueType } = (options ?? {}) as WorkflowRunOptions<Call>;
  checkFunctionOption('WorkflowRun', 'issueType', issueType);
  return presetDecorator(
    {
      decorator: 'WorkflowRun',
      definitions: [
        workflowsStarted,
        activeAutonomousLoops,
        workflowsCompleted,
        workflowCompletionDuration,
        escalations,
        errors,
        ...(issueType === undefined ? [] : [issuesProcessed, issueCompletionDuration]),
      ],
      labels: {
        workflow_type: (call, site) => site.className(call),
        provider: absent,
        platform: absent,
      },
      ownOptions: { issueType: true },
      recorderIn: (registry) => new WorkflowMetrics({ registry }),
      observer: (preset) => running(preset, issueType),
    },
    options as PresetOptions<never>,
  );
}

/** The state of a run between its start and its end. */
interface StartedRun {
  readonly recorder: WorkflowMetrics;
  readonly context: WorkflowContext;
  readonly startedAt: number;
}

function running(
  { recorderOf, label, read }: Preset<WorkflowMetrics>,
  issueType: WorkflowRunOptions<Call>['issueType'],
): CallObserver<StartedRun | undefined> {
  return {
    start: (call) => {
      const recorder = recorderOf(call)?.recorder;
      if (recorder === undefined) return undefined;
      const context = {
        // The call itself, which is unique.
        workflowId: call,
        workflowType: label('workflow_type', call),
        provider: label('provider', call),
        platform: label('platform', call),
      };
      recorder.recordWorkflowStart(context);
      return { recorder, context, startedAt: startedAt() };
    },
    end: (call, run) => {
      if (run === undefined) return;
      const { recorder, context } = run;
      if (call.abandoned) {
        recorder.recordWorkflowAbandoned(context);
        return;
      }
      const seconds = secondsSince(run.startedAt);
      if (call.outcome === 'success') recorder.recordWorkflowComplete(context, seconds);
      else recorder.recordWorkflowError(context, call.error, seconds);
      if (call.outcome === 'escalation') {
        const { reason, severity } = escalationOf(call.error);
        recorder.recordEscalation(reason, severity, context);
      }
      if (issueType === undefined) return;
      const type = read(issueType, call) ?? '';
      recorder.recordIssueProcessed({ ...context, issueType: type }, call.outcome, seconds);
    },
  };
}

/** The options of `@WorkflowStep`. */
export interface WorkflowStepOptions<C extends Call>
  extends DecoratorOptions<C['instance']>,
    ExemplarOption<C> {
  /**
   * Label sources, read at the start of a step. Default of `step_name`: the name of the method. Default of `workflow_type`:
   * the label of `@Instrumented`, else the value that a `@WorkflowRun` of the same class has, else the name of the class.
   */
  labels?: PresetLabels<'step_name' | 'workflow_type', C>;
}

/**
 * Records each call of the method as a step of a workflow: `workflow_step_duration_seconds`, and
 * `workflow_step_errors_total` by error type if it fails or escalates.
 * @param name value of the `step_name` label. Default: the name of the method.
 * @throws at class definition, as `WorkflowRun` does
 * @example
 * \@WorkflowStep('plan')
 * async plan(issue: Issue): Promise<Plan> { ... }
 */
export function WorkflowStep<This, Args extends unknown[], Result>(
  name?: string,
  options?: WorkflowStepOptions<CallOf<This, Args, Result>>,
): DualModeMethodDecorator<This, Args, Result>;
/** Records each call of the method as a step that is named after the method. */
export function WorkflowStep<This, Args extends unknown[], Result>(
  options?: WorkflowStepOptions<CallOf<This, Args, Result>>,
): DualModeMethodDecorator<This, Args, Result>;
export function WorkflowStep<This, Args extends unknown[], Result>(
  ...args: readonly unknown[]
): DualModeMethodDecorator<This, Args, Result> {
  checkParentheses('WorkflowStep', args);
  const [first, second] = args;
  const given = (typeof first === 'string' ? (second ?? {}) : (first ?? {})) as WorkflowStepOptions<Call>;
  const options =
    typeof first === 'string' ? { ...given, labels: { step_name: first, ...given.labels } } : given;
  const typeOfRun = runTypes();
  return presetDecorator(
    {
      decorator: 'WorkflowStep',
      definitions: [workflowStepDuration, workflowStepErrors],
      labels: {
        step_name: methodName,
        workflow_type: (call, site) => typeOfRun(call) ?? site.className(call),
      },
      ownOptions: {},
      recorderIn: (registry) => new WorkflowMetrics({ registry }),
      observer: stepping,
    },
    options as PresetOptions<never>,
  );
}

interface StartedStep {
  readonly recorder: WorkflowMetrics;
  readonly context: WorkflowContext;
  readonly name: string;
  readonly startedAt: number;
}

function stepping({ recorderOf, label }: Preset<WorkflowMetrics>): CallObserver<StartedStep | undefined> {
  return {
    start: (call) => {
      const recorder = recorderOf(call)?.recorder;
      if (recorder === undefined) return undefined;
      const context = { workflowId: call, workflowType: label('workflow_type', call) };
      return { recorder, context, name: label('step_name', call), startedAt: startedAt() };
    },
    end: (call, step) => {
      if (step === undefined || call.abandoned) return;
      const { recorder, context, name } = step;
      recorder.recordStepComplete(context, name, secondsSince(step.startedAt));
      if (call.outcome !== 'success') recorder.recordStepError(context, name, call.error);
    },
  };
}

/** Finds the `workflow_type` that a `@WorkflowRun` of the same class has as a fixed value. Cached per class. */
function runTypes(): (call: Call) => string | undefined {
  const known = new WeakMap<object, { readonly type: string | undefined }>();
  return (call) => {
    const owner = classOf(call);
    if (typeof owner !== 'function') return undefined;
    let found = known.get(owner);
    if (found === undefined) {
      const metrics = getInstrumentation(owner as never).flatMap((method) => method.metrics);
      const run = metrics.find(
        ({ decorator, staticLabels }) =>
          decorator === 'WorkflowRun' && staticLabels.workflow_type !== undefined,
      );
      found = { type: run?.staticLabels.workflow_type };
      known.set(owner, found);
    }
    return found.type;
  };
}
