/** `instrumentFetch`: metrics of outgoing requests to a local server. Serial, because the instrumentation is process-wide. */
import test, { type ExecutionContext } from 'ava';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import { instrumentFetch } from '../../../lib/outbound/fetch.js';
import type { HostTarget } from '../../../lib/outbound/hosts.js';
import {
  createTestRegistry,
  readHistogram,
  readSamples,
  readValue,
  type TestRegistry,
} from '../../../lib/testing.js';
import {
  type Answer,
  type ApiServer,
  anthropicRateLimit,
  events,
  githubRateLimit,
  gitlabRateLimit,
  json,
  openaiRateLimit,
  startApiServer,
} from '../../helpers/api-server.js';
import { refusedPort } from '../../helpers/free-port.js';
import { freezeDate } from '../../helpers/freeze-date.js';
import { until } from '../../helpers/until.js';

interface Setting {
  readonly registry: TestRegistry;
  readonly server: ApiServer;
  /** `service platform method status` -> number of requests. */
  requests(): Promise<Record<string, number>>;
  /** Waits until `count` requests are recorded: the end of a body is recorded slightly after it is read. */
  recorded(count: number): Promise<Record<string, number>>;
  samples(metric: Parameters<typeof readSamples>[1]): Promise<Record<string, number>>;
}

async function setting(
  t: ExecutionContext,
  target: HostTarget | null = { service: 'github', platform: 'github' },
  otherwise?: Answer,
): Promise<Setting> {
  const registry = createTestRegistry();
  const server = await startApiServer(otherwise);
  const instrumentation = instrumentFetch({
    registry,
    hosts: target === null ? {} : { [server.host]: target },
  });
  t.teardown(async () => {
    instrumentation.stop();
    await server.close();
  });
  const samples: Setting['samples'] = async (metric) =>
    Object.fromEntries(
      (await readSamples(registry, metric)).map(({ labels, value }) => [
        Object.values(labels).join(' '),
        value,
      ]),
    );
  const requests = (): Promise<Record<string, number>> => samples(catalogue.apiRequests);
  return {
    registry,
    server,
    samples,
    requests,
    recorded: (count) =>
      until(`${count} requests`, async () => {
        const now = await requests();
        return Object.values(now).reduce((sum, value) => sum + value, 0) >= count ? now : undefined;
      }),
  };
}

const provider: HostTarget = { service: 'anthropic', provider: 'anthropic' };

// ---- requests -----------------------------------------------------------------------------------------------------

test.serial(
  'a request is counted by service, platform, method and status, and timed until the end of its body',
  async (t) => {
    const { registry, server, recorded } = await setting(t);
    server.next(
      events([
        ['a', 1],
        ['b', 2],
        ['c', 3],
        ['d', 4],
      ]),
      json({}, 404),
    );
    const response = await fetch(`${server.url}/repos/acme/app?page=2`);
    t.deepEqual(await recorded(0), {}, 'the headers do not end the request');
    await response.text();
    await fetch(`${server.url}/nowhere`, { method: 'POST', body: '{}' }).then((answer) => answer.text());
    t.deepEqual(await recorded(2), { 'github github GET 200': 1, 'github github POST 404': 1 });
    const duration = readHistogram(registry, catalogue.apiRequestDuration, {
      service: 'github',
      platform: 'github',
      method: 'GET',
    });
    t.is(duration?.count, 1);
    t.true((duration?.sum ?? 0) >= 0.015, 'four events with some milliseconds in between');
  },
);

test.serial('an unknown host is `other`, and its path is not a label', async (t) => {
  const { server, recorded } = await setting(t, null);
  await (await fetch(`${server.url}/secret/path?token=1`)).text();
  t.deepEqual(await recorded(1), { 'other GET 200': 1 });
});

test.serial('each hop of a redirect is recorded as a request', async (t) => {
  const { server, recorded } = await setting(t);
  server.next((_request, response) => {
    response.writeHead(302, { location: '/there' }).end();
  });
  await (await fetch(`${server.url}/here`)).text();
  t.deepEqual(await recorded(2), { 'github github GET 200': 1, 'github github GET 302': 1 });
});

