/** Usage in the replies of openai: chat completions, completions and responses, whole or streamed. */
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
 * Reads the usage of OpenAI's replies, whole or streamed. OpenAI includes cached tokens in the input and reasoning tokens in
 * the output; here they are subtracted, so that the types are disjoint. A streamed chat completion reports its usage only
 * with `stream_options: { include_usage: true }`.
 * @example
 * \@ProviderRequest({ labels: { provider: 'openai' }, usage: openaiUsage })
 * @see https://platform.openai.com/docs/api-reference/chat/object
 */
export const openaiUsage: UsageReader = usageReader({
  knows: (reply) => {
    const { object, type } = propertiesOf(reply);
    return replyObjects.has(object) || (typeof type === 'string' && type.startsWith('response.'));
  },
  read: (reply) => replyFacts(propertiesOf(reply)),
  follow,
});

const replyObjects: ReadonlySet<unknown> = new Set([
  'chat.completion',
  'chat.completion.chunk',
  'text_completion',
  'response',
]);

function replyFacts(reply: Readonly<Record<string, unknown>>): ReplyFacts {
  const choice = propertiesOf(reply.choices)[0];
  return {
    usage: usageOf(propertiesOf(reply.usage)),
    model: textIn(reply.model),
    // Chat completions report the reason per choice, responses as a whole.
    stop:
      textIn(propertiesOf(choice).finish_reason) ??
      textIn(propertiesOf(reply.incomplete_details).reason) ??
      textIn(reply.status),
  };
}

/** Chat completions name the input `prompt_tokens`, responses `input_tokens`. */
function usageOf(reported: Readonly<Record<string, unknown>>): ReplyFacts['usage'] {
  const ofInput = propertiesOf(reported.prompt_tokens_details ?? reported.input_tokens_details);
  const ofOutput = propertiesOf(reported.completion_tokens_details ?? reported.output_tokens_details);
  return disjointUsage({
    input: reported.prompt_tokens ?? reported.input_tokens,
    output: reported.completion_tokens ?? reported.output_tokens,
    cacheRead: ofInput.cached_tokens,
    cacheCreation: ofInput.cache_write_tokens,
    reasoning: ofOutput.reasoning_tokens,
    inputHoldsCache: true,
  });
}

function follow(): ReplyStream {
  let facts = noFacts;
  /** Facts that an item does not report keep their value. */
  const update = ({ usage, model, stop }: ReplyFacts): void => {
    facts = { usage: usage ?? facts.usage, model: model ?? facts.model, stop: stop ?? facts.stop };
  };
  return {
    item: (item) => {
      const event = propertiesOf(item);
      const { type } = event;
      if (typeof type === 'string') {
        if (event.response !== undefined) update(replyFacts(propertiesOf(event.response)));
        return type.endsWith('.delta');
      }
      update(replyFacts(event));
      return Array.isArray(event.choices) && event.choices.some(bringsToken);
    },
    facts: () => facts,
  };
}

/** Whether a choice of a chunk has text, a refusal, a tool call or reasoning, and not only a role or a finish reason. */
function bringsToken(choice: unknown): boolean {
  const { delta, text } = propertiesOf(choice);
  if (textIn(text) !== undefined) return true;
  return Object.entries(propertiesOf(delta)).some(
    ([name, value]) =>
      name !== 'role' && (textIn(value) !== undefined || (Array.isArray(value) && value.length > 0)),
  );
}
