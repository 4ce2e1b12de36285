/** What the workflow wants of an AI provider: `claude.ts` is one, `gpt.ts` another. */

export interface AiQuestion {
  readonly model: string;
  /** What it is for: `plan`, `implement`, `review`. */
  readonly operation: string;
  readonly prompt: string;
}

export interface AiProvider {
  /** Value of the `provider` label. */
  readonly name: string;
  /** The models to ask, the first for hard work. */
  readonly models: readonly [string, ...string[]];
  /** Answers in text. Long work is streamed. @throws what the SDK throws once its retries are used up */
  answer(question: AiQuestion, signal: AbortSignal): Promise<string>;
}

export interface AiClientOptions {
  readonly apiKey: string;
  /** Default: the provider's own. */
  readonly baseURL?: string | undefined;
}
