/** The models of Anthropic, through its SDK. The decorator records a request; the usage is read from the reply. */
import Anthropic from '@anthropic-ai/sdk';
import { ProviderRequest } from '@tamma/observability/decorators';
import type { AiClientOptions, AiProvider, AiQuestion } from './ai-provider.js';
import { prices } from './prices.js';

export class Claude implements AiProvider {
  readonly name = 'anthropic';
  readonly models = ['claude-sonnet-5-5', 'claude-haiku-4-5'] as const;
  readonly #client: Anthropic;

  constructor({ apiKey, baseURL }: AiClientOptions) {
    // The SDK retries by itself; `instrumentFetch` records each attempt, and the retries with their reasons.
    this.#client = new Anthropic({ apiKey, baseURL, maxRetries: 2 });
  }

  async answer(question: AiQuestion, signal: AbortSignal): Promise<string> {
    if (question.operation !== 'implement') return textOf(await this.ask(question, signal));
    let text = '';
    for await (const event of await this.stream(question, signal)) {
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text;
    }
    return text;
  }

  // Without a label `model`, the model is the property `model` of the first argument.
  @ProviderRequest({
    labels: { provider: 'anthropic', operation: ({ args: [question] }) => question.operation },
    prices,
  })
  private async ask(question: AiQuestion, signal: AbortSignal): Promise<Anthropic.Message> {
    return this.#client.messages.create(requestOf(question), { signal });
  }

  // The request ends when its stream has been read. Time to the first token, tokens and cost are read from the events.
  @ProviderRequest({
    labels: { provider: 'anthropic', operation: ({ args: [question] }) => question.operation },
    prices,
  })
  private async stream(question: AiQuestion, signal: AbortSignal) {
    return this.#client.messages.create({ ...requestOf(question), stream: true }, { signal });
  }
}

function requestOf({ model, prompt }: AiQuestion) {
  return { model, max_tokens: 512, messages: [{ role: 'user' as const, content: prompt }] };
}

function textOf({ content }: Anthropic.Message): string {
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('');
}
