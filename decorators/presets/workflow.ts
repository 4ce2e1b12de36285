/** `@WorkflowRun` and `@WorkflowStep`: everything that `WorkflowMetrics` records of a run and its steps. */
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
import { getInstrumentation } from '../metadata.js';
import { checkParentheses, type DualModeMethodDecorator } from '../method-decorator.js';
import { type CallOf, type CommonOptions, checkFunctionOption } from '../metric-decorator.js';
import type { CallObserver } from '../observed-call.js';
import { classOf } from '../recording/class-settings.js';
import { methodName, type Preset, type PresetLabels, presetDecorator } from './preset.js';

export interface WorkflowRunOptions<C extends Call> extends CommonOptions<C['instance']> {
  /**
   * Sources, read at the start of a run. What is left out is taken from `@Instrumented({ labels })`; where that says nothing,
   * `workflow_type` is the name of the class, and `provider` and `platform` are absent.
   */
  labels?: PresetLabels<'workflow_type' | 'provider' | 'platform', C>;
  /** The run is the work on an issue of this kind: `issues_processed_total` and its duration are recorded too. */
  issueType?: (call: C) => string;
}

/**
 * A call of the method is a run of a workflow: `workflows_started_total`, `active_autonomous_loops` while it runs,
 * `workflows_completed_total` by outcome, `workflow_completion_duration_seconds`; on an escalation `escalations_total`, with
 * the reason and severity of the `EscalationError`; on a failure `errors_total`.
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
      ownOptions: ['issueType'],
      recorderIn: (registry) => new WorkflowMetrics({ registry }),
      observer: (preset) => running(preset, issueType),
    },
    options as CommonOptions<never>,
  );
}

/** What is kept of a run between its start and its end. */
interface Run {
  readonly recorder: WorkflowMetrics;
  readonly context: WorkflowContext;
  readonly startedAt: number;
}

function running(
  { recorderOf, label, read }: Preset<WorkflowMetrics>,
  issueType: WorkflowRunOptions<Call>['issueType'],
): CallObserver {
  return {
    start: (call): Run | undefined => {
      const recorder = recorderOf(call)?.recorder;
      if (recorder === undefined) return undefined;
      const context = {
        // The call itself: no other run is known by it.
        workflowId: call,
        workflowType: label('workflow_type', call),
        provider: label('provider', call),
        platform: label('platform', call),
      };
      recorder.recordWorkflowStart(context);
      return { recorder, context, startedAt: startedAt() };
    },
    end: (call, started) => {
      if (started === undefined) return;
      const { recorder, context, startedAt: start } = started as Run;
      if (call.abandoned) {
        recorder.recordWorkflowAbandoned(context);
        return;
      }
      const seconds = secondsSince(start);
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

export interface WorkflowStepOptions<C extends Call> extends CommonOptions<C['instance']> {
  /**
   * Where `workflow_type` is left out it is taken from `@Instrumented({ labels })`, then from a `@WorkflowRun` of the same class
   * that gives it as a value; else it is the name of the class. `step_name` is the name of the method.
   */
  labels?: PresetLabels<'step_name' | 'workflow_type', C>;
}

/**
 * A call of the method is a step of a workflow: `workflow_step_duration_seconds`, and `workflow_step_errors_total` by error
 * where it fails or escalates. Throws as `WorkflowRun` does.
 * @param name value of the `step_name` label. Default: the name of the method.
 * @example
 * \@WorkflowStep('plan')
 * async plan(issue: Issue): Promise<Plan> { ... }
 */
export function WorkflowStep<This, Args extends unknown[], Result>(
  name?: string,
  options?: WorkflowStepOptions<CallOf<This, Args, Result>>,
): DualModeMethodDecorator<This, Args, Result>;
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
      ownOptions: [],
      recorderIn: (registry) => new WorkflowMetrics({ registry }),
      observer: stepping,
    },
    options as CommonOptions<never>,
  );
}

interface Step {
  readonly recorder: WorkflowMetrics;
  readonly context: WorkflowContext;
  readonly name: string;
  readonly startedAt: number;
}

function stepping({ recorderOf, label }: Preset<WorkflowMetrics>): CallObserver {
  return {
    start: (call): Step | undefined => {
      const recorder = recorderOf(call)?.recorder;
      if (recorder === undefined) return undefined;
      const context = { workflowId: call, workflowType: label('workflow_type', call) };
      return { recorder, context, name: label('step_name', call), startedAt: startedAt() };
    },
    end: (call, started) => {
      if (started === undefined || call.abandoned) return;
      const { recorder, context, name, startedAt: start } = started as Step;
      recorder.recordStepComplete(context, name, secondsSince(start));
      if (call.outcome !== 'success') recorder.recordStepError(context, name, call.error);
    },
  };
}

/** Finds the type that a `@WorkflowRun` of the same class gives as a value; classes are few, and looked at once each. */
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

function absent(): string {
  return '';
}
