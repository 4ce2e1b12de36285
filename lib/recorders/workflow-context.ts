/** Reads the arguments of `WorkflowMetrics`. A missing or invalid argument is reported, and the event is recorded without it. */
import { givenObject, recordingFailed } from '../contained.js';
import { metricsError, shown } from '../errors.js';
import type { AnyRegistry } from '../registry.js';
import type { RunId } from './workflow-runs.js';

/** One run of a workflow. */
export interface WorkflowContext {
  /** Identifies the run, so that its start and end can be matched: a text, a number, or an object of the run's own. */
  readonly workflowId: string | number | object;
  /** Type of the workflow: the label `workflow_type`. */
  readonly workflowType: string;
  /** AI provider that the run uses. Default: an absent label. */
  readonly provider?: string | undefined;
  /** Git platform that the run works on. Default: an absent label. */
  readonly platform?: string | undefined;
  /** Type of the issue that the run works on. Default: an absent label. */
  readonly issueType?: string | undefined;
}

/** One step of a workflow; other properties are ignored. */
export interface WorkflowStep {
  /** The label `step_name`. */
  readonly name: string;
}

/** Both orders of a step and its context. */
export type StepCall =
  | [step: WorkflowStep, context: WorkflowContext]
  | [context: WorkflowContext, stepName: string];

/** The id and the labels of a run. */
export interface Run {
  readonly id: RunId;
  readonly workflow_type: string;
  readonly provider: string;
  readonly platform: string;
  readonly issue_type: string;
}

/** The step name and the context of a call in either order. */
export function stepOf(
  registry: AnyRegistry,
  [first, second]: StepCall,
  metric: string,
): { readonly stepName: string; readonly context: WorkflowContext } {
  if (typeof second === 'string') return { stepName: second, context: first as WorkflowContext };
  const { name = '' } = givenObject(registry, metric, 'step', first as WorkflowStep);
  return { stepName: name, context: second };
}

/** As `runOf`, and reports a missing id or type: runs without an id cannot be told apart. */
export function identifiedRunOf(
  registry: AnyRegistry,
  context: Partial<WorkflowContext>,
  metric: string,
): Run {
  const run = runOf(registry, context, metric);
  const missing = run.id === '' ? 'workflowId' : run.workflow_type === '' ? 'workflowType' : undefined;
  if (missing !== undefined && typeof context === 'object' && context !== null) {
    recordingFailed(
      registry,
      metric,
      metricsError(
        'ERR_METRICS_INVALID_VALUE',
        `Missing \`${missing}\` of a workflow on metric \`${metric}\`: expected { workflowId, workflowType, ... }, received ${shown(Object.keys(context))}. It was recorded without.`,
      ),
    );
  }
  return run;
}

/** The id and the labels of a context; a missing property is an absent label. */
export function runOf(registry: AnyRegistry, context: Partial<WorkflowContext>, metric: string): Run {
  const given = givenObject(registry, metric, 'context', context);
  return {
    id: idOf(given.workflowId),
    workflow_type: given.workflowType ?? '',
    provider: given.provider ?? '',
    platform: given.platform ?? '',
    issue_type: given.issueType ?? '',
  };
}

/** Only a text, a number or an object identifies a run. */
function idOf(id: unknown): RunId {
  if (typeof id === 'string' || (typeof id === 'object' && id !== null)) return id;
  return typeof id === 'number' ? String(id) : '';
}
