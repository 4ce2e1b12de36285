/**
 * The real SDKs of Anthropic, OpenAI and GitHub against a local server that answers as their APIs do: with
 * `instrumentFetch`, with presets, and with both, when nothing may be recorded twice. Serial, since there is one fetch per process.
 */
import Anthropic from '@anthropic-ai/sdk';
import test, { type ExecutionContext } from 'ava';
import { Octokit } from 'octokit';
import OpenAI from 'openai';
import { anthropicUsage, openaiUsage, PlatformRequest, ProviderRequest } from '../../../decorators/index.js';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import type { MetricDefinition } from '../../../lib/definition.js';
import { instrumentFetch } from '../../../lib/outbound/fetch.js';
import { createTestRegistry, readSamples, type TestRegistry } from '../../../lib/testing.js';
import {
  type ApiServer,
  anthropicError,
  anthropicEvents,
  anthropicMessage,
  anthropicRateLimit,
  events,
  githubRateLimit,
  gitlabRateLimit,
  json,
  openaiChunks,
  openaiCompletion,
  openaiRateLimit,
  openaiResponse,
  openaiResponseEvents,
  startApiServer,
} from '../../helpers/api-server.js';
import { freezeDate } from '../../helpers/freeze-date.js';
import { until } from '../../helpers/until.js';

const ways = ['fetch', 'presets', 'both'] as const;
type Way = (typeof ways)[number];

interface Setting {
  readonly way: Way;
  readonly server: ApiServer;
  readonly registry: TestRegistry;
  /** Label values -> value; for a histogram, the number of observations. */
  read(metric: MetricDefinition): Promise<Record<string, number>>;
  /** The expectation if `instrumentFetch` is active, and if a preset decorates the method. */
  byFetch<T>(expected: T): T | Record<string, never>;
  byPreset<T>(expected: T): T | Record<string, never>;
}

/** Runs a scenario in all three modes. */
function inEachWay(name: string, run: (t: ExecutionContext, setting: Setting) => Promise<void>): void {
  for (const way of ways) {
    test.serial(`${name}: ${way}`, async (t) => {
      const server = await startApiServer();
      const registry = createTestRegistry();
      const outbound =
        way === 'presets'
          ? undefined
          : instrumentFetch({
              registry,
              hosts: {
                [server.host]: name.startsWith('octokit')
                  ? github
                  : name.startsWith('openai')
                    ? openai
                    : anthropic,
              },
            });
      t.teardown(async () => {
        outbound?.stop();
        await server.close();
      });
      await run(t, {
        way,
        server,
        registry,
        read: async (metric) => {
          const wanted = metric.type === 'histogram' ? `${metric.name}_count` : metric.name;
          const samples = await readSamples(registry, metric);
          return Object.fromEntries(
            samples
              .filter(({ metricName = metric.name }) => metricName === wanted)
              .map(({ labels, value }) => [Object.values(labels).join(' '), value]),
          );
        },
        byFetch: (expected) => (way === 'presets' ? {} : expected),
        byPreset: (expected) => (way === 'fetch' ? {} : expected),
      });
      t.deepEqual(registry.warnings, []);
    });
  }
}

const anthropic = { service: 'anthropic', provider: 'anthropic' };
const openai = { service: 'openai', provider: 'openai' };
const github = { service: 'github', platform: 'github' };

const prices = {
  'claude-haiku-4-5': { input: 1, output: 5, cacheRead: 0.1, cacheCreation: 1.25 },
  'gpt-5-mini-2026-01-01': { input: 0.25, output: 2, cacheRead: 0.025 },
};

/** Waits until `instrumentFetch` has recorded the end of a body, which is a moment after its reader has. */
async function settled({ read, way }: Setting, count: number): Promise<void> {
  if (way === 'presets') return;
  await until('the recorded requests', async () => {
    const found = await read(catalogue.apiRequests);
    return Object.values(found).reduce((sum, value) => sum + value, 0) >= count ? true : undefined;
  });
}

// ---- Anthropic ----------------------------------------------------------------------------------------------------

