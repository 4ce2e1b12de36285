/** Usage in the replies of openai: chat completions, completions and responses, whole or streamed (platform.openai.com). */

import { propertiesOf, textIn } from '../../lib/unknown-values.js';
import { disjointUsage, type ReplyFacts, type ReplyStream, type UsageReader, usageReader } from './usage.js';

/**
 * Reads the usage of OpenAI's replies, whole or streamed. OpenAI counts cached input into the input and reasoning into the
 * output; here they are taken off. A streamed chat completion reports its usage only with
 * `stream_options: { include_usage: true }`.
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
  const [choice] = Array.isArray(reply.choices) ? reply.choices : [];
  return {
    usage: usageOf(propertiesOf(reply.usage)),
    model: textIn(reply.model),
    // Chat completions report it by choice, responses as a whole.
    stop:
      textIn(propertiesOf(choice).finish_reason) ??
      textIn(propertiesOf(reply.incomplete_details).reason) ??
      textIn(reply.status),
  };
}

/** Chat completions count `prompt_tokens`, responses `input_tokens`. */
function usageOf(told: Readonly<Record<string, unknown>>): ReplyFacts['usage'] {
  const ofInput = propertiesOf(told.prompt_tokens_details ?? told.input_tokens_details);
  const ofOutput = propertiesOf(told.completion_tokens_details ?? told.output_tokens_details);
  return disjointUsage({
    input: told.prompt_tokens ?? told.input_tokens,
    output: told.completion_tokens ?? told.output_tokens,
    cacheRead: ofInput.cached_tokens,
    cacheCreation: ofInput.cache_write_tokens,
    reasoning: ofOutput.reasoning_tokens,
    inputHoldsCache: true,
  });
}

function follow(): ReplyStream {
  let facts: ReplyFacts = { usage: undefined, model: undefined, stop: undefined };
  /** What an item does not report stays as it was. */
  const tell = (told: ReplyFacts): void => {
    facts = {
      usage: told.usage ?? facts.usage,
      model: told.model ?? facts.model,
      stop: told.stop ?? facts.stop,
    };
  };
  return {
    item: (item) => {
      const event = propertiesOf(item);
      const { type } = event;
      if (typeof type === 'string') {
        if (event.response !== undefined) tell(replyFacts(propertiesOf(event.response)));
        return type.endsWith('.delta');
      }
      tell(replyFacts(event));
      return Array.isArray(event.choices) && event.choices.some(bringsToken);
    },
    facts: () => facts,
  };
}

/** Whether a choice of a chunk brings text, a refusal, a call of a tool or reasoning, and not only a role or an end. */
function bringsToken(choice: unknown): boolean {
  const { delta, text } = propertiesOf(choice);
  if (textIn(text) !== undefined) return true;
  return Object.entries(propertiesOf(delta)).some(
    ([name, value]) =>
      name !== 'role' && (textIn(value) !== undefined || (Array.isArray(value) && value.length > 0)),
  );
}