test.serial('a non-standard method is recorded as `other`', async (t) => {
  const { server, recorded } = await setting(t);
  await (await fetch(server.url, { method: 'PROPFIND' })).text();
  t.deepEqual(await recorded(1), { 'github github other 200': 1 });
});

// ---- failures ----------------------------------------------------------------------------------------------

test.serial('network errors are counted by their code', async (t) => {
  const { server, recorded } = await setting(t);
  await t.throwsAsync(fetch(`http://127.0.0.1:${refusedPort}/`));
  server.next(
    (_request, response) => {
      response.destroy();
    },
    events([['a', 1], 'break']),
    () => {},
    () => {},
  );
  await t.throwsAsync(fetch(server.url));
  await t.throwsAsync((await fetch(server.url)).text());
  // Aborted after the server received the request, with the reasons of `AbortSignal.timeout` and of `abort()`.
  for (const [count, reason] of [
    [3, new DOMException('late', 'TimeoutError')],
    [4, undefined],
  ] as const) {
    const controller = new AbortController();
    const aborted = fetch(server.url, { signal: controller.signal });
    await until('the request', async () => (server.requests.length === count ? true : undefined));
    controller.abort(reason);
    await t.throwsAsync(aborted, { any: true });
  }
  t.deepEqual(await recorded(5), {
    'other GET ECONNREFUSED': 1,
    'github github GET UND_ERR_SOCKET': 2,
    'github github GET timeout': 1,
    'github github GET aborted': 1,
  });
});

test.serial('a response whose body is not read to the end is recorded with its status', async (t) => {
  const { server, recorded } = await setting(
    t,
    provider,
    events([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]),
  );
  const reader = (await fetch(server.url)).body?.getReader();
  await reader?.read();
  await reader?.cancel();
  t.deepEqual(await recorded(1), { 'anthropic GET 200': 1 });
});

// ---- rate limits --------------------------------------------------------------------------------------------------

const remaining = catalogue.platformRateLimitRemaining;

test.serial(
  "GitHub's headers set remaining requests by resource, also 0, and a reset that counts down",
  async (t) => {
    const pass = freezeDate(t);
    const { registry, server, samples } = await setting(t);
    server.next(
      json({}, 200, githubRateLimit('4999')),
      json({}, 200, githubRateLimit('0', 'search')),
      json({}, 200, githubRateLimit('7', 'made-up-by-the-server')),
    );
    for (let time = 0; time < 3; time++) await (await fetch(server.url)).text();
    t.deepEqual(await samples(remaining), { 'github core': 4999, 'github search': 0, 'github other': 7 });
    t.deepEqual(await samples(catalogue.platformRateLimitLimit), {
      'github core': 5000,
      'github search': 5000,
      'github other': 5000,
    });
    const resets = (seconds: number) => ({
      'github core': seconds,
      'github search': seconds,
      'github other': seconds,
    });
    t.deepEqual(await samples(catalogue.platformRateLimitReset), resets(600));
    pass(60_000);
    t.deepEqual(await samples(catalogue.platformRateLimitReset), resets(540));
    t.is(readValue(registry, catalogue.platformRateLimits, { platform: 'github' }), undefined);
  },
);

test.serial("GitHub's 403 counts as a rate limit only if the limit is exhausted", async (t) => {
  const { registry, server } = await setting(t);
  server.next(
    json({}, 403, githubRateLimit('0')),
    json({}, 403, { ...githubRateLimit('10'), 'retry-after': '60' }),
    json({}, 403, githubRateLimit('10')),
  );
  for (let time = 0; time < 3; time++) await (await fetch(server.url)).text();
  t.is(readValue(registry, catalogue.platformRateLimits, { platform: 'github' }), 2);
});

test.serial("GitLab's headers: Retry-After overrides the reset", async (t) => {
  freezeDate(t);
  const { server, samples } = await setting(t, { service: 'gitlab', platform: 'gitlab' });
  server.next(
    json({}, 200, gitlabRateLimit('1999')),
    json({}, 429, { ...gitlabRateLimit('0'), 'retry-after': '12' }),
  );
  await (await fetch(server.url)).text();
  t.deepEqual(await samples(catalogue.platformRateLimitReset), { 'gitlab requests': 30 });
  await (await fetch(server.url)).text();
  t.deepEqual(await samples(remaining), { 'gitlab requests': 0 });
  t.deepEqual(await samples(catalogue.platformRateLimits), { gitlab: 1 });
  t.deepEqual(await samples(catalogue.platformRateLimitReset), { 'gitlab requests': 12 });
});

