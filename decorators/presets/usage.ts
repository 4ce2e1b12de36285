/** How the replies of AI SDKs report what they used: read as a whole, or followed item by item where they are streamed. */
import type { TokenUsage } from '../../lib/recorders/prices.js';
import type { Call } from '../call.js';

/** What a reply reports. */
export interface ReplyFacts {
  /** Tokens by type, disjoint; `undefined` where the reply reports none. What is odd about a number is kept, to be counted. */
  readonly usage: Partial<TokenUsage> | undefined;
  /** The model that answered, which may be a dated version of the one asked. */
  readonly model: string | undefined;
  /** Why the reply ended: `end_turn`, `max_tokens`, `stop`. */
  readonly stop: string | undefined;
}

/** Follows one streamed reply. */
export interface ReplyStream {
  /** Takes the next item, and returns whether it brings text or another token of the reply. */
  readonly item: (item: unknown) => boolean;
  /** What the items so far report. */
  readonly facts: () => ReplyFacts;
}

/**
 * How replies report their usage: for `@ProviderRequest({ usage })`, which follows streams too, and as sources for the labels and
 * values of any decorator, which see whole replies only.
 * @example
 * \@Counted(catalogue.aiTokens, { labels: { provider: 'anthropic', model: anthropicUsage.model, token_type: 'input' }, value: anthropicUsage.input })
 */
export interface UsageReader {
  /** Whether a reply, or an item of a stream, has the shape that this reads. */
  readonly knows: (reply: unknown) => boolean;
  readonly read: (reply: unknown) => ReplyFacts;
  readonly follow: () => ReplyStream;
  /** Value sources: tokens of the call's reply; `undefined`, which records nothing, where it reports none. */
  readonly input: TokenSource;
  readonly output: TokenSource;
  readonly cacheRead: TokenSource;
  readonly cacheCreation: TokenSource;
  readonly reasoning: TokenSource;
  /** Label sources; empty, which is an absent label, where the reply has none. */
  readonly model: TextSource;
  readonly stop: TextSource;
}

export type TokenSource = (call: Pick<Call, 'result'>) => number | undefined;
export type TextSource = (call: Pick<Call, 'result'>) => string;

/** Makes the sources of a reader from its way to read. */
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

/**
 * Usage from the numbers that an SDK gives; those that it does not give are left out, and `undefined` is what gives none.
 * A part that a provider counts into the whole is taken off it, since the types are disjoint.
 */
export function disjointUsage(told: {
  readonly input?: unknown;
  readonly output?: unknown;
  readonly cacheRead?: unknown;
  readonly cacheCreation?: unknown;
  readonly reasoning?: unknown;
  /** Whether `input` counts what a cache held. */
  readonly inputHoldsCache: boolean;
}): Partial<TokenUsage> | undefined {
  const { input, output, cacheRead, cacheCreation, reasoning, inputHoldsCache } = told;
  const usage: Record<string, unknown> = {};
  const put = (type: keyof TokenUsage, tokens: unknown): void => {
    if (tokens !== undefined && tokens !== null) usage[type] = tokens;
  };
  put('input', inputHoldsCache ? without(without(input, cacheRead), cacheCreation) : input);
  put('output', without(output, reasoning));
  put('cacheRead', cacheRead);
  put('cacheCreation', cacheCreation);
  put('reasoning', reasoning);
  // Whatever an SDK gave for a number: the counter refuses what is none.
  return Object.keys(usage).length === 0 ? undefined : (usage as Partial<TokenUsage>);
}

/** A whole without a part that it holds; as it is where one of them is no number. */
function without(whole: unknown, part: unknown): unknown {
  return typeof whole === 'number' && typeof part === 'number' && part <= whole ? whole - part : whole;
}
