/** `anthropicUsage` and `openaiUsage` as label and value sources of any decorator, and on malformed replies. */
import test from 'ava';
import fc from 'fast-check';
import { anthropicUsage, Counted, openaiUsage } from '../../../decorators/index.js';
import { sdkUsage } from '../../../decorators/presets/provider.js';
import type { UsageReader } from '../../../decorators/presets/usage.js';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import { createTestRegistry, readSamples } from '../../../lib/testing.js';
import {
  anthropicEvents,
  anthropicMessage,
  openaiChunks,
  openaiCompletion,
  openaiResponse,
  openaiResponseEvents,
} from '../../helpers/api-server.js';

test('usage readers are sources for labels and values', async (t) => {
  const registry = createTestRegistry();
  class Provider {
    @Counted(catalogue.aiTokens, {
      registry,
      labels: { provider: 'anthropic', model: anthropicUsage.model, token_type: 'output' },
      value: anthropicUsage.output,
    })
    @Counted(catalogue.aiTokens, {
      registry,
      labels: { provider: 'anthropic', model: anthropicUsage.model, token_type: 'cache_read' },
      value: anthropicUsage.cacheRead,
    })
    async ask(): Promise<typeof anthropicMessage> {
      return anthropicMessage;
    }
    @Counted(catalogue.aiRequestsFailed, {
      registry,
      labels: { provider: 'openai', model: openaiUsage.model, error_type: openaiUsage.stop },
    })
    async complete(): Promise<unknown> {
      return openaiCompletion;
    }
  }
  await new Provider().ask();
  await new Provider().complete();
  t.deepEqual(
    (await readSamples(registry, catalogue.aiTokens)).map(({ labels, value }) => [
      ...Object.values(labels),
      value,
    ]),
    [
      ['anthropic', 'claude-haiku-4-5-20251001', 'output', 20],
      ['anthropic', 'claude-haiku-4-5-20251001', 'cache_read', 3],
    ],
  );
  t.deepEqual(
    (await readSamples(registry, catalogue.aiRequestsFailed)).map(({ labels }) => Object.values(labels)),
    [['openai', 'gpt-5-mini-2026-01-01', 'stop']],
  );
  t.deepEqual(registry.warnings, []);
});

const replies: readonly (readonly [string, UsageReader, unknown, object])[] = [
  [
    "Anthropic's message",
    anthropicUsage,
    anthropicMessage,
    {
      usage: { input: 10, output: 20, cacheRead: 3, cacheCreation: 2, reasoning: 5 },
      model: 'claude-haiku-4-5-20251001',
      stop: 'end_turn',
    },
  ],
  [
    "OpenAI's chat completion",
    openaiUsage,
    openaiCompletion,
    {
      usage: { input: 18, output: 12, cacheRead: 12, reasoning: 8 },
      model: 'gpt-5-mini-2026-01-01',
      stop: 'stop',
    },
  ],
  [
    "OpenAI's response",
    openaiUsage,
    openaiResponse,
    {
      usage: { input: 18, output: 12, cacheRead: 12, cacheCreation: 0, reasoning: 8 },
      model: 'gpt-5-mini-2026-01-01',
      stop: 'completed',
    },
  ],
  [
    "OpenAI's response that was cut short",
    openaiUsage,
    {
      ...openaiResponse,
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      usage: null,
    },
    { usage: undefined, model: 'gpt-5-mini-2026-01-01', stop: 'max_output_tokens' },
  ],
];
for (const [name, reader, reply, facts] of replies) {
  test(`${name}: usage, model and stop reason are read`, (t) => {
    t.deepEqual(reader.read(reply), facts as never);
    t.deepEqual(sdkUsage.read(reply), facts as never, 'recognized by its shape');
  });
}

const streams: readonly (readonly [string, UsageReader, readonly unknown[], boolean[], object])[] = [
  [
    "Anthropic's events",
    anthropicUsage,
    anthropicEvents.map(([, data]) => data),
    [false, false, false, true, true, false, false, false],
    replies[0]?.[3] ?? {},
  ],
  [
    "OpenAI's chunks",
    openaiUsage,
    openaiChunks.map(([, data]) => data),
    [false, true, true, false, false, false],
    replies[1]?.[3] ?? {},
  ],
  [
    "OpenAI's response events",
    openaiUsage,
    openaiResponseEvents.map(([, data]) => data),
    [false, false, false, true, false],
    replies[2]?.[3] ?? {},
  ],
];
for (const [name, reader, items, tokens, facts] of streams) {
  test(`${name}: items with tokens are recognized, and usage is read from all items`, (t) => {
    for (const stream of [reader.follow(), sdkUsage.follow()]) {
      t.deepEqual(
        items.map((item) => stream.item(item)),
        tokens,
      );
      t.deepEqual(stream.facts(), facts as never);
    }
  });
}

