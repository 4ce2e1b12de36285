/** Posts the real payloads of @octokit/webhooks-examples to the service's own endpoint, round and round. */

import { createRequire } from 'node:module';
import { setTimeout as elapsed } from 'node:timers/promises';
import { Webhooks } from '@octokit/webhooks';
import { Counted } from '@tamma/observability/decorators';

interface Example {
  readonly name: string;
  readonly payload: object;
}

export interface ReplayOptions {
  /** Where to post to. */
  readonly url: string;
  readonly secret: string;
  /** Webhooks a second. */
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

export class Replay {
  readonly #options: ReplayOptions;
  readonly #webhooks: Webhooks;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#webhooks = new Webhooks({ secret: options.secret });
  }

  /** Goes on until the signal aborts. One webhook at a time: a slow service slows the replay down. */
  async run(signal: AbortSignal): Promise<void> {
    const pause = 1_000 / this.#options.pace;
    while (!signal.aborted) {
      for (const example of examplePayloads()) {
        if (signal.aborted) return;
        // A webhook that is refused or lost is seen in the metrics; the replay goes on as GitHub would.
        await Promise.allSettled([this.send(example, signal), elapsed(pause, undefined, { signal })]);
      }
    }
  }

  /** Without a metric, `@Counted` counts in `method_calls_total` by class, method and outcome. */
  @Counted()
  private async send({ name, payload }: Example, signal: AbortSignal): Promise<number> {
    const body = JSON.stringify(payload);
    const headers = {
      'content-type': 'application/json',
      'x-github-event': name,
      'x-hub-signature-256': await this.#webhooks.sign(body),
    };
    const response = await fetch(this.#options.url, { method: 'POST', headers, body, signal });
    await response.arrayBuffer();
    return response.status;
  }
}
