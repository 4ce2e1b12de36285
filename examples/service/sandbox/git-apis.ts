/** Stand-ins for the APIs of GitHub and GitLab. Failures and rate limits are generated from a seed. */
import { setTimeout as elapsed } from 'node:timers/promises';
import type { Random } from '../random.js';
import { answer, type Handler, type RateLimit, rateLimit } from './api.js';
import { type Conduct, conducts } from './conduct.js';

/** Requests per window, and the length of the window in milliseconds. */
const limit = [5_000, 60_000] as const;

export function githubApi(random: Random, conduct: Conduct = conducts.healthy): Handler {
  return gitApi(random, conduct, ({ remaining, resetsAt }) => ({
    'x-ratelimit-limit': String(limit[0]),
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(Math.ceil(resetsAt.getTime() / 1_000)),
    'x-ratelimit-resource': 'core',
  }));
}

export function gitlabApi(random: Random, conduct: Conduct = conducts.healthy): Handler {
  return gitApi(random, conduct, ({ remaining, resetsAt }) => ({
    'ratelimit-limit': String(limit[0]),
    'ratelimit-remaining': String(remaining),
    'ratelimit-reset': String(Math.ceil(resetsAt.getTime() / 1_000)),
  }));
}

function gitApi(
  random: Random,
  { gitLimited, gitBroken }: Conduct,
  headersOf: (window: RateLimit) => Record<string, string>,
): Handler {
  const window = rateLimit(...limit);
  const isLimited = random.evenly(gitLimited);
  const isBroken = random.evenly(gitBroken);
  let created = 0;
  return async ({ method }, response) => {
    await elapsed(random.between(3, 40));
    const isAllowed = window.take() && !isLimited();
    const headers = headersOf(window);
    if (!isAllowed)
      return answer(response, 429, { message: 'slow down' }, { ...headers, 'retry-after': '1' });
    if (isBroken()) return answer(response, 502, { message: 'bad gateway' }, headers);
    created += 1;
    const body = {
      number: created,
      iid: created,
      created_at: new Date().toISOString(),
      merged: method === 'PUT',
    };
    answer(response, method === 'POST' ? 201 : 200, body, headers);
  };
}
