/** Usage in the replies of @anthropic-ai/sdk: messages, and the events of streamed ones (docs.anthropic.com, Messages). */

import { propertiesOf, textIn } from '../../lib/unknown-values.js';
import {
  disjointUsage,
  noFacts,
  type ReplyFacts,
  type ReplyStream,
  type UsageReader,
  usageReader,
} from './usage.js';

/**
 * Reads the usage of Anthropic's replies, whole (`messages.create`) or streamed (`messages.create({ stream: true })`,
 * `messages.stream`). `reasoning` is what `output_tokens_details` says of thinking, and left out of `output`.
 */
export const anthropicUsage: UsageReader = usageReader({
  knows: (reply) => {
    const { type } = propertiesOf(reply);
    return type === 'message' || (typeof type === 'string' && streamEvents.has(type));
  },
  read: (reply) => (propertiesOf(reply).type === 'message' ? messageFacts(propertiesOf(reply)) : noFacts),
  follow,
});

const streamEvents: ReadonlySet<string> = new Set([
  'message_start',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
  'ping',
]);

function messageFacts({ usage, model, stop_reason }: Readonly<Record<string, unknown>>): ReplyFacts {
  return { usage: usageOf(propertiesOf(usage)), model: textIn(model), stop: textIn(stop_reason) };
}

function usageOf(told: Readonly<Record<string, unknown>>): ReplyFacts['usage'] {
  return disjointUsage({
    input: told.input_tokens,
    output: told.output_tokens,
    cacheRead: told.cache_read_input_tokens,
    cacheCreation: told.cache_creation_input_tokens,
    reasoning: propertiesOf(told.output_tokens_details).thinking_tokens,
    inputHoldsCache: false,
  });
}

function follow(): ReplyStream {
  let told: Record<string, unknown> = {};
  let model: string | undefined;
  let stop: string | undefined;
  /** Each event reports the totals so far: they replace what was reported before. */
  const tell = (usage: unknown): void => {
    const given = Object.entries(propertiesOf(usage)).filter(([, value]) => value !== null);
    told = { ...told, ...Object.fromEntries(given) };
  };
  return {
    item: (item) => {
      const event = propertiesOf(item);
      if (event.type === 'message_start') {
        const message = propertiesOf(event.message);
        model = textIn(message.model);
        tell(message.usage);
      } else if (event.type === 'message_delta') {
        stop = textIn(propertiesOf(event.delta).stop_reason);
        tell(event.usage);
      }
      return event.type === 'content_block_delta';
    },
    facts: () => ({ usage: usageOf(told), model, stop }),
  };
}
