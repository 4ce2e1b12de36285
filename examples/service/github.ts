/** GitHub, through octokit. */
import { PlatformRequest } from '@tamma/observability/decorators';
import { Octokit } from 'octokit';
import type { GitPlatform, PullRequest } from './git-platform.js';

export class GitHub implements GitPlatform {
  readonly name = 'github';
  readonly #octokit: Octokit;

  /** @param baseUrl where its API is. Default: api.github.com */
  constructor(baseUrl?: string) {
    this.#octokit = new Octokit({
      ...(baseUrl === undefined ? {} : { baseUrl }),
      // What fails is tried once again, soon; `instrumentFetch` sees both.
      retry: { retries: 1, retryAfterBaseValue: 50 },
      throttle: { enabled: false },
      log: { debug: silent, info: silent, warn: silent, error: silent },
    });
  }

  // With `instrumentFetch` on, the wire counts and times what goes over it, under the names that stand here.
  @PlatformRequest({ labels: { platform: 'github', method: 'POST' } })
  async createBranch(repository: string, signal: AbortSignal): Promise<void> {
    await this.#octokit.rest.git.createRef({
      ...named(repository),
      ref: `refs/heads/tamma-${Date.now()}`,
      sha: '0'.repeat(40),
      request: { signal },
    });
  }

  // A request that succeeds brings something about, which is counted by repository. (Webhooks may tell of it too: this
  // GitHub sends none for what is done through its API, so nothing is counted twice here.)
  @PlatformRequest({
    labels: { platform: 'github', method: 'POST', repository: ({ args: [repository] }) => repository },
    effect: 'pr_created',
  })
  async openPullRequest(repository: string, signal: AbortSignal): Promise<PullRequest> {
    const { data } = await this.#octokit.rest.pulls.create({
      ...named(repository),
      head: 'tamma',
      base: 'main',
      title: 'A change',
      request: { signal },
    });
    return { repository, number: data.number, createdAt: new Date(data.created_at) };
  }

  @PlatformRequest({
    labels: { platform: 'github', method: 'PUT', repository: ({ args: [{ repository }] }) => repository },
    effect: 'pr_merged',
    lifetime: ({ args: [{ createdAt }] }) => ({ createdAt }),
  })
  async mergePullRequest({ repository, number }: PullRequest, signal: AbortSignal): Promise<void> {
    await this.#octokit.rest.pulls.merge({ ...named(repository), pull_number: number, request: { signal } });
  }
}

function named(repository: string): { owner: string; repo: string } {
  const [owner = '', repo = ''] = repository.split('/');
  return { owner, repo };
}

function silent(): void {}