test.serial("Anthropic's headers set limit, remaining and reset by resource", async (t) => {
  freezeDate(t);
  const { server, samples } = await setting(t, provider);
  server.next(json({}, 200, anthropicRateLimit('49')));
  await (await fetch(server.url)).text();
  t.deepEqual(await samples(catalogue.aiRateLimitRemaining), {
    'anthropic requests': 49,
    'anthropic input_tokens': 0,
  });
  t.deepEqual(await samples(catalogue.aiRateLimitLimit), {
    'anthropic requests': 50,
    'anthropic input_tokens': 30_000,
  });
  t.deepEqual(await samples(catalogue.aiRateLimitReset), {
    'anthropic requests': 20,
    'anthropic input_tokens': 40,
  });
});

test.serial('Retry-After of a 429 applies to the exhausted resource', async (t) => {
  freezeDate(t);
  const { server, samples } = await setting(t, provider);
  server.next(
    json({}, 429, { ...anthropicRateLimit('49'), 'retry-after': '7' }),
    json({}, 429, { 'retry-after': '3' }),
  );
  await (await fetch(server.url)).text();
  t.deepEqual(await samples(catalogue.aiRateLimitReset), {
    'anthropic requests': 20,
    'anthropic input_tokens': 7,
  });
  await (await fetch(server.url)).text();
  t.deepEqual(await samples(catalogue.aiRateLimitReset), {
    'anthropic requests': 3,
    'anthropic input_tokens': 7,
  });
});

test.serial("OpenAI's headers set resets, which are durations", async (t) => {
  freezeDate(t);
  const { server, samples } = await setting(t, { service: 'openai', provider: 'openai' });
  server.next(json({}, 200, openaiRateLimit));
  await (await fetch(server.url)).text();
  t.deepEqual(await samples(catalogue.aiRateLimitRemaining), { 'openai requests': 499, 'openai tokens': 0 });
  t.deepEqual(await samples(catalogue.aiRateLimitReset), {
    'openai requests': 0.12,
    'openai tokens': 90,
  });
});

test.serial('a 429 without rate-limit headers is counted, and sets no gauge', async (t) => {
  const { server, samples } = await setting(t, provider);
  server.next(json({}, 429));
  await (await fetch(server.url)).text();
  t.deepEqual(await samples(catalogue.aiRateLimits), { anthropic: 1 });
  t.deepEqual(await samples(catalogue.aiRateLimitReset), {});
  t.deepEqual(await samples(catalogue.aiRateLimitRemaining), {});
});

for (const headers of [
  { 'retry-after': 'soon', 'x-ratelimit-remaining': 'many', 'x-ratelimit-reset': '-5' },
  { 'retry-after': '', 'x-ratelimit-remaining': '1e9', 'x-ratelimit-reset': 'NaN' },
  { 'x-ratelimit-reset': '9'.repeat(40), 'x-ratelimit-remaining': 'Infinity' },
]) {
  test.serial(`headers without rate limits are ignored: ${JSON.stringify(headers)}`, async (t) => {
    const { registry, server, samples, recorded } = await setting(t);
    server.next(json({}, 429, headers));
    await (await fetch(server.url)).text();
    t.deepEqual(await samples(catalogue.platformRateLimits), { github: 1 });
    t.deepEqual(await samples(remaining), {});
    t.deepEqual(await samples(catalogue.platformRateLimitReset), {});
    t.deepEqual(await recorded(1), { 'github github GET 429': 1 });
    t.deepEqual(registry.warnings, []);
  });
}

test.serial(
  'of a rate-limit header that is sent twice, as by a proxy that adds its own, the last one is read',
  async (t) => {
    const { server, samples } = await setting(t);
    server.next((_request, response) => {
      response.setHeader('X-RateLimit-Remaining', ['5', '7']).setHeader('x-ratelimit-limit', ['60', '5000']);
      response.end('{}');
    });
    await (await fetch(server.url)).text();
    t.deepEqual(await samples(remaining), { 'github requests': 7 });
    t.deepEqual(await samples(catalogue.platformRateLimitLimit), { 'github requests': 5_000 });
  },
);

