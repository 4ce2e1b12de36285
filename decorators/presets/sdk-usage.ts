/** Usage of whichever SDK a reply comes from, recognized by its shape: the default of `@ProviderRequest`. */
import { anthropicUsage } from './anthropic-usage.js';
import { openaiUsage } from './openai-usage.js';
import { noFacts, type ReplyStream, type UsageReader, usageReader } from './usage.js';

const readers: readonly UsageReader[] = [anthropicUsage, openaiUsage];

export const sdkUsage: UsageReader = usageReader({
  knows: (reply) => readers.some(({ knows }) => knows(reply)),
  read: (reply) => readers.find(({ knows }) => knows(reply))?.read(reply) ?? noFacts,
  follow,
});

function follow(): ReplyStream {
  let stream: ReplyStream | undefined;
  return {
    item: (item) => {
      stream ??= (readers.find(({ knows }) => knows(item)) ?? anyReply).follow();
      return stream.item(item);
    },
    facts: () => stream?.facts() ?? noFacts,
  };
}

/** A stream of which nothing is known: its first item is its first token. */
const anyReply: Pick<UsageReader, 'follow'> = {
  follow: () => ({ item: () => true, facts: () => noFacts }),
};
