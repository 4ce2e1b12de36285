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
