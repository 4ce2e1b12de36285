/**
 * The git platform: a GitHub in this process, with latency, failures and a rate limit drawn from a seed. Each method is
 * one call of its API; `call` is the wire.
 */
import { setTimeout as elapsed } from 'node:timers/promises';
import { catalogue, sharedRegistry } from '@tamma/observability';
import { Counted, Timed, TracksGauge } from '@tamma/observability/decorators';
import type { Random } from './random.js';

export interface PullRequest {
  readonly repository: string;
  readonly number: number;
  readonly createdAt: Date;
}

export class PlatformError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

interface Answer {
  readonly status: number;
  readonly remaining: number;
}

const limit = { calls: 5_000, milliseconds: 60_000 };

/** A label source that all annotations share. Written apart from a method, a source says which calls it is for. */
const platform = ({ instance }: { readonly instance: GitHubPlatform }): string => instance.name;

export class GitHubPlatform {
  readonly name = 'github';
  readonly #random: Random;
  #pullRequests = 0;
  #remaining = limit.calls;
  #resetsAt = Date.now() + limit.milliseconds;

  constructor(random: Random) {
    this.#random = random;
    sharedRegistry.gauge(catalogue.platformRateLimitReset, {
      collect: (gauge) =>
        gauge.set({ platform: this.name }, Math.max(0, (this.#resetsAt - Date.now()) / 1_000)),
    });
  }

  async createBranch(repository: string, signal: AbortSignal): Promise<void> {
    await this.call('POST', `/repos/${repository}/git/refs`, signal);
  }

  // This GitHub sends no webhooks of its own, so a pull request opened here is not counted a second time there.
  @Counted(catalogue.prsCreated, {
    when: 'success',
    labels: { platform, repository: ({ args: [repository] }) => repository },
  })
  async openPullRequest(repository: string, signal: AbortSignal): Promise<PullRequest> {
    await this.call('POST', `/repos/${repository}/pulls`, signal);
    return { repository, number: ++this.#pullRequests, createdAt: new Date() };
  }

  /** Calls under way are approvals pending: the gauge goes up while it waits for its human. */
  @TracksGauge(catalogue.pendingApprovals, { labels: { type: 'merge' } })
  async awaitApproval(_pullRequest: PullRequest, signal: AbortSignal): Promise<void> {
    await elapsed(this.#random.between(50, 300), undefined, { signal });
  }

  @Counted(catalogue.prsMerged, {
    when: 'success',
    labels: {
      platform,
      repository: ({ args: [{ repository }] }) => repository,
    },
  })
  async mergePullRequest({ repository, number, createdAt }: PullRequest, signal: AbortSignal): Promise<void> {
    await this.call('PUT', `/repos/${repository}/pulls/${number}/merge`, signal);
    // By hand: `@Timed` observes the length of a call, this is the age of its argument.
    const hours = (Date.now() - createdAt.getTime()) / 3_600_000;
    sharedRegistry.histogram(catalogue.prLifetime).observe({ platform: this.name, repository }, hours);
  }

  @Timed(catalogue.apiRequestDuration, {
    labels: {
      service: 'github',
      platform,
      method: ({ args: [method] }) => method,
    },
  })
  @Counted(catalogue.apiRequests, {
    labels: {
      service: 'github',
      platform,
      method: ({ args: [method] }) => method,
      status_code: ({ result, error }) =>
        result?.status ?? (error instanceof PlatformError ? error.status : 0),
    },
  })
  @Counted(catalogue.platformRateLimits, {
    labels: { platform },
    value: ({ error }) => (error instanceof PlatformError && error.status === 429 ? 1 : undefined),
  })
  @TracksGauge(catalogue.platformRateLimitRemaining, {
    labels: { platform, resource: 'core' },
    set: ({ result }) => result?.remaining,
  })
  private async call(method: 'POST' | 'PUT', path: string, signal: AbortSignal): Promise<Answer> {
    await elapsed(this.#random.between(3, 40), undefined, { signal });
    if (this.#resetsAt <= Date.now()) {
      this.#remaining = limit.calls;
      this.#resetsAt = Date.now() + limit.milliseconds;
    }
    if (this.#remaining === 0 || this.#random.chance(0.03))
      throw new PlatformError(429, `${method} ${path}: rate limited`);
    this.#remaining -= 1;
    if (this.#random.chance(0.02)) throw new PlatformError(502, `${method} ${path}: bad gateway`);
    return { status: method === 'POST' ? 201 : 200, remaining: this.#remaining };
  }
}