const question = {
  model: 'claude-haiku-4-5',
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'Hello?' }],
};

function claude({ server, registry, way }: Setting, maxRetries = 0) {
  const client = new Anthropic({ apiKey: 'key', baseURL: server.url, maxRetries });
  class Plain {
    send(): Promise<Anthropic.Message> {
      return client.messages.create(question);
    }
    stream() {
      return client.messages.create({ ...question, stream: true });
    }
    helper() {
      return client.messages.stream(question);
    }
  }
  class Measured {
    @ProviderRequest({ registry, labels: { provider: 'anthropic', model: 'claude-haiku-4-5' }, prices })
    async send(): Promise<Anthropic.Message> {
      return client.messages.create(question);
    }
    @ProviderRequest({
      registry,
      labels: { provider: 'anthropic', model: question.model },
      prices,
      usage: anthropicUsage,
    })
    async stream() {
      return client.messages.create({ ...question, stream: true });
    }
    @ProviderRequest({ registry, labels: { provider: 'anthropic', model: question.model }, prices })
    helper() {
      return client.messages.stream(question);
    }
  }
  return way === 'fetch' ? new Plain() : new Measured();
}

const asked = (operation: string) => ({ [`anthropic claude-haiku-4-5 ${operation}`]: 1 });
const byModel = (count = 1) => ({ 'anthropic claude-haiku-4-5': count });
const anthropicTokens = {
  'anthropic claude-haiku-4-5 input': 10,
  'anthropic claude-haiku-4-5 output': 20,
  'anthropic claude-haiku-4-5 cache_read': 3,
  'anthropic claude-haiku-4-5 cache_creation': 2,
  'anthropic claude-haiku-4-5 reasoning': 5,
};
const anthropicCost = (10 * 1 + 20 * 5 + 3 * 0.1 + 2 * 1.25 + 5 * 5) / 1_000_000;

async function anthropicReply(
  t: ExecutionContext,
  setting: Setting,
  operation: string,
  streamed: boolean,
): Promise<void> {
  const { read, byPreset, byFetch } = setting;
  await settled(setting, 1);
  t.deepEqual(await read(catalogue.aiRequests), byPreset(asked(operation)));
  t.deepEqual(await read(catalogue.aiRequestsSuccessful), byPreset(byModel()));
  t.deepEqual(await read(catalogue.aiRequestsFailed), {});
  t.deepEqual(await read(catalogue.aiRequestsInProgress), byPreset({ anthropic: 0 }));
  t.deepEqual(await read(catalogue.aiRequestDuration), byPreset(byModel()));
  t.deepEqual(await read(catalogue.aiTimeToFirstToken), streamed ? byPreset(byModel()) : {});
  t.deepEqual(await read(catalogue.aiTokens), byPreset(anthropicTokens));
  const cost = Object.values(await read(catalogue.aiCost));
  t.deepEqual(
    cost.map((usd) => Math.abs(usd - anthropicCost) < 1e-12),
    setting.way === 'fetch' ? [] : [true],
  );
  t.deepEqual(await read(catalogue.aiUnpricedRequests), {});
  t.deepEqual(await read(catalogue.apiRequests), byFetch({ 'anthropic POST 200': 1 }));
  t.deepEqual(await read(catalogue.apiRequestDuration), byFetch({ 'anthropic POST': 1 }));
  // The HTTP request does not show the model.
  const limited = setting.way === 'both' ? 'anthropic claude-haiku-4-5' : 'anthropic';
  t.deepEqual(
    await read(catalogue.aiRateLimitRemaining),
    byFetch({ [`${limited} requests`]: 49, [`${limited} input_tokens`]: 0 }),
  );
}

inEachWay('anthropic, a whole message', async (t, setting) => {
  setting.server.next(json(anthropicMessage, 200, anthropicRateLimit()));
  t.is((await claude(setting).send()).stop_reason, 'end_turn');
  await anthropicReply(t, setting, 'send', false);
});

