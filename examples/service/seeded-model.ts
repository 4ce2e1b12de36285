/** An AI provider in this process: latency, tokens, failures and rate limits drawn from a seed. No text is worth reading. */
import { setTimeout as elapsed } from 'node:timers/promises';
import {
  type LanguageModel,
  type ModelReply,
  type ModelRequest,
  OverloadedError,
  RateLimitedError,
} from './language-model.js';
import type { Random } from './random.js';

/** Requests of a window, and its length. */
const limit = { requests: 60, milliseconds: 5_000 };

export function seededModel(random: Random): LanguageModel {
  let remaining = limit.requests;
  let resetsAt = new Date(Date.now() + limit.milliseconds);
  const cached = new Set<string>();

  async function complete(
    { model, operation, prompt }: ModelRequest,
    signal: AbortSignal,
  ): Promise<ModelReply> {
    await elapsed(random.between(10, 120), undefined, { signal });
    if (resetsAt.getTime() <= Date.now()) {
      remaining = limit.requests;
      resetsAt = new Date(Date.now() + limit.milliseconds);
    }
    if (remaining === 0 || random.chance(0.04)) throw new RateLimitedError(resetsAt);
    remaining -= 1;
    if (random.chance(0.08)) throw new OverloadedError(`${model} is overloaded`);
    // The first request for an operation writes the prompt cache, later ones read it.
    const tokens = Math.ceil(prompt.length / 4) + random.between(200, 2_000);
    const warm = cached.has(operation);
    cached.add(operation);
    return {
      text: `${operation}: ${random.chance(0.8) ? 'confident' : 'unsure'}`,
      usage: {
        input: random.between(20, 300),
        output: random.between(50, 900),
        cacheRead: warm ? tokens : 0,
        cacheCreation: warm ? 0 : tokens,
      },
      rateLimit: { requestsRemaining: remaining, resetsAt },
    };
  }

  // The last one is missing from the price table on purpose: see `prices.ts`.
  return { provider: 'seeded', models: ['large-1', 'small-1', 'preview-2'], complete };
}
