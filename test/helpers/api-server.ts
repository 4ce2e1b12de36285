/** A local server that answers like the APIs of Anthropic, OpenAI, GitHub and GitLab, with scripted responses. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = (
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
) => void | Promise<void>;

export interface ApiServer {
  readonly url: string;
  /** `host:port`, a key of `hosts`. */
  readonly host: string;
  /** Requests so far, as `METHOD path`. */
  readonly requests: string[];
  /** The responses to the next requests, in this order. */
  next(...answers: readonly Answer[]): void;
  close(): Promise<void>;
}

/** @param otherwise responds to requests that are not scripted. Default: an empty JSON object. */
export async function startApiServer(otherwise: Answer = json({})): Promise<ApiServer> {
  const scripted: Answer[] = [];
  const requests: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      requests.push(`${request.method} ${request.url}`);
      void (scripted.shift() ?? otherwise)(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    requests,
    next: (...answers) => {
      scripted.push(...answers);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Answer {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

/** Server-sent events with a pause between them; `break` ends the connection between two of them. */
export function events(
  items: readonly (readonly [event: string | undefined, data: unknown] | 'break')[],
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return async (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
    for (const item of items) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (item === 'break') {
        response.destroy();
        return;
      }
      const [event, data] = item;
      response.write(
        `${event === undefined ? '' : `event: ${event}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`,
      );
    }
    response.end();
  };
}

// ---- Anthropic ----------------------------------------------------------------------------------------------------

const anthropicUsageOf = {
  input_tokens: 10,
  output_tokens: 25,
  cache_read_input_tokens: 3,
  cache_creation_input_tokens: 2,
  output_tokens_details: { thinking_tokens: 5 },
};

export const anthropicMessage = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-haiku-4-5-20251001',
  content: [{ type: 'text', text: 'Hello' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: anthropicUsageOf,
};

export const anthropicEvents = [
  'message_start',
  'content_block_start',
  'ping',
  'content_block_delta',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
].map((type, index) => {
  const data = {
    message_start: {
      message: {
        ...anthropicMessage,
        content: [],
        stop_reason: null,
        usage: { ...anthropicUsageOf, output_tokens: 1 },
      },
    },
    content_block_start: { index: 0, content_block: { type: 'text', text: '' } },
    ping: {},
    content_block_delta: { index: 0, delta: { type: 'text_delta', text: index === 3 ? 'Hel' : 'lo' } },
    content_block_stop: { index: 0 },
    message_delta: {
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { ...anthropicUsageOf, input_tokens: null },
    },
    message_stop: {},
  }[type];
  return [type, { type, ...data }] as const;
});

/** @param seconds until the limit of requests resets; that of tokens takes twice as long */
export const anthropicRateLimit = (remaining = '49', seconds = 20): Record<string, string> => ({
  'anthropic-ratelimit-requests-limit': '50',
  'anthropic-ratelimit-requests-remaining': remaining,
  'anthropic-ratelimit-requests-reset': new Date(Date.now() + seconds * 1_000).toISOString(),
  'anthropic-ratelimit-input-tokens-limit': '30000',
  'anthropic-ratelimit-input-tokens-remaining': '0',
  'anthropic-ratelimit-input-tokens-reset': new Date(Date.now() + seconds * 2_000).toISOString(),
});

export const anthropicError = (type: string): object => ({ type: 'error', error: { type, message: type } });

// ---- OpenAI -------------------------------------------------------------------------------------------------------

const openaiUsageOf = {
  prompt_tokens: 30,
  completion_tokens: 20,
  total_tokens: 50,
  prompt_tokens_details: { cached_tokens: 12 },
  completion_tokens_details: { reasoning_tokens: 8 },
};

export const openaiCompletion = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-5-mini-2026-01-01',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'Hello', refusal: null },
      finish_reason: 'stop',
      logprobs: null,
    },
  ],
  usage: openaiUsageOf,
};

const chunk = (delta: object, finish_reason: string | null = null): object => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'gpt-5-mini-2026-01-01',
  choices: [{ index: 0, delta, finish_reason }],
  usage: null,
});

export const openaiChunks: readonly (readonly [undefined, unknown])[] = [
  [undefined, chunk({ role: 'assistant', content: '' })],
  [undefined, chunk({ content: 'Hel' })],
  [undefined, chunk({ content: 'lo' })],
  [undefined, chunk({}, 'stop')],
  [undefined, { ...chunk({}), choices: [], usage: openaiUsageOf }],
  [undefined, '[DONE]'],
];

export const openaiResponse = {
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  model: 'gpt-5-mini-2026-01-01',
  status: 'completed',
  output: [
    {
      type: 'message',
      id: 'm',
      role: 'assistant',
      status: 'completed',
      content: [{ type: 'output_text', text: 'Hello', annotations: [] }],
    },
  ],
  usage: {
    input_tokens: 30,
    input_tokens_details: { cached_tokens: 12, cache_write_tokens: 0 },
    output_tokens: 20,
    output_tokens_details: { reasoning_tokens: 8 },
    total_tokens: 50,
  },
};

export const openaiResponseEvents = [
  {
    type: 'response.created',
    response: { ...openaiResponse, status: 'in_progress', usage: null, output: [] },
  },
  {
    type: 'response.output_item.added',
    output_index: 0,
    item: { type: 'message', id: 'm', role: 'assistant', status: 'in_progress', content: [] },
  },
  {
    type: 'response.content_part.added',
    item_id: 'm',
    output_index: 0,
    content_index: 0,
    part: { type: 'output_text', text: '', annotations: [] },
  },
  {
    type: 'response.output_text.delta',
    item_id: 'm',
    output_index: 0,
    content_index: 0,
    delta: 'Hello',
    logprobs: [],
  },
  { type: 'response.completed', response: openaiResponse },
].map((event, sequence_number) => [event.type, { sequence_number, ...event }] as const);

export const openaiRateLimit: Record<string, string> = {
  'x-ratelimit-limit-requests': '500',
  'x-ratelimit-remaining-requests': '499',
  'x-ratelimit-reset-requests': '120ms',
  'x-ratelimit-remaining-tokens': '0',
  'x-ratelimit-reset-tokens': '1m30s',
};

// ---- git platforms ------------------------------------------------------------------------------------------------

export const githubRateLimit = (remaining = '4999', resource = 'core'): Record<string, string> => ({
  'x-ratelimit-limit': '5000',
  'x-ratelimit-remaining': remaining,
  'x-ratelimit-reset': String(Math.ceil(Date.now() / 1_000) + 600),
  'x-ratelimit-used': '1',
  'x-ratelimit-resource': resource,
});

export const gitlabRateLimit = (remaining = '1999'): Record<string, string> => ({
  'ratelimit-limit': '2000',
  'ratelimit-remaining': remaining,
  'ratelimit-reset': String(Math.ceil(Date.now() / 1_000) + 30),
  'ratelimit-observed': '1',
});
