/** What the service wants of an AI provider's API. `seeded-model.ts` is one in this process, `anthropic-model.ts` a real one. */

export interface ModelRequest {
  readonly model: string;
  /** What it is for: `plan`, `implement`, `review`. */
  readonly operation: string;
  readonly prompt: string;
}

/** Tokens by type. */
export interface TokenUsage {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheCreation: number;
}

/** What the provider's rate limit leaves, as its headers tell. */
export interface RateLimit {
  readonly requestsRemaining: number;
  /** When it is reset. */
  readonly resetsAt: Date;
}

export interface ModelReply {
  readonly text: string;
  readonly usage: TokenUsage;
  readonly rateLimit: RateLimit | undefined;
}

export interface LanguageModel {
  /** Value of the `provider` label. */
  readonly provider: string;
  /** The models to ask, the first for hard work. */
  readonly models: readonly [string, ...string[]];
  /** @throws RateLimitedError for a 429, OverloadedError for a 529, or what the API's client throws */
  complete(request: ModelRequest, signal: AbortSignal): Promise<ModelReply>;
}

export class RateLimitedError extends Error {
  constructor(readonly resetsAt: Date) {
    super(`rate limited until ${resetsAt.toISOString()}`);
  }
}

export class OverloadedError extends Error {}
