/** Stand-ins for the APIs of Anthropic and OpenAI: replies, usage, failures and rate limits are generated from a seed. */
import { setTimeout as elapsed } from 'node:timers/promises';
import type { Random } from '../random.js';
import { answer, type Handler, rateLimit, stream } from './api.js';
import { type Conduct, conducts } from './conduct.js';

/** Requests per window, and the length of the window in milliseconds. */
const limit = [120, 5_000] as const;

interface Reply {
  readonly text: string;
  readonly input: number;
  readonly output: number;
  readonly cached: number;
  readonly reasoning: number;
}

function randomReply(random: Random): Reply {
  const output = random.between(50, 900);
  return {
    text: random.chance(0.8) ? 'confident' : 'unsure',
    input: random.between(20, 300),
    output,
    cached: random.between(200, 2_000),
    reasoning: random.chance(0.5) ? random.between(1, output) : 0,
  };
}

/** `POST /v1/messages` (docs.anthropic.com). */
export function anthropicApi(random: Random, conduct: Conduct = conducts.healthy): Handler {
  const window = rateLimit(...limit);
  const cache = new Set<unknown>();
  const isLimited = random.evenly(conduct.limited);
  const isOverloaded = random.evenly(conduct.anthropicOverloaded);
  const isInvalid = random.evenly(conduct.invalid);
  return async ({ body }, response) => {
    await elapsed(random.between(10, 120));
    const isAllowed = window.take() && !isLimited();
    const headers = {
      'anthropic-ratelimit-requests-limit': String(limit[0]),
      'anthropic-ratelimit-requests-remaining': String(window.remaining),
      'anthropic-ratelimit-requests-reset': window.resetsAt.toISOString(),
    };
    const refuse = (status: number, type: string): void =>
      answer(
        response,
        status,
        { type: 'error', error: { type, message: type } },
        { ...headers, 'retry-after-ms': '100' },
      );
    if (!isAllowed) return refuse(429, 'rate_limit_error');
    if (isOverloaded()) return refuse(529, 'overloaded_error');
    // The SDKs do not retry an invalid request.
    if (isInvalid()) return refuse(400, 'invalid_request_error');
    const { text, input, output, cached, reasoning } = randomReply(random);
    // The first request for a model writes to the prompt cache, later ones read from it.
    const warm = cache.has(body.model);
    cache.add(body.model);
    const usage = {
      input_tokens: input,
      output_tokens: output,
      cache_read_input_tokens: warm ? cached : 0,
      cache_creation_input_tokens: warm ? 0 : cached,
      output_tokens_details: { thinking_tokens: reasoning },
    };
    const message = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: body.model,
      content: [{ type: 'text', text }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage,
    };
    if (body.stream !== true) return answer(response, 200, message, headers);
    const events = [
      {
        type: 'message_start',
        message: { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage },
      { type: 'message_stop' },
    ];
    await stream(
      response,
      events.map((data) => ({ event: data.type, data })),
      headers,
      random,
    );
  };
}

/** `POST /chat/completions` (platform.openai.com). */
export function openaiApi(random: Random, conduct: Conduct = conducts.healthy): Handler {
  const window = rateLimit(...limit);
  const isLimited = random.evenly(conduct.limited);
  const isOverloaded = random.evenly(conduct.openaiOverloaded);
  const isInvalid = random.evenly(conduct.invalid);
  return async ({ body }, response) => {
    await elapsed(random.between(10, 120));
    const isAllowed = window.take() && !isLimited();
    const headers = {
      'x-ratelimit-limit-requests': String(limit[0]),
      'x-ratelimit-remaining-requests': String(window.remaining),
      'x-ratelimit-reset-requests': `${Math.max(0, window.resetsAt.getTime() - Date.now())}ms`,
    };
    const refuse = (status: number, code: string): void =>
      answer(
        response,
        status,
        { error: { message: code, type: code, code } },
        { ...headers, 'retry-after-ms': '100' },
      );
    if (!isAllowed) return refuse(429, 'rate_limit_exceeded');
    if (isOverloaded()) return refuse(503, 'overloaded');
    if (isInvalid()) return refuse(400, 'invalid_request_error');
    const { text, input, output, cached, reasoning } = randomReply(random);
    const usage = {
      prompt_tokens: input + cached,
      completion_tokens: output,
      total_tokens: input + cached + output,
      prompt_tokens_details: { cached_tokens: cached },
      completion_tokens_details: { reasoning_tokens: reasoning },
    };
    const shared = { id: 'chatcmpl-1', created: Math.floor(Date.now() / 1_000), model: body.model };
    if (body.stream !== true) {
      const choice = { index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' };
      return answer(
        response,
        200,
        { ...shared, object: 'chat.completion', choices: [choice], usage },
        headers,
      );
    }
    const chunk = (choices: readonly object[], usage: object | null = null): object => ({
      ...shared,
      object: 'chat.completion.chunk',
      choices,
      usage,
    });
    const events = [
      chunk([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]),
      chunk([{ index: 0, delta: { content: text }, finish_reason: null }]),
      chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]),
      chunk([], usage),
      '[DONE]',
    ];
    await stream(
      response,
      events.map((data) => ({ data })),
      headers,
      random,
    );
  };
}
