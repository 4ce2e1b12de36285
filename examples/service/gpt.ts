/** The second provider: OpenAI's models, through its SDK. What all its requests have in common stands above the class. */
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

  // Without labels: the provider is the class's, the model the first argument's, and the operation the method's name.
  @ProviderRequest({ prices, usage: openaiUsage })
  private async ask(question: AiQuestion, signal: AbortSignal) {
    return this.#client.chat.completions.create(requestOf(question), { signal });
  }

  @ProviderRequest({ prices, usage: openaiUsage })
  private async stream(question: AiQuestion, signal: AbortSignal) {
    // A streamed completion tells its usage only where it is asked to.
    return this.#client.chat.completions.create(
      { ...requestOf(question), stream: true, stream_options: { include_usage: true } },
      { signal },
    );
  }
}

function requestOf({ model, prompt }: AiQuestion) {
  return { model, messages: [{ role: 'user' as const, content: prompt }] };
}
