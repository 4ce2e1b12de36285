/** GitLab, through `fetch`, without an SDK. */
import { Instrumented, PlatformRequest } from '@tamma/observability/decorators';
import type { GitPlatform, PullRequest } from './git-platform.js';

export class GitLabError extends Error {
  constructor(
    readonly status: number,
    path: string,
  ) {
    super(`GitLab answered ${status} to ${path}`);
  }
}

@Instrumented({ labels: { platform: 'gitlab', method: 'POST' } })
export class GitLab implements GitPlatform {
  readonly name = 'gitlab';
  readonly #url: string;

  /** @param url URL of the instance, such as `https://gitlab.com` */
  constructor(url: string) {
    this.#url = url;
  }

  @PlatformRequest()
  async createBranch(repository: string, signal: AbortSignal): Promise<void> {
    await this.#call('POST', repository, 'repository/branches?branch=tamma&ref=main', signal);
  }

  @PlatformRequest({
    labels: { repository: ({ args: [repository] }) => repository },
    effect: 'pr_created',
  })
  async openPullRequest(repository: string, signal: AbortSignal): Promise<PullRequest> {
    const { iid, created_at } = await this.#call('POST', repository, 'merge_requests', signal);
    return { repository, number: iid, createdAt: new Date(created_at) };
  }

  @PlatformRequest({
    labels: { method: 'PUT', repository: ({ args: [{ repository }] }) => repository },
    effect: 'pr_merged',
    lifetime: ({ args: [{ createdAt }] }) => ({ createdAt }),
  })
  async mergePullRequest({ repository, number }: PullRequest, signal: AbortSignal): Promise<void> {
    await this.#call('PUT', repository, `merge_requests/${number}/merge`, signal);
  }

  async #call(
    method: 'POST' | 'PUT',
    repository: string,
    path: string,
    signal: AbortSignal,
  ): Promise<{ iid: number; created_at: string }> {
    const response = await fetch(`${this.#url}/api/v4/projects/${encodeURIComponent(repository)}/${path}`, {
      method,
      signal,
    });
    const body = await response.text();
    if (!response.ok) throw new GitLabError(response.status, path);
    return JSON.parse(body);
  }
}