test.serial('a retry reported by an SDK is counted by the reason of the last failure', async (t) => {
  const { server, samples } = await setting(t, provider);
  const headers = (count: number): RequestInit => ({ headers: { 'X-Stainless-Retry-Count': String(count) } });
  server.next(json({}, 529), json({}, 500), json({}), json({}));
  for (let time = 0; time < 3; time++) await (await fetch(server.url, headers(time))).text();
  await (await fetch(server.url, headers(0))).text();
  t.deepEqual(await samples(catalogue.aiRetries), { 'anthropic overload': 1, 'anthropic server_error': 1 });
});

// ---- start and stop -------------------------------------------------------------------------------------------------

test.serial('stop ends recording, also of requests in progress, and is idempotent', async (t) => {
  const registry = createTestRegistry();
  const server = await startApiServer();
  t.teardown(() => server.close());
  const instrumentation = instrumentFetch({ registry });
  server.next(
    events([
      ['a', 1],
      ['b', 2],
    ]),
  );
  const response = await fetch(server.url);
  instrumentation.stop();
  instrumentation.stop();
  await response.text();
  await (await fetch(server.url)).text();
  t.deepEqual(await readSamples(registry, catalogue.apiRequests), []);
});

test.serial('a request that began before a restart is not recorded', async (t) => {
  const registry = createTestRegistry();
  const server = await startApiServer();
  t.teardown(() => server.close());
  const first = instrumentFetch({ registry });
  server.next(
    events([
      ['a', 1],
      ['b', 2],
    ]),
  );
  const response = await fetch(server.url);
  first.stop();
  const second = instrumentFetch({ registry });
  t.teardown(() => second.stop());
  await response.text();
  t.deepEqual(await readSamples(registry, catalogue.apiRequests), []);
  await (await fetch(server.url)).text();
  await until('the request', async () =>
    (await readSamples(registry, catalogue.apiRequests)).length > 0 ? true : undefined,
  );
  t.is((await readSamples(registry, catalogue.apiRequests))[0]?.value, 1);
});

test.serial(
  'two instrumentations of one registry record once, with the hosts of both, until both are stopped',
  async (t) => {
    const { registry, server, recorded, requests } = await setting(t, null);
    const again = instrumentFetch({ registry, hosts: { [server.host]: { service: 'ours' } } });
    await (await fetch(server.url)).text();
    t.deepEqual(await recorded(1), { 'ours GET 200': 1 });
    again.stop();
    await (await fetch(server.url)).text();
    t.deepEqual(await recorded(2), { 'ours GET 200': 1, 'other GET 200': 1 });
    t.deepEqual(await requests(), { 'ours GET 200': 1, 'other GET 200': 1 });
  },
);

test.serial('two registries each record', async (t) => {
  const { server, recorded } = await setting(t);
  const other = createTestRegistry();
  const instrumentation = instrumentFetch({ registry: other });
  t.teardown(() => instrumentation.stop());
  await (await fetch(server.url)).text();
  await recorded(1);
  t.is(
    readValue(other, catalogue.apiRequests, {
      service: 'other',
      platform: '',
      method: 'GET',
      status_code: '200',
    }),
    1,
  );
});

for (const [options, message] of [
  [null, 'Invalid options of instrumentFetch: expected { registry?, hosts? }, received null.'],
  [{ hosts: 'github' }, 'Invalid `hosts` of instrumentFetch: expected targets by host, received "github".'],
  [
    { hosts: { 'https://git.acme.com': { service: 'gitlab' } } },
    'Invalid host `https://git.acme.com` in `hosts` of instrumentFetch: expected a host as URLs have it, such as `git.acme.com`, `127.0.0.1:8080` or `*.acme.com`, without scheme and path.',
  ],
  [
    { hosts: { 'git.acme.com': { service: '' } } },
    'Invalid target of host `git.acme.com` in `hosts` of instrumentFetch: expected { service, platform?, provider? } with names that are not empty, received an object.',
  ],
] as const) {
  test.serial(`refused: ${message}`, (t) => {
    t.throws(() => instrumentFetch(options as never), { code: 'ERR_METRICS_INVALID_OPTION', message });
  });
}
