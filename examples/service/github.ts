/** GitHub, through Octokit. */
import { PlatformRequest } from '@tamma/observability/decorators';
import { Octokit } from 'octokit';
import type { GitPlatform, PullRequest } from './git-platform.js';

export class GitHub implements GitPlatform {
  readonly name = 'github';
  readonly #octokit: Octokit;

  /** @param baseUrl URL of the API. Default: https://api.github.com */
  constructor(baseUrl?: string) {
    this.#octokit = new Octokit({
      ...(baseUrl === undefined ? {} : { baseUrl }),
      // One retry, after a short delay; `instrumentFetch` records both attempts.
      retry: { retries: 1, retryAfterBaseValue: 50 },
      throttle: { enabled: false },
      log: { debug: silent, info: silent, warn: silent, error: silent },
    });
  }

  // `instrumentFetch` counts and times the HTTP requests, with the labels of this decorator.
  @PlatformRequest({ labels: { platform: 'github', method: 'POST' } })
  async createBranch(repository: string, signal: AbortSignal): Promise<void> {
    await this.#octokit.rest.git.createRef({
      ...named(repository),
      ref: `refs/heads/tamma-${Date.now()}`,
      sha: '0'.repeat(40),
      request: { signal },
    });
  }

  // The effect of a successful request is counted by repository. A service that also receives a webhook for the effect of its own
  // requests would count it twice; the sandbox sends no such webhooks.
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
