/** The real provider, through its SDK: used when ANTHROPIC_API_KEY is set. */
import Anthropic from '@anthropic-ai/sdk';
import {
  type LanguageModel,
  type ModelReply,
  type ModelRequest,
  OverloadedError,
  RateLimitedError,
} from './language-model.js';

/** @param model the one model to ask; its price, if it is to be counted, belongs in `prices.ts` */
export function anthropicModel(apiKey: string, model: string): LanguageModel {
  // `AiProvider` retries, and counts it: retries inside the SDK would go unseen.
  const client = new Anthropic({ apiKey, maxRetries: 0 });

  async function complete(request: ModelRequest, signal: AbortSignal): Promise<ModelReply> {
    try {
      const { data: message, response } = await client.messages
        .create(
          { model: request.model, max_tokens: 512, messages: [{ role: 'user', content: request.prompt }] },
          { signal },
        )
        .withResponse();
      const { usage } = message;
      return {
        text: message.content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
        usage: {
          input: usage.input_tokens,
          output: usage.output_tokens,
          cacheRead: usage.cache_read_input_tokens ?? 0,
          cacheCreation: usage.cache_creation_input_tokens ?? 0,
        },
        rateLimit: rateLimitOf(response.headers),
      };
    } catch (error) {
      if (error instanceof Anthropic.RateLimitError)
        throw new RateLimitedError(resetOf(error.headers) ?? new Date(Date.now() + 1_000));
      if (error instanceof Anthropic.APIError && error.status === 529)
        throw new OverloadedError(error.message, { cause: error });
      throw error;
    }
  }

  return { provider: 'anthropic', models: [model], complete };
}

function rateLimitOf(headers: Headers): ModelReply['rateLimit'] {
  const requestsRemaining = Number(headers.get('anthropic-ratelimit-requests-remaining') ?? Number.NaN);
  const resetsAt = resetOf(headers);
  return Number.isFinite(requestsRemaining) && resetsAt !== undefined
    ? { requestsRemaining, resetsAt }
    : undefined;
}

function resetOf(headers: Headers | undefined): Date | undefined {
  const retryAfter = Number(headers?.get('retry-after') ?? Number.NaN);
  if (Number.isFinite(retryAfter)) return new Date(Date.now() + retryAfter * 1_000);
  const reset = new Date(headers?.get('anthropic-ratelimit-requests-reset') ?? Number.NaN);
  return Number.isNaN(reset.getTime()) ? undefined : reset;
}