inEachWay('anthropic, a streamed message', async (t, setting) => {
  setting.server.next(events(anthropicEvents, anthropicRateLimit()));
  let text = '';
  for await (const event of await claude(setting).stream()) {
    if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text;
  }
  t.is(text, 'Hello');
  await anthropicReply(t, setting, 'stream', true);
});

inEachWay('anthropic, the stream helper, iterated', async (t, setting) => {
  setting.server.next(events(anthropicEvents, anthropicRateLimit()));
  let count = 0;
  for await (const _ of claude(setting).helper()) count += 1;
  t.true(count >= 7);
  await anthropicReply(t, setting, 'helper', true);
});

inEachWay('anthropic, the stream helper, by its events and its final message', async (t, setting) => {
  setting.server.next(events(anthropicEvents, anthropicRateLimit()));
  const stream = claude(setting).helper();
  let text = '';
  stream.on('text', (delta) => {
    text += delta;
  });
  t.is((await stream.finalMessage()).stop_reason, 'end_turn');
  t.is(text, 'Hello');
  await anthropicReply(t, setting, 'helper', true);
});

inEachWay('anthropic, a stream that breaks off', async (t, setting) => {
  const { server, read, byPreset, byFetch } = setting;
  server.next(events([...anthropicEvents.slice(0, 4), 'break']));
  await t.throwsAsync(
    async () => {
      for await (const _ of await claude(setting).stream());
    },
    { any: true },
  );
  await settled(setting, 1);
  const failed = await read(catalogue.aiRequestsFailed);
  t.deepEqual(Object.values(failed), setting.way === 'fetch' ? [] : [1]);
  t.deepEqual(await read(catalogue.aiRequestsSuccessful), {});
  t.deepEqual(await read(catalogue.aiRequestsInProgress), byPreset({ anthropic: 0 }));
  t.deepEqual(await read(catalogue.aiTimeToFirstToken), byPreset(byModel()));
  const { 'anthropic claude-haiku-4-5 input': input = 0 } = await read(catalogue.aiTokens);
  t.is(input, setting.way === 'fetch' ? 0 : 10, 'the usage before the abort is counted');
  t.deepEqual(await read(catalogue.apiRequests), byFetch({ 'anthropic POST UND_ERR_SOCKET': 1 }));
});

inEachWay('anthropic, a stream that its reader leaves', async (t, setting) => {
  const { server, read, byPreset } = setting;
  server.next(events(anthropicEvents));
  for await (const event of await claude(setting).stream()) if (event.type === 'content_block_delta') break;
  await settled(setting, 1);
  t.deepEqual(await read(catalogue.aiRequestsSuccessful), byPreset(byModel()));
  t.deepEqual(await read(catalogue.aiRequestsInProgress), byPreset({ anthropic: 0 }));
  t.deepEqual(
    await read(catalogue.aiTokens).then((tokens) => Object.keys(tokens).length),
    setting.way === 'fetch' ? 0 : 5,
  );
});

inEachWay('anthropic, a rate limit and an overload that the SDK retries', async (t, setting) => {
  const { server, read, byPreset, byFetch } = setting;
  const soon = { 'retry-after-ms': '5' };
  server.next(
    json(anthropicError('rate_limit_error'), 429, { ...anthropicRateLimit('0'), ...soon }),
    json(anthropicError('overloaded_error'), 529, soon),
    json(anthropicMessage, 200, anthropicRateLimit('48')),
  );
  await claude(setting, 2).send();
  await settled(setting, 3);
  t.is(server.requests.length, 3);
  t.deepEqual(
    await read(catalogue.apiRequests),
    byFetch({ 'anthropic POST 429': 1, 'anthropic POST 529': 1, 'anthropic POST 200': 1 }),
  );
  t.deepEqual(
    await read(catalogue.aiRateLimits),
    byFetch({ anthropic: 1 }),
    'retries within the SDK are visible only as HTTP requests',
  );
  const model = setting.way === 'both' ? 'claude-haiku-4-5 ' : '';
  t.deepEqual(
    await read(catalogue.aiRetries),
    byFetch({ [`anthropic ${model}rate_limit`]: 1, [`anthropic ${model}overload`]: 1 }),
  );
  t.deepEqual(await read(catalogue.aiRequestsSuccessful), byPreset(byModel()));
  t.deepEqual(await read(catalogue.aiRequestDuration), byPreset(byModel()));
  t.deepEqual(await read(catalogue.aiTokens), byPreset(anthropicTokens));
});

