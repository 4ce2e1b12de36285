/** The interface of a git platform, implemented by `github.ts` and `gitlab.ts`. */

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
