/**
 * Stand-ins for api.anthropic.com, api.openai.com, api.github.com and gitlab.com on local ports. The service uses them through the real
 * SDKs and HTTP.
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
  /** The hosts of the stand-ins, for `instrumentFetch`, which only knows the real ones. */
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
