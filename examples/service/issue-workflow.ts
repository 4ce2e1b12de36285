/** The work on an issue, from the plan to the merged pull request. Decorators record it; the methods contain no code for metrics. */
import { setTimeout as elapsed } from 'node:timers/promises';
import { catalogue, EscalationError } from '@tamma/observability';
import { Timed, TracksGauge, WorkflowRun, WorkflowStep } from '@tamma/observability/decorators';
import type { AiProvider } from './ai-provider.js';
import type { GitPlatform, PullRequest } from './git-platform.js';
import type { Random } from './random.js';

export interface Issue {
  readonly repository: string;
  readonly title: string;
  /** The label of the issue, such as `bug` or `feature`. */
  readonly type: string;
}

export class TestsFailedError extends Error {}

export class IssueWorkflow {
  readonly ai: AiProvider;
  readonly platform: GitPlatform;
  readonly #random: Random;

  constructor(ai: AiProvider, platform: GitPlatform, random: Random) {
    this.ai = ai;
    this.platform = platform;
    this.#random = random;
  }

  /** @throws EscalationError, which ends the run as `escalation`; any other error ends it as `failure` */
  @WorkflowRun({
    labels: {
      workflow_type: 'issue',
      provider: ({ instance }) => instance.ai.name,
      platform: ({ instance }) => instance.platform.name,
    },
    // Also counts and times the issue.
    issueType: ({ args: [issue] }) => issue.type,
  })
  async run(issue: Issue, signal: AbortSignal): Promise<void> {
    await this.plan(issue, signal);
    await this.implement(issue, signal);
    await this.runTests(signal);
    const pullRequest = await this.review(issue, signal);
    await this.merge(pullRequest, signal);
  }

  // A step has the name of its method, and belongs to the run in progress.
  @WorkflowStep()
  private async plan(issue: Issue, signal: AbortSignal): Promise<void> {
    await this.#ask('plan', `Plan the work on: ${issue.title}`, signal);
  }

  @WorkflowStep()
  private async implement(issue: Issue, signal: AbortSignal): Promise<void> {
    await this.platform.createBranch(issue.repository, signal);
    await this.#ask('implement', `Write the change for: ${issue.title}`, signal);
  }

  // Presets and other decorators can be combined.
  @WorkflowStep('test')
  @Timed(catalogue.testExecutionDuration, { labels: { test_type: 'unit', framework: 'ava' } })
  private async runTests(signal: AbortSignal): Promise<void> {
    await elapsed(this.#random.between(20, 120), undefined, { signal });
    if (this.#random.chance(0.002)) throw new TestsFailedError('2 of 48 tests failed');
  }

  @WorkflowStep()
  private async review(issue: Issue, signal: AbortSignal): Promise<PullRequest> {
    const pullRequest = await this.platform.openPullRequest(issue.repository, signal);
    const text = await this.#ask('review', `Review the change for: ${issue.title}`, signal);
    // A human has to decide.
    if (text.includes('unsure')) {
      throw new EscalationError(`the review of #${pullRequest.number} is unsure`, {
        reason: 'low_confidence',
        severity: 'medium',
      });
    }
    return pullRequest;
  }

  @WorkflowStep()
  private async merge(pullRequest: PullRequest, signal: AbortSignal): Promise<void> {
    await this.awaitApproval(signal);
    await this.platform.mergePullRequest(pullRequest, signal);
  }

  /** The gauge is the number of calls in progress, which are the pending approvals. */
  @TracksGauge(catalogue.pendingApprovals, { labels: { type: 'merge' } })
  private async awaitApproval(signal: AbortSignal): Promise<void> {
    await elapsed(this.#random.between(50, 300), undefined, { signal });
  }

  #ask(operation: string, prompt: string, signal: AbortSignal): Promise<string> {
    const { models } = this.ai;
    const model = models[this.#random.between(0, models.length - 1)] ?? models[0];
    return this.ai.answer({ model, operation, prompt }, signal);
  }
}
