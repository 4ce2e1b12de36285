/** The models of OpenAI, through its SDK. The labels that all requests share are set on the class. */
import { Instrumented, openaiUsage, ProviderRequest } from '@tamma/observability/decorators';
import OpenAI from 'openai';
import type { AiClientOptions, AiProvider, AiQuestion } from './ai-provider.js';
import { prices } from './prices.js';

@Instrumented({ labels: { provider: 'openai' } })
export class Gpt implements AiProvider {
  readonly name = 'openai';
  readonly #client: OpenAI;

  constructor(
    { apiKey, baseURL }: AiClientOptions,
    readonly models: AiProvider['models'] = ['gpt-5', 'gpt-5-mini'],
  ) {
    this.#client = new OpenAI({ apiKey, baseURL, maxRetries: 2 });
  }

  async answer(question: AiQuestion, signal: AbortSignal): Promise<string> {
    if (question.operation !== 'implement')
      return (await this.ask(question, signal)).choices[0]?.message.content ?? '';
    let text = '';
    for await (const chunk of await this.stream(question, signal))
      text += chunk.choices[0]?.delta.content ?? '';
    return text;
  }

  // The provider comes from the class, the model from the first argument, and the operation from the name of the method.
  @ProviderRequest({ prices, usage: openaiUsage })
  private async ask(question: AiQuestion, signal: AbortSignal) {
    return this.#client.chat.completions.create(requestOf(question), { signal });
  }

  @ProviderRequest({ prices, usage: openaiUsage })
  private async stream(question: AiQuestion, signal: AbortSignal) {
    // Without `include_usage`, a streamed completion has no usage.
    return this.#client.chat.completions.create(
      { ...requestOf(question), stream: true, stream_options: { include_usage: true } },
      { signal },
    );
  }
}

function requestOf({ model, prompt }: AiQuestion) {
  return { model, messages: [{ role: 'user' as const, content: prompt }] };
}
