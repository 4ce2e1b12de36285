/**
 * The world outside, on ports of this machine: the service talks to it with the real SDKs over real HTTP, as it would to
 * api.anthropic.com, api.openai.com, api.github.com and gitlab.com.
 */
import type { HostTable } from '@tamma/observability';
import type { Random } from '../random.js';
import { anthropicApi, openaiApi } from './ai-apis.js';
import { startApi } from './api.js';
import type { Conduct } from './conduct.js';
import { githubApi, gitlabApi } from './git-apis.js';

export interface Sandbox {
  readonly anthropic: string;
  readonly openai: string;
  readonly github: string;
  readonly gitlab: string;
  /** Who answers at which host, for `instrumentFetch`, which knows the real ones by itself. */
  readonly hosts: HostTable;
  close(): Promise<void>;
}

export async function startSandbox(random: Random, conduct: Conduct): Promise<Sandbox> {
  const [anthropic, openai, github, gitlab] = await Promise.all([
    startApi(anthropicApi(random, conduct)),
    startApi(openaiApi(random, conduct)),
    startApi(githubApi(random, conduct)),
    startApi(gitlabApi(random, conduct)),
  ]);
  return {
    anthropic: anthropic.url,
    openai: openai.url,
    github: github.url,
    gitlab: gitlab.url,
    hosts: {
      [new URL(anthropic.url).host]: { service: 'anthropic', provider: 'anthropic' },
      [new URL(openai.url).host]: { service: 'openai', provider: 'openai' },
      [new URL(github.url).host]: { service: 'github', platform: 'github' },
      [new URL(gitlab.url).host]: { service: 'gitlab', platform: 'gitlab' },
    },
    close: async () => {
      await Promise.all([anthropic, openai, github, gitlab].map((api) => api.close()));
    },
  };
}