test('items of OpenAI’s streams hold a token if a choice has text, reasoning, a refusal or a tool call', (t) => {
  const chunk = (...deltas: readonly unknown[]) => ({
    object: 'chat.completion.chunk',
    choices: deltas.map((delta) => ({ delta })),
  });
  for (const [item, hasToken] of [
    [chunk(), false],
    [chunk({ role: 'assistant' }), false],
    [chunk({ role: 'assistant', content: '', refusal: null, tool_calls: [] }), false],
    [chunk({ content: 'Hel' }), true],
    [chunk({ role: 'assistant' }, { content: 'Hel' }), true],
    [chunk({ refusal: 'No' }), true],
    [chunk({ reasoning_content: 'Well' }), true],
    [chunk({ tool_calls: [{ index: 0 }] }), true],
    [chunk({ content: { length: 5 } }), false],
    [chunk(undefined), false],
    [{ object: 'text_completion', choices: [{ text: 'Hel' }] }, true],
    [{ object: 'text_completion', choices: [{ text: '' }] }, false],
    [{ object: 'chat.completion.chunk', choices: 'none' }, false],
  ] as const)
    t.is(openaiUsage.follow().item(item), hasToken, JSON.stringify(item));
});

test('OpenAI’s events without a response leave what earlier ones reported', (t) => {
  const stream = openaiUsage.follow();
  stream.item({
    type: 'response.completed',
    response: { object: 'response', model: 'm', status: 'completed' },
  });
  stream.item({ type: 'response.output_text.delta', delta: 'x' });
  t.deepEqual(stream.facts(), { usage: undefined, model: 'm', stop: 'completed' });
});

test('before the first item of a stream, nothing is known', (t) => {
  for (const reader of [anthropicUsage, openaiUsage, sdkUsage])
    t.deepEqual(reader.follow().facts(), { usage: undefined, model: undefined, stop: undefined });
});

test('replies of both SDKs are known by their shape, others are not', (t) => {
  const [anthropic, openai] = [anthropicMessage, openaiCompletion];
  for (const [reader, known] of [
    [anthropicUsage, [true, false]],
    [openaiUsage, [false, true]],
    [sdkUsage, [true, true]],
  ] as const) {
    t.deepEqual([anthropic, openai].map(reader.knows), known);
    for (const other of [undefined, null, 'message', {}, { type: 'other' }, { type: 5 }, { object: 'list' }])
      t.false(reader.knows(other));
  }
  for (const type of ['message_start', 'content_block_delta', 'ping']) t.true(anthropicUsage.knows({ type }));
  t.true(openaiUsage.knows({ type: 'response.created' }));
});

test('usage in anything but a message of Anthropic is not read', (t) => {
  for (const reply of [
    { usage: { input_tokens: 5 } },
    { type: 'message_delta', usage: { output_tokens: 5 } },
  ])
    t.deepEqual(anthropicUsage.read(reply), { usage: undefined, model: undefined, stop: undefined });
});

test('tokens are subtracted from those that include them only if both are numbers, and not below 0', (t) => {
  for (const [usage, expected] of [
    [
      { prompt_tokens: '18', prompt_tokens_details: { cached_tokens: 3 } },
      { input: '18', cacheRead: 3 },
    ],
    [
      { prompt_tokens: 18, prompt_tokens_details: { cached_tokens: '3' } },
      { input: 18, cacheRead: '3' },
    ],
    [{ prompt_tokens: 18, prompt_tokens_details: { cached_tokens: null } }, { input: 18 }],
    [
      { prompt_tokens: 2, prompt_tokens_details: { cached_tokens: 5 } },
      { input: 2, cacheRead: 5 },
    ],
    [
      { prompt_tokens: 5, prompt_tokens_details: { cached_tokens: 5 } },
      { input: 0, cacheRead: 5 },
    ],
    [{ prompt_tokens: null, completion_tokens: 5 }, { output: 5 }],
    [{ prompt_tokens: null, completion_tokens: undefined }, undefined],
  ] as const)
    t.deepEqual(openaiUsage.read({ object: 'chat.completion', usage }).usage, expected as never);
});

test('token types are disjoint: their sum is the total that OpenAI reports', (t) => {
  fc.assert(
    fc.property(
      fc.nat(1e6),
      fc.nat(1e6),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (input, output, share) => {
        const cached = Math.floor(input * share);
        const reasoning = Math.floor(output * share);
        const { usage } = openaiUsage.read({
          object: 'chat.completion',
          usage: {
            prompt_tokens: input,
            completion_tokens: output,
            prompt_tokens_details: { cached_tokens: cached },
            completion_tokens_details: { reasoning_tokens: reasoning },
          },
        });
        t.is(
          Object.values(usage ?? {}).reduce((sum, tokens) => sum + tokens, 0),
          input + output,
        );
      },
    ),
  );
});

test('a value that is not a reply reports nothing, and nothing is thrown', (t) => {
  fc.assert(
    fc.property(fc.anything(), (reply) => {
      for (const reader of [anthropicUsage, openaiUsage, sdkUsage]) {
        t.notThrows(() => {
          reader.knows(reply);
          reader.read(reply);
          const stream = reader.follow();
          stream.item(reply);
          stream.facts();
          reader.input({ result: reply });
          reader.stop({ result: reply });
        });
      }
    }),
  );
  t.deepEqual(sdkUsage.read({ usage: { input_tokens: 5 } }), {
    usage: undefined,
    model: undefined,
    stop: undefined,
  });
  t.is(
    sdkUsage.follow().item('text'),
    true,
    'the first item of a stream of unknown shape is its first token',
  );
});
