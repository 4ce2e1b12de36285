/**
 * Presets that must and must not compile, in both decorator modes. Nothing here is executed; an unused
 * `@ts-expect-error` is an error.
 */
import { expectTypeOf } from 'expect-type';
import {
  anthropicUsage,
  PlatformRequest,
  ProviderRequest,
  WorkflowRun,
  WorkflowStep,
} from '../../decorators/index.js';
import type { ProviderMetrics } from '../../lib/recorders/provider.js';
import type { WorkflowMetrics } from '../../lib/recorders/workflow.js';

interface Issue {
  readonly type: string;
}
interface Reply {
  readonly tokens: { readonly input: number; readonly output: number };
}

export class Accepted {
  readonly name = 'claude';

  @WorkflowRun({
    labels: { workflow_type: 'issue', provider: ({ instance }) => instance.name },
    issueType: (call) => {
      expectTypeOf(call.args).toEqualTypeOf<[Issue]>();
      return call.args[0].type;
    },
  })
  async run(_issue: Issue): Promise<void> {}

  @WorkflowStep('plan', { labels: { workflow_type: ({ args: [issue] }) => issue.type } })
  async plan(_issue: Issue): Promise<void> {}

  @WorkflowStep()
  bare(): void {}

  @ProviderRequest({
    usage: (call) => {
      expectTypeOf(call.result).toEqualTypeOf<Reply | undefined>();
      return call.result?.tokens;
    },
    retry: ({ args: [, attempt] }) => (attempt > 1 ? 'overload' : undefined),
    prices: { large: { input: 1, output: 2 } },
  })
  async ask(_model: string, _attempt: number): Promise<Reply> {
    return { tokens: { input: 1, output: 1 } };
  }

  @ProviderRequest({ usage: anthropicUsage })
  async *stream(): AsyncGenerator<string> {
    yield '';
  }

  @PlatformRequest({
    labels: { repository: ({ args: [repository] }) => repository },
    effect: 'pr_merged',
    lifetime: ({ args: [, createdAt] }) => ({ createdAt }),
    status: ({ result }) => result?.status,
  })
  async merge(_repository: string, _createdAt: Date): Promise<{ status: number }> {
    return { status: 200 };
  }
}

export class Rejected {
  // @ts-expect-error: `workflowtype` is not a label of a run.
  @WorkflowRun({ labels: { workflowtype: 'issue' } })
  misspelt(): void {}

  // @ts-expect-error: a label is a string, a number or a boolean.
  @WorkflowStep({ labels: { step_name: () => ({}) } })
  noText(): void {}

  // @ts-expect-error: the first argument has no `type`.
  @WorkflowRun({ issueType: ({ args: [issue] }) => issue.type })
  otherArguments(_issue: { kind: string }): void {}

  // @ts-expect-error: a price also needs `output`.
  @ProviderRequest({ prices: { large: { input: 1 } } })
  halfPriced(): void {}

  // @ts-expect-error: usage consists of numbers.
  @ProviderRequest({ usage: () => ({ input: 'many' }) })
  noNumbers(): void {}

  // @ts-expect-error: `pr_closed` is not an effect.
  @PlatformRequest({ effect: 'pr_closed' })
  noEffect(): void {}
}

export function recorders(workflow: WorkflowMetrics, provider: ProviderMetrics): void {
  const context = { workflowId: '1', workflowType: 'issue' };
  expectTypeOf(workflow.recordStepStart(context, 'plan')).toEqualTypeOf<() => number>();
  workflow.recordEscalation('unsure', 'high', context);
  // @ts-expect-error: a severity is one of four.
  workflow.recordEscalation('unsure', 'urgent', context);
  // @ts-expect-error: an outcome is one of three.
  workflow.recordIssueProcessed(context, 'done');
  // @ts-expect-error: a run needs an id.
  workflow.recordWorkflowStart({ workflowType: 'issue' });
  // @ts-expect-error: tokens are numbers.
  provider.recordTokenUsage('claude', 'large', '1', 2);
}
