/**
 * One issue from plan to merged pull request. What is measured stands above each method; the methods hold none of it.
 */
import { setTimeout as elapsed } from 'node:timers/promises';
import { catalogue, EscalationError } from '@tamma/observability';
import { Counted, errorType, outcome, Timed, TracksGauge } from '@tamma/observability/decorators';
import type { AiProvider } from './ai-provider.js';
import type { GitHubPlatform, PullRequest } from './github-platform.js';
import type { Random } from './random.js';

export interface Issue {
  readonly repository: string;
  readonly title: string;
  /** `bug`, `feature` or what else its label says. */
  readonly type: string;
}

/** The change is not good enough to go on with, and no machine can tell why. */
export class LowConfidenceError extends EscalationError {
  override readonly reason = 'low_confidence';
}

export class TestsFailedError extends Error {}

const workflow_type = 'issue';

/** Label sources that several annotations share. Written apart from a method, a source says which calls it is for. */
interface WorkflowCall {
  readonly instance: IssueWorkflow;
  readonly args: readonly [issue: Issue, ...others: unknown[]];
}
const provider = ({ instance }: WorkflowCall): string => instance.ai.name;
const platform = ({ instance }: WorkflowCall): string => instance.platform.name;
const issue_type = ({ args: [issue] }: WorkflowCall): string => issue.type;

export class IssueWorkflow {
  readonly ai: AiProvider;
  readonly platform: GitHubPlatform;
  readonly #random: Random;

  constructor(ai: AiProvider, platform: GitHubPlatform, random: Random) {
    this.ai = ai;
    this.platform = platform;
    this.#random = random;
  }

  /** @throws LowConfidenceError, which ends the run as `escalation`; whatever else is thrown ends it as `failure` */
  @TracksGauge(catalogue.activeAutonomousLoops, { labels: { workflow_type } })
  @Counted(catalogue.workflowsStarted, { when: 'called', labels: { workflow_type, provider, platform } })
  @Counted(catalogue.workflowsCompleted, { labels: { workflow_type, provider, platform, outcome } })
  @Timed(catalogue.workflowCompletionDuration, { labels: { workflow_type, provider, platform } })
  @Counted(catalogue.issuesProcessed, { labels: { provider, platform, issue_type, outcome } })
  @Timed(catalogue.issueCompletionDuration, { labels: { provider, platform, issue_type, outcome } })
  @Counted(catalogue.escalations, {
    labels: {
      reason: ({ error }) => (error instanceof LowConfidenceError ? error.reason : 'unknown'),
      severity: 'medium',
      workflow_type,
    },
    value: (call) => (call.outcome === 'escalation' ? 1 : undefined),
  })
  @Counted(catalogue.errors, {
    labels: { error_type: errorType, severity: 'high', component: 'issue-workflow' },
    value: (call) => (call.outcome === 'failure' ? 1 : undefined),
  })
  async run(issue: Issue, signal: AbortSignal): Promise<void> {
    await this.plan(issue, signal);
    await this.implement(issue, signal);
    await this.runTests(signal);
    const pullRequest = await this.review(issue, signal);
    await this.merge(pullRequest, signal);
  }

  @Timed(catalogue.workflowStepDuration, { labels: { step_name: 'plan', workflow_type } })
  @Counted(catalogue.workflowStepErrors, {
    when: 'failure',
    labels: { step_name: 'plan', workflow_type, error_type: errorType },
  })
  private async plan(issue: Issue, signal: AbortSignal): Promise<void> {
    await this.ai.complete(
      { model: this.#model(), operation: 'plan', prompt: `Plan the work on: ${issue.title}` },
      signal,
    );
  }

  @Timed(catalogue.workflowStepDuration, { labels: { step_name: 'implement', workflow_type } })
  @Counted(catalogue.workflowStepErrors, {
    when: 'failure',
    labels: { step_name: 'implement', workflow_type, error_type: errorType },
  })
  private async implement(issue: Issue, signal: AbortSignal): Promise<void> {
    await this.platform.createBranch(issue.repository, signal);
    await this.ai.complete(
      { model: this.#model(), operation: 'implement', prompt: `Write the change for: ${issue.title}` },
      signal,
    );
  }

  @Timed(catalogue.testExecutionDuration, { labels: { test_type: 'unit', framework: 'ava' } })
  @Timed(catalogue.workflowStepDuration, { labels: { step_name: 'test', workflow_type } })
  @Counted(catalogue.workflowStepErrors, {
    when: 'failure',
    labels: { step_name: 'test', workflow_type, error_type: errorType },
  })
  private async runTests(signal: AbortSignal): Promise<void> {
    await elapsed(this.#random.between(20, 120), undefined, { signal });
    if (this.#random.chance(0.12)) throw new TestsFailedError('2 of 48 tests failed');
  }

  @Timed(catalogue.workflowStepDuration, { labels: { step_name: 'review', workflow_type } })
  @Counted(catalogue.workflowStepErrors, {
    when: 'failure',
    labels: { step_name: 'review', workflow_type, error_type: errorType },
  })
  private async review(issue: Issue, signal: AbortSignal): Promise<PullRequest> {
    const pullRequest = await this.platform.openPullRequest(issue.repository, signal);
    const { text } = await this.ai.complete(
      { model: this.#model(), operation: 'review', prompt: `Review the change for: ${issue.title}` },
      signal,
    );
    if (text.includes('unsure'))
      throw new LowConfidenceError(`the review of #${pullRequest.number} is unsure`);
    return pullRequest;
  }

  @Timed(catalogue.workflowStepDuration, { labels: { step_name: 'merge', workflow_type } })
  @Counted(catalogue.workflowStepErrors, {
    when: 'failure',
    labels: { step_name: 'merge', workflow_type, error_type: errorType },
  })
  private async merge(pullRequest: PullRequest, signal: AbortSignal): Promise<void> {
    await this.platform.awaitApproval(pullRequest, signal);
    await this.platform.mergePullRequest(pullRequest, signal);
  }

  #model(): string {
    const { models } = this.ai;
    return models[this.#random.between(0, models.length - 1)] ?? models[0];
  }
}