inEachWay('anthropic, a rate limit that reaches the caller', async (t, setting) => {
  freezeDate(t);
  const { server, read, byPreset, byFetch } = setting;
  server.next(json(anthropicError('rate_limit_error'), 429, { 'retry-after': '30' }));
  await t.throwsAsync(claude(setting).send(), { instanceOf: Anthropic.RateLimitError });
  await settled(setting, 1);
  t.deepEqual(await read(catalogue.aiRateLimits), { anthropic: 1 }, 'recorded once, by either');
  t.deepEqual(await read(catalogue.aiRateLimitReset), { 'anthropic requests': 30 });
  t.deepEqual(
    await read(catalogue.aiRequestsFailed),
    byPreset({ 'anthropic claude-haiku-4-5 RateLimitError': 1 }),
  );
  t.deepEqual(await read(catalogue.apiRequests), byFetch({ 'anthropic POST 429': 1 }));
});

inEachWay('anthropic, no connection', async (t, setting) => {
  const { server, read, byPreset, byFetch } = setting;
  server.next((_request, response) => {
    response.destroy();
  });
  await t.throwsAsync(claude(setting).send(), { instanceOf: Anthropic.APIConnectionError });
  await settled(setting, 1);
  t.deepEqual(
    await read(catalogue.aiRequestsFailed),
    byPreset({ 'anthropic claude-haiku-4-5 APIConnectionError': 1 }),
  );
  t.deepEqual(await read(catalogue.apiRequests), byFetch({ 'anthropic POST UND_ERR_SOCKET': 1 }));
});

// ---- OpenAI -------------------------------------------------------------------------------------------------------

const chat = { model: 'gpt-5-mini', messages: [{ role: 'user' as const, content: 'Hello?' }] };

function gpt({ server, registry, way }: Setting) {
  const client = new OpenAI({ apiKey: 'key', baseURL: server.url, maxRetries: 0 });
  class Plain {
    complete() {
      return client.chat.completions.create(chat);
    }
    stream() {
      return client.chat.completions.create({
        ...chat,
        stream: true,
        stream_options: { include_usage: true },
      });
    }
    helper() {
      return client.chat.completions.stream({ ...chat, stream_options: { include_usage: true } });
    }
    respond() {
      return client.responses.create({ model: chat.model, input: 'Hello?' });
    }
    respondStreamed() {
      return client.responses.create({ model: chat.model, input: 'Hello?', stream: true });
    }
  }
  const labels = { provider: 'openai', model: chat.model };
  class Measured {
    @ProviderRequest({ registry, labels, prices })
    async complete() {
      return client.chat.completions.create(chat);
    }
    @ProviderRequest({ registry, labels, prices, usage: openaiUsage })
    async stream() {
      return client.chat.completions.create({
        ...chat,
        stream: true,
        stream_options: { include_usage: true },
      });
    }
    @ProviderRequest({ registry, labels, prices })
    helper() {
      return client.chat.completions.stream({ ...chat, stream_options: { include_usage: true } });
    }
    @ProviderRequest({ registry, labels, prices })
    async respond() {
      return client.responses.create({ model: chat.model, input: 'Hello?' });
    }
    @ProviderRequest({ registry, labels, prices })
    async respondStreamed() {
      return client.responses.create({ model: chat.model, input: 'Hello?', stream: true });
    }
  }
  return way === 'fetch' ? new Plain() : new Measured();
}

