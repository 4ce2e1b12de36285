/** How the usage is read from replies of AI SDKs: from a whole reply, or item by item from a streamed one. */
import type { TokenUsage } from '../../lib/recorders/prices.js';
import type { Call } from '../call.js';

/** The facts that a {@link UsageReader} reads from a reply. */
export interface ReplyFacts {
  /**
   * Tokens by type, which are disjoint; `undefined` if the reply reports no usage. Invalid numbers are kept, so that the
   * recorder counts and reports them.
   */
  readonly usage: Partial<TokenUsage> | undefined;
  /** The model that answered, which may be a dated version of the requested one; `undefined` if the reply names none. */
  readonly model: string | undefined;
  /** Why the reply ended, for example `end_turn`, `max_tokens` or `stop`; `undefined` if the reply does not say. */
  readonly stop: string | undefined;
}

/** Reads one streamed reply item by item. */
export interface ReplyStream {
  /** Reads the next item. Returns whether it holds text or another token of the reply. */
  readonly item: (item: unknown) => boolean;
  /** The facts that the items so far report. */
  readonly facts: () => ReplyFacts;
}

/**
 * Reads the usage from replies of an SDK. For `@ProviderRequest({ usage })`, which reads streams too; its members are also
 * label and value sources for any decorator, which read whole replies only.
 * @example
 * \@Counted(catalogue.aiTokens, { labels: { provider: 'anthropic', model: anthropicUsage.model, token_type: 'input' }, value: anthropicUsage.input })
 */
export interface UsageReader {
  /** Whether a reply, or an item of a stream, has the shape that this reader reads. */
  readonly knows: (reply: unknown) => boolean;
  /** Reads a whole reply. */
  readonly read: (reply: unknown) => ReplyFacts;
  /** Starts to read a streamed reply. */
  readonly follow: () => ReplyStream;
  /** Value source: uncached input tokens of the reply; `undefined`, which records nothing, if it reports none. */
  readonly input: TokenSource;
  /** Value source: output tokens, without reasoning. */
  readonly output: TokenSource;
  /** Value source: input tokens read from a cache. */
  readonly cacheRead: TokenSource;
  /** Value source: input tokens written to a cache. */
  readonly cacheCreation: TokenSource;
  /** Value source: output tokens spent on reasoning. */
  readonly reasoning: TokenSource;
  /** Label source: the model that answered; empty, which is an absent label, if the reply names none. */
  readonly model: TextSource;
  /** Label source: why the reply ended; empty if the reply does not say. */
  readonly stop: TextSource;
}

/** A value source that reads a number of tokens from the result of a call. */
export type TokenSource = (call: Pick<Call, 'result'>) => number | undefined;

/** A label source that reads a text from the result of a call. */
export type TextSource = (call: Pick<Call, 'result'>) => string;

/** Makes a reader with its label and value sources. */
export function usageReader({
  knows,
  read,
  follow,
}: Pick<UsageReader, 'knows' | 'read' | 'follow'>): UsageReader {
  const tokens =
    (type: keyof TokenUsage): TokenSource =>
    ({ result }) =>
      read(result).usage?.[type];
  return Object.freeze({
    knows,
    read,
    follow,
    input: tokens('input'),
    output: tokens('output'),
    cacheRead: tokens('cacheRead'),
    cacheCreation: tokens('cacheCreation'),
    reasoning: tokens('reasoning'),
    model: ({ result }: Pick<Call, 'result'>) => read(result).model ?? '',
    stop: ({ result }: Pick<Call, 'result'>) => read(result).stop ?? '',
  });
}

export const noFacts: ReplyFacts = Object.freeze({ usage: undefined, model: undefined, stop: undefined });

/** A reader that delegates each reply to the first of several readers that knows its shape. */
export function recognizingReader(readers: readonly UsageReader[]): UsageReader {
  const readerOf = (reply: unknown): UsageReader | undefined => readers.find(({ knows }) => knows(reply));
  return usageReader({
    knows: (reply) => readerOf(reply) !== undefined,
    read: (reply) => readerOf(reply)?.read(reply) ?? noFacts,
    follow: () => {
      let stream: ReplyStream | undefined;
      return {
        item: (item) => {
          stream ??= readerOf(item)?.follow() ?? unknownStream;
          return stream.item(item);
        },
        facts: () => stream?.facts() ?? noFacts,
      };
    },
  });
}

/** A stream of unknown shape: its first item is its first token. */
const unknownStream: ReplyStream = { item: () => true, facts: () => noFacts };

/**
 * Usage from the numbers that an SDK reports; `undefined` if it reports none. If the provider includes one type in another,
 * it is subtracted, since the types are disjoint.
 */
export function disjointUsage({
  input,
  output,
  cacheRead,
  cacheCreation,
  reasoning,
  inputHoldsCache,
}: {
  readonly input?: unknown;
  readonly output?: unknown;
  readonly cacheRead?: unknown;
  readonly cacheCreation?: unknown;
  readonly reasoning?: unknown;
  /** Whether `input` includes cached tokens. */
  readonly inputHoldsCache: boolean;
}): Partial<TokenUsage> | undefined {
  const usage: Record<string, unknown> = {};
  const put = (type: keyof TokenUsage, tokens: unknown): void => {
    if (tokens !== undefined && tokens !== null) usage[type] = tokens;
  };
  put('input', inputHoldsCache ? without(without(input, cacheRead), cacheCreation) : input);
  put('output', without(output, reasoning));
  put('cacheRead', cacheRead);
  put('cacheCreation', cacheCreation);
  put('reasoning', reasoning);
  // The values are unchecked: the counter rejects what is not a number.
  return Object.keys(usage).length === 0 ? undefined : (usage as Partial<TokenUsage>);
}

/** A number of tokens without a part that it includes; unchanged if one of them is not a number. */
function without(whole: unknown, part: unknown): unknown {
  return typeof whole === 'number' && typeof part === 'number' && part <= whole ? whole - part : whole;
}
