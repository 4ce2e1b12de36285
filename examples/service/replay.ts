/** Posts webhooks to the endpoints of the service, in a loop: 329 real payloads of GitHub, and some of GitLab. */
import { createRequire } from 'node:module';
import { setTimeout as elapsed } from 'node:timers/promises';
import { Webhooks } from '@octokit/webhooks';
import { Counted } from '@tamma/observability/decorators';

interface Example {
  readonly name: string;
  readonly payload: object;
}

export interface ReplayOptions {
  /** URL of the service. */
  readonly url: string;
  readonly secret: string;
  /** Webhooks per second. */
  readonly pace: number;
}

/** All payloads, in the order of the package: 329 of them. */
export function examplePayloads(): readonly Example[] {
  // A JSON module by `require`, since importing JSON is experimental on Node 20.
  const events = createRequire(import.meta.url)('@octokit/webhooks-examples') as readonly {
    name: string;
    examples: readonly object[];
  }[];
  return events.flatMap(({ name, examples }) => examples.map((payload) => ({ name, payload })));
}

/** Shortened payloads of GitLab: an issue, and the opening and the merge of a merge request. */
const gitlabPayloads: readonly object[] = [
  {
    object_kind: 'issue',
    project: { path_with_namespace: 'acme/app' },
    object_attributes: { action: 'open', title: 'The button does nothing' },
    labels: [{ title: 'bug' }],
  },
  {
    object_kind: 'merge_request',
    project: { path_with_namespace: 'acme/app' },
    object_attributes: {
      action: 'open',
      created_at: '2026-11-23T09:00:00Z',
      updated_at: '2026-11-23T09:00:00Z',
    },
  },
  {
    object_kind: 'merge_request',
    project: { path_with_namespace: 'acme/app' },
    object_attributes: {
      action: 'merge',
      created_at: '2026-11-23T09:00:00Z',
      updated_at: '2026-11-24T10:30:00Z',
    },
  },
];

/** One webhook of GitLab follows this number of webhooks of GitHub. */
const gitlabEvery = 10;

export class Replay {
  readonly #options: ReplayOptions;
  readonly #webhooks: Webhooks;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#webhooks = new Webhooks({ secret: options.secret });
  }

  /** Runs until the signal is aborted. It posts one webhook at a time, so a slow service slows it down. */
  async run(signal: AbortSignal): Promise<void> {
    const pause = 1_000 / this.#options.pace;
    let gitlab = 0;
    while (!signal.aborted) {
      for (const [index, example] of examplePayloads().entries()) {
        if (signal.aborted) return;
        // The metrics show a refused or lost webhook; the replay continues, as GitHub would.
        await Promise.allSettled([this.sendGitHub(example), elapsed(pause, undefined, { signal })]);
        if (index % gitlabEvery !== 0) continue;
        const payload = gitlabPayloads[gitlab++ % gitlabPayloads.length] ?? {};
        await Promise.allSettled([this.sendGitLab(payload), elapsed(pause, undefined, { signal })]);
      }
    }
  }

  /** Without a metric, `@Counted` counts in `method_calls_total` by class, method and outcome. */
  @Counted()
  private async sendGitHub({ name, payload }: Example): Promise<void> {
    const body = JSON.stringify(payload);
    const signature = await this.#webhooks.sign(body);
    await this.#post('github', body, { 'x-github-event': name, 'x-hub-signature-256': signature });
  }

  @Counted()
  private async sendGitLab(payload: object): Promise<void> {
    await this.#post('gitlab', JSON.stringify(payload), { 'x-gitlab-token': this.#options.secret });
  }

  async #post(platform: string, body: string, headers: Readonly<Record<string, string>>): Promise<void> {
    const response = await fetch(`${this.#options.url}/webhooks/${platform}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    await response.arrayBuffer();
  }
}
