/** Usage in the replies of @anthropic-ai/sdk: messages, and the events of streamed messages. */
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
 * `messages.stream`). `reasoning` holds the thinking tokens of `output_tokens_details`, which are not counted in `output`.
 * @example
 * \@ProviderRequest({ labels: { provider: 'anthropic' }, usage: anthropicUsage })
 * @see https://docs.anthropic.com/en/api/messages
 */
export const anthropicUsage: UsageReader = usageReader({
  knows: (reply) => {
    const { type } = propertiesOf(reply);
    return type === 'message' || streamEvents.has(type);
  },
  read: (reply) => (propertiesOf(reply).type === 'message' ? messageFacts(propertiesOf(reply)) : noFacts),
  follow,
});

const streamEvents: ReadonlySet<unknown> = new Set([
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

function usageOf(reported: Readonly<Record<string, unknown>>): ReplyFacts['usage'] {
  return disjointUsage({
    input: reported.input_tokens,
    output: reported.output_tokens,
    cacheRead: reported.cache_read_input_tokens,
    cacheCreation: reported.cache_creation_input_tokens,
    reasoning: propertiesOf(reported.output_tokens_details).thinking_tokens,
    inputHoldsCache: false,
  });
}

function follow(): ReplyStream {
  let reported: Record<string, unknown> = {};
  let model: string | undefined;
  let stop: string | undefined;
  /** Each event reports the totals so far, which replace the earlier ones. */
  const update = (usage: unknown): void => {
    const given = Object.entries(propertiesOf(usage)).filter(([, value]) => value !== null);
    reported = { ...reported, ...Object.fromEntries(given) };
  };
  return {
    item: (item) => {
      const event = propertiesOf(item);
      if (event.type === 'message_start') {
        const message = propertiesOf(event.message);
        model = textIn(message.model);
        update(message.usage);
      } else if (event.type === 'message_delta') {
        stop = textIn(propertiesOf(event.delta).stop_reason);
        update(event.usage);
      }
      return event.type === 'content_block_delta';
    },
    facts: () => ({ usage: usageOf(reported), model, stop }),
  };
}