async function openaiReply(
  t: ExecutionContext,
  setting: Setting,
  operation: string,
  streamed: boolean,
): Promise<void> {
  const { read, byPreset, byFetch } = setting;
  await settled(setting, 1);
  t.deepEqual(await read(catalogue.aiRequests), byPreset({ [`openai gpt-5-mini ${operation}`]: 1 }));
  t.deepEqual(await read(catalogue.aiRequestsSuccessful), byPreset({ 'openai gpt-5-mini': 1 }));
  t.deepEqual(await read(catalogue.aiRequestsInProgress), byPreset({ openai: 0 }));
  t.deepEqual(await read(catalogue.aiRequestDuration), byPreset({ 'openai gpt-5-mini': 1 }));
  t.deepEqual(await read(catalogue.aiTimeToFirstToken), streamed ? byPreset({ 'openai gpt-5-mini': 1 }) : {});
  // 30 in, 12 of them cached; 20 out, 8 of them reasoning: a sum over the types is the total.
  const tokens = await read(catalogue.aiTokens);
  delete tokens['openai gpt-5-mini cache_creation'];
  t.deepEqual(
    tokens,
    byPreset({
      'openai gpt-5-mini input': 18,
      'openai gpt-5-mini output': 12,
      'openai gpt-5-mini cache_read': 12,
      'openai gpt-5-mini reasoning': 8,
    }),
  );
  const cost = (18 * 0.25 + 12 * 2 + 12 * 0.025 + 8 * 2) / 1_000_000;
  t.deepEqual(
    Object.values(await read(catalogue.aiCost)).map((usd) => Math.abs(usd - cost) < 1e-12),
    setting.way === 'fetch' ? [] : [true],
    'by the price of the model that answered',
  );
  t.deepEqual(await read(catalogue.apiRequests), byFetch({ 'openai POST 200': 1 }));
  const limited = setting.way === 'both' ? 'openai gpt-5-mini' : 'openai';
  t.deepEqual(
    await read(catalogue.aiRateLimitRemaining),
    byFetch({ [`${limited} requests`]: 499, [`${limited} tokens`]: 0 }),
  );
  t.deepEqual(await read(catalogue.aiRateLimitLimit), byFetch({ [`${limited} requests`]: 500 }));
}

inEachWay('openai, a whole completion', async (t, setting) => {
  setting.server.next(json(openaiCompletion, 200, openaiRateLimit));
  t.is((await gpt(setting).complete()).choices[0]?.message.content, 'Hello');
  await openaiReply(t, setting, 'complete', false);
});

inEachWay('openai, a streamed completion', async (t, setting) => {
  setting.server.next(events(openaiChunks, openaiRateLimit));
  let text = '';
  for await (const chunk of await gpt(setting).stream()) text += chunk.choices[0]?.delta.content ?? '';
  t.is(text, 'Hello');
  await openaiReply(t, setting, 'stream', true);
});

inEachWay('openai, the stream helper', async (t, setting) => {
  setting.server.next(events(openaiChunks, openaiRateLimit));
  t.is(await gpt(setting).helper().finalContent(), 'Hello');
  await openaiReply(t, setting, 'helper', true);
});

inEachWay('openai, a whole response', async (t, setting) => {
  setting.server.next(json(openaiResponse, 200, openaiRateLimit));
  t.is((await gpt(setting).respond()).output_text, 'Hello');
  await openaiReply(t, setting, 'respond', false);
});

inEachWay('openai, a streamed response', async (t, setting) => {
  setting.server.next(events(openaiResponseEvents, openaiRateLimit));
  for await (const _ of await gpt(setting).respondStreamed());
  await openaiReply(t, setting, 'respondStreamed', true);
});

// ---- GitHub -------------------------------------------------------------------------------------------------------

function hub({ server, registry, way }: Setting) {
  const octokit = new Octokit({
    baseUrl: server.url,
    retry: { retryAfterBaseValue: 1, enabled: true },
    throttle: { enabled: false },
  });
  const merged = { owner: 'acme', repo: 'app', pull_number: 7 };
  class Plain {
    async merge(_createdAt: string) {
      return octokit.rest.pulls.merge(merged);
    }
    async read() {
      return octokit.rest.repos.get(merged);
    }
  }
  class Measured {
    @PlatformRequest({
      registry,
      labels: { platform: 'github', method: 'PUT', repository: 'acme/app' },
      effect: 'pr_merged',
      lifetime: ({ args: [createdAt] }) => ({ createdAt }),
    })
    async merge(_createdAt: string) {
      return octokit.rest.pulls.merge(merged);
    }
    @PlatformRequest({ registry, labels: { platform: 'github', method: 'GET' } })
    async read() {
      return octokit.rest.repos.get(merged);
    }
  }
  return way === 'fetch' ? new Plain() : new Measured();
}

