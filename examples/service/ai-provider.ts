/** The interface of an AI provider, implemented by `claude.ts` and `gpt.ts`. */

export interface AiQuestion {
  readonly model: string;
  /** Purpose of the request: `plan`, `implement` or `review`. */
  readonly operation: string;
  readonly prompt: string;
}

export interface AiProvider {
  /** Value of the `provider` label. */
  readonly name: string;
  /** The models to use. */
  readonly models: readonly [string, ...string[]];
  /** Returns the reply as text. Long replies are streamed. @throws the error of the SDK after its last retry */
  answer(question: AiQuestion, signal: AbortSignal): Promise<string>;
}

export interface AiClientOptions {
  readonly apiKey: string;
  /** URL of the API. Default: the one of the provider. */
  readonly baseURL?: string | undefined;
}
