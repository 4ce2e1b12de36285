/** What the workflow wants of a git platform: `github.ts` is one, `gitlab.ts` another. */

export interface PullRequest {
  readonly repository: string;
  readonly number: number;
  readonly createdAt: Date;
}

export interface GitPlatform {
  /** Value of the `platform` label. */
  readonly name: string;
  createBranch(repository: string, signal: AbortSignal): Promise<void>;
  openPullRequest(repository: string, signal: AbortSignal): Promise<PullRequest>;
  mergePullRequest(pullRequest: PullRequest, signal: AbortSignal): Promise<void>;
}