inEachWay('octokit, a merge', async (t, setting) => {
  const { server, read, byPreset } = setting;
  server.next(json({ merged: true }, 200, githubRateLimit('0')));
  t.true((await hub(setting).merge(new Date(Date.now() - 3_600_000).toISOString())).data.merged);
  await settled(setting, 1);
  t.deepEqual(await read(catalogue.apiRequests), { 'github github PUT 200': 1 }, 'recorded once, by either');
  t.deepEqual(await read(catalogue.apiRequestDuration), { 'github github PUT': 1 });
  t.deepEqual(await read(catalogue.platformRateLimitRemaining), { 'github core': 0 });
  t.true(((await read(catalogue.platformRateLimitReset))['github core'] ?? 0) > 590);
  t.deepEqual(await read(catalogue.prsMerged), byPreset({ 'github acme/app': 1 }));
  t.deepEqual(await read(catalogue.prLifetime), byPreset({ 'github acme/app': 1 }));
});

inEachWay('octokit, a failure that it retries', async (t, setting) => {
  const { server, read, way } = setting;
  server.next(
    json({ message: 'bad gateway' }, 502),
    json({ full_name: 'acme/app' }, 200, githubRateLimit('12')),
  );
  await hub(setting).read();
  await settled(setting, 2);
  t.is(server.requests.length, 2);
  t.deepEqual(
    await read(catalogue.apiRequests),
    way === 'presets'
      ? { 'github github GET 200': 1 }
      : { 'github github GET 502': 1, 'github github GET 200': 1 },
  );
});

inEachWay('octokit, a rate limit', async (t, setting) => {
  const { server, read } = setting;
  server.next(json({ message: 'API rate limit exceeded' }, 403, githubRateLimit('0')));
  await t.throwsAsync(hub(setting).read(), { message: /rate limit/ });
  await settled(setting, 1);
  t.deepEqual(await read(catalogue.platformRateLimits), { github: 1 });
  t.deepEqual(await read(catalogue.apiRequests), { 'github github GET 403': 1 });
});

// ---- GitLab, by fetch ---------------------------------------------------------------------------------------------

test.serial(
  'a request to an unknown host takes its names from the surrounding preset, and is recorded once',
  async (t) => {
    const server = await startApiServer(json({}, 201, gitlabRateLimit('1999')));
    const registry = createTestRegistry();
    const outbound = instrumentFetch({ registry });
    t.teardown(async () => {
      outbound.stop();
      await server.close();
    });
    class GitLab {
      @PlatformRequest({
        registry,
        labels: { platform: 'gitlab', method: 'POST', repository: ({ args: [project] }) => project },
        effect: 'issue_created',
      })
      async openIssue(project: string): Promise<number> {
        const response = await fetch(`${server.url}/api/v4/projects/${encodeURIComponent(project)}/issues`, {
          method: 'POST',
        });
        await response.text();
        return response.status;
      }
    }
    t.is(await new GitLab().openIssue('acme/app'), 201);
    const read = async (metric: MetricDefinition): Promise<Record<string, number>> =>
      Object.fromEntries(
        (await readSamples(registry, metric)).map(({ labels, value }) => [
          Object.values(labels).join(' '),
          value,
        ]),
      );
    await until('the recorded requests', async () =>
      (await readSamples(registry, catalogue.apiRequests)).length > 0 ? true : undefined,
    );
    t.deepEqual(await read(catalogue.apiRequests), { 'gitlab gitlab POST 201': 1 });
    t.deepEqual(await read(catalogue.platformRateLimitRemaining), { 'gitlab requests': 1999 });
    t.deepEqual(await read(catalogue.issuesCreated), { 'gitlab acme/app': 1 });
  },
);
