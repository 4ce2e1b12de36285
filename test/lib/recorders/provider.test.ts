/** `ProviderMetrics`: requests, tokens, costs, rate limits and invalid input. */
import test from 'ava';
import fc from 'fast-check';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import { ProviderMetrics } from '../../../lib/recorders/provider.js';
import type { AiRequest, MessageRequest } from '../../../lib/recorders/provider-requests.js';
import type { MessageChunk } from '../../../lib/recorders/provider-usage.js';
import { createTestRegistry, readHistogram, readSamples, readText, readValue } from '../../../lib/testing.js';
import { freezeDate } from '../../helpers/freeze-date.js';

const by = { provider: 'claude', model: 'large' };

function recorder(
  options: { prices?: Record<string, { input: number; output: number; cacheRead?: number }> } = {},
) {
  const registry = createTestRegistry();
  const metrics = new ProviderMetrics({ registry, ...options });
  return {
    registry,
    metrics,
    /** Started, successful, failed, in progress, timed. */
    counts: () => [
      readValue(registry, catalogue.aiRequests, { ...by, operation: 'plan' }) ?? 0,
      readValue(registry, catalogue.aiRequestsSuccessful, by) ?? 0,
      readValue(registry, catalogue.aiRequestsFailed, { ...by, error_type: 'TypeError' }) ?? 0,
      readValue(registry, catalogue.aiRequestsInProgress, { provider: 'claude' }) ?? 0,
      readHistogram(registry, catalogue.aiRequestDuration, by)?.count ?? 0,
    ],
    tokens: (token_type: 'input' | 'output' | 'cache_read' | 'cache_creation' | 'reasoning') =>
      readValue(registry, catalogue.aiTokens, { ...by, token_type }),
    recordingErrors: async () =>
      (await readSamples(registry, catalogue.metricsRecordingErrors)).map(({ labels, value }) => ({
        ...labels,
        value,
      })),
  };
}
const request = (): AiRequest => ({ ...by, operation: 'plan' });

// ---- one request is timed once ------------------------------------------------------------------------------------

test('a request is in progress from its start to its end', (t) => {
  const { metrics, counts } = recorder();
  const one = request();
  metrics.recordRequestStart(one);
  t.deepEqual(counts(), [1, 0, 0, 1, 0]);
  metrics.recordRequestComplete(one, 2);
  t.deepEqual(counts(), [1, 1, 0, 0, 1]);
});

const endings: Readonly<
  Record<string, (metrics: ProviderMetrics, one: AiRequest, stop: () => number) => void>
> = {
  'complete, then stop': (metrics, one, stop) => {
    metrics.recordRequestComplete(one, 2);
    stop();
  },
  'stop, then complete': (metrics, one, stop) => {
    stop();
    metrics.recordRequestComplete(one, 2);
  },
  'stop twice, then complete twice': (metrics, one, stop) => {
    stop();
    stop();
    metrics.recordRequestComplete(one, 2);
    metrics.recordRequestComplete(one, 2);
  },
  'complete, then error, then stop': (metrics, one, stop) => {
    metrics.recordRequestComplete(one);
    metrics.recordRequestError(one, new TypeError('late'));
    stop();
  },
};
for (const [name, end] of Object.entries(endings)) {
  test(`${name}: one success, one duration`, (t) => {
    const { metrics, counts } = recorder();
    const one = request();
    end(metrics, one, metrics.recordRequestStart(one));
    t.deepEqual(counts(), [1, 1, 0, 0, 1]);
  });
}

for (const name of ['complete, then stop', 'stop, then complete'] as const) {
  test(`${name}, with another object of the same provider and model at the end`, (t) => {
    const { metrics, counts } = recorder();
    const one = request();
    endings[name]?.(metrics, { ...one }, metrics.recordRequestStart(one));
    t.deepEqual(counts(), [1, 1, 0, 0, 1]);
  });
}

test('stop, then error: a failure, timed by the stop', (t) => {
  const { metrics, counts } = recorder();
  const one = request();
  const stop = metrics.recordRequestStart(one);
  stop();
  metrics.recordRequestError(one, new TypeError('no'));
  t.deepEqual(counts(), [1, 0, 1, 0, 1]);
});

test('overlapping requests are ended by their own objects, in any order', (t) => {
  const { metrics, counts, registry } = recorder();
  const many = Array.from({ length: 20 }, request);
  const stops = many.map((one) => metrics.recordRequestStart(one));
  for (const [index, one] of [...many].reverse().entries()) metrics.recordRequestComplete(one, index);
  for (const stop of stops) stop();
  t.deepEqual(counts(), [20, 20, 0, 0, 20]);
  t.is(readHistogram(registry, catalogue.aiRequestDuration, by)?.sum, (19 * 20) / 2);
});

test('each end with an object that several requests share ends one of them', (t) => {
  const { metrics, counts } = recorder();
  const shared = request();
  const stops = [1, 2, 3].map(() => metrics.recordRequestStart(shared));
  stops[2]?.();
  for (let time = 0; time < 3; time++) metrics.recordRequestComplete(shared, 1);
  for (const stop of stops) stop();
  t.deepEqual(counts(), [3, 3, 0, 0, 3]);
});

test('an end without a start is recorded as reported', (t) => {
  const { metrics, counts } = recorder();
  metrics.recordRequestComplete(request(), 2);
  metrics.recordRequestError(request(), new TypeError('no'));
  t.deepEqual(counts(), [0, 1, 1, 0, 1], 'no seconds of the error, so no duration');
});

test('an abandoned request is not in progress and has no outcome', (t) => {
  const { metrics, counts } = recorder();
  const one = request();
  metrics.recordRequestStart(one);
  metrics.recordRequestAbandoned(one);
  metrics.recordRequestAbandoned(one);
  t.deepEqual(counts(), [1, 0, 0, 0, 0]);
});

test('in any order of calls, no request is timed twice and none stays in progress', (t) => {
  const step = fc.record({
    index: fc.integer({ min: 0, max: 4 }),
    what: fc.constantFrom('stop', 'complete', 'error'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { metrics, counts } = recorder();
      const requests = [0, 1, 2, 3, 4].map(request);
      const stops = requests.map((one) => metrics.recordRequestStart(one));
      for (const { index, what } of steps) {
        const one = requests[index] as AiRequest;
        if (what === 'stop') stops[index]?.();
        else if (what === 'complete') metrics.recordRequestComplete(one, 1);
        else metrics.recordRequestError(one, new TypeError('no'), 1);
      }
      const touched = new Set(steps.map(({ index }) => index));
      const decided = new Set(steps.filter(({ what }) => what !== 'stop').map(({ index }) => index));
      const [started, successful = 0, failed = 0, inProgress, timed] = counts();
      t.deepEqual([started, inProgress, timed], [5, 5 - touched.size, touched.size]);
      t.is(successful + failed, decided.size);
    }),
    { numRuns: 200 },
  );
});

// ---- tokens and costs ---------------------------------------------------------------------------------------------

test('tokens are counted by type, and absent types create no series', (t) => {
  const { metrics, tokens, registry } = recorder();
  metrics.recordTokenUsage('claude', 'large', 10, 20, { cacheRead: 3, reasoning: 0 });
  t.deepEqual(
    [tokens('input'), tokens('output'), tokens('cache_read'), tokens('cache_creation'), tokens('reasoning')],
    [10, 20, 3, undefined, 0],
  );
  t.is(registry.get('ai_unpriced_requests_total'), undefined, 'without prices the caller records the cost');
});

test('with prices, the cost is recorded with the tokens, and models without a price are counted', (t) => {
  const { metrics, registry } = recorder({ prices: { large: { input: 3, output: 15, cacheRead: 0.3 } } });
  metrics.recordTokenUsage('claude', 'large', 1_000_000, 100_000, { cacheRead: 500_000, reasoning: 100_000 });
  t.is(readValue(registry, catalogue.aiCost, by), 3 + 1.5 + 0.15 + 1.5);
  metrics.recordTokenUsage('claude', 'large', 1, 1, { cacheCreation: 5 });
  t.is(readValue(registry, catalogue.aiUnpricedRequests, by), 1, 'the price of a token type is not guessed');
  metrics.recordTokenUsage('claude', 'new', 1, 1);
  metrics.recordTokenUsage('claude', 'toString', 1, 1);
  t.is(readValue(registry, catalogue.aiUnpricedRequests, { ...by, model: 'new' }), 1);
  t.is(readValue(registry, catalogue.aiUnpricedRequests, { ...by, model: 'toString' }), 1);
  metrics.recordCost('claude', 'new', 0.25);
  t.is(readValue(registry, catalogue.aiCost, { ...by, model: 'new' }), 0.25);
});

test('prices can be a function of the model', (t) => {
  const registry = createTestRegistry();
  const metrics = new ProviderMetrics({
    registry,
    prices: (model) => (model.startsWith('large') ? { input: 1, output: 2 } : undefined),
  });
  metrics.recordTokenUsage('claude', 'large', 1_000_000, 0);
  t.is(readValue(registry, catalogue.aiCost, by), 1);
});

for (const [prices, message] of [
  [
    { large: { input: -1, output: 1 } },
    'Invalid price `input` of model `large` in `prices` of ProviderMetrics: expected US dollars for a million tokens, 0 or more, received -1.',
  ],
  [
    { large: { input: 1 } },
    'Invalid price `output` of model `large` in `prices` of ProviderMetrics: expected US dollars for a million tokens, 0 or more, received undefined.',
  ],
  [
    'cheap',
    'Invalid `prices` of ProviderMetrics: expected prices by model, or a function of the model, received "cheap".',
  ],
] as const) {
  test(`prices ${JSON.stringify(prices)} are refused`, (t) => {
    t.throws(() => new ProviderMetrics({ registry: createTestRegistry(), prices: prices as never }), {
      code: 'ERR_METRICS_INVALID_OPTION',
      message,
    });
  });
}

test('first tokens and retries are recorded', (t) => {
  const { metrics, registry } = recorder();
  metrics.recordFirstToken('claude', 'large', 0.4);
  metrics.recordRetry('claude', 'large', 'overload');
  t.like(readHistogram(registry, catalogue.aiTimeToFirstToken, by), { count: 1, sum: 0.4 });
  t.is(readValue(registry, catalogue.aiRetries, { ...by, reason: 'overload' }), 1);
});

// ---- rate limits --------------------------------------------------------------------------------------------------

test.serial('a rate limit is counted, and its reset counts down to 0', async (t) => {
  const pass = freezeDate(t);
  const { metrics, registry } = recorder();
  const reset = async (): Promise<number | undefined> =>
    (await readSamples(registry, catalogue.aiRateLimitReset)).find(
      ({ labels }) => labels.provider === 'claude',
    )?.value;
  metrics.recordRateLimit('claude', new Date(Date.now() + 60_000));
  t.is(readValue(registry, catalogue.aiRateLimits, { provider: 'claude' }), 1);
  t.is(await reset(), 60);
  metrics.setRateLimit('claude', { resetTime: Date.now() + 3_000 });
  t.is(await reset(), 3);
  pass(2_000);
  t.is(await reset(), 1);
  pass(2_000);
  t.is(await reset(), 0, 'never below');
  t.is(
    readValue(registry, catalogue.aiRateLimits, { provider: 'claude' }),
    1,
    'a limit that is only reported is not counted',
  );
  t.regex(
    await readText(registry),
    /^ai_rate_limit_reset_seconds\{provider="claude",resource="requests"\} 0$/m,
  );
});

test('a rate limit without a reset time is counted', (t) => {
  const { metrics, registry } = recorder();
  metrics.recordRateLimit('claude');
  t.is(readValue(registry, catalogue.aiRateLimits, { provider: 'claude' }), 1);
  t.is(registry.get('ai_rate_limit_reset_seconds'), undefined);
});

test('0 remaining is exposed', async (t) => {
  const { metrics, registry } = recorder();
  metrics.setRateLimit('claude', { remaining: 0 });
  metrics.setRateLimit('claude', { remaining: 7, limit: 30, resource: 'tokens' });
  t.regex(await readText(registry), /^ai_rate_limit_remaining\{provider="claude",resource="requests"\} 0$/m);
  const tokens = { provider: 'claude', resource: 'tokens' };
  t.is(readValue(registry, catalogue.aiRateLimitRemaining, tokens), 7);
  t.is(readValue(registry, catalogue.aiRateLimitLimit, tokens), 30);
});

test('a limit belongs to its model, and its reset to its resource', async (t) => {
  const { metrics, registry } = recorder();
  const resetTime = Date.now() - 1_000;
  metrics.setRateLimit('claude', {
    model: 'large',
    limit: 30_000,
    remaining: 29_000,
    resource: 'tokens',
    resetTime,
  });
  metrics.setRateLimit('claude', {
    model: 'small',
    limit: 2_000_000,
    remaining: 0,
    resource: 'tokens',
    resetTime,
  });
  const lines = (await readText(registry)).split('\n').filter((line) => line.startsWith('ai_rate_limit_'));
  t.deepEqual(lines, [
    'ai_rate_limit_reset_seconds{provider="claude",resource="tokens"} 0',
    'ai_rate_limit_remaining{provider="claude",model="large",resource="tokens"} 29000',
    'ai_rate_limit_remaining{provider="claude",model="small",resource="tokens"} 0',
    'ai_rate_limit_limit{provider="claude",model="large",resource="tokens"} 30000',
    'ai_rate_limit_limit{provider="claude",model="small",resource="tokens"} 2000000',
  ]);
});

test('a removed reset series is not exposed again by a scrape', async (t) => {
  const { metrics, registry } = recorder();
  metrics.recordRateLimit('claude', Date.now() + 60_000);
  registry.reset();
  t.deepEqual(await readSamples(registry, catalogue.aiRateLimitReset), []);
});

// ---- invalid input ----------------------------------------------------------------------------------------------------

for (const time of ['soon', Number.NaN, new Date(Number.NaN), 1e300]) {
  test(`a reset at ${String(time)} is counted as a recording error, and the limit still counts`, async (t) => {
    const { metrics, registry, recordingErrors } = recorder();
    metrics.recordRateLimit('claude', time);
    t.is(readValue(registry, catalogue.aiRateLimits, { provider: 'claude' }), 1);
    t.is(registry.get('ai_rate_limit_reset_seconds'), undefined);
    t.deepEqual(await recordingErrors(), [
      { metric: 'ai_rate_limit_reset_seconds', reason: 'value', value: 1 },
    ]);
  });
}

test('invalid token counts do not affect the others', async (t) => {
  const { metrics, tokens, recordingErrors } = recorder();
  metrics.recordTokenUsage('claude', 'large', Number.NaN, 20, { cacheRead: -1, reasoning: '5' as never });
  t.deepEqual(
    [tokens('input'), tokens('output'), tokens('cache_read'), tokens('reasoning')],
    [undefined, 20, undefined, undefined],
  );
  t.deepEqual(await recordingErrors(), [{ metric: 'ai_tokens_total', reason: 'value', value: 3 }]);
});

test('the number of models is limited', (t) => {
  const registry = createTestRegistry({ maxSeries: 50 });
  const metrics = new ProviderMetrics({ registry });
  for (let index = 0; index < 2_000; index++) {
    const one = { provider: 'claude', model: `made-up-${index}` };
    const stop = metrics.recordRequestStart(one);
    metrics.recordRequestComplete(one);
    stop();
  }
  for (const name of ['ai_requests_total', 'ai_requests_successful_total', 'ai_request_duration_seconds'])
    t.true((registry.get(name)?.series.size ?? 0) <= 66, name);
  t.is(readValue(registry, catalogue.aiRequestsInProgress, { provider: 'claude' }), 0);
});

test('invalid arguments never throw', async (t) => {
  const odd: unknown[] = [
    undefined,
    null,
    0,
    Number.NaN,
    '',
    'text',
    Symbol('s'),
    1n,
    {},
    [],
    () => 1,
    Object.create(null),
  ];
  const { metrics, recordingErrors } = recorder({ prices: { text: { input: 1, output: 1 } } });
  for (const one of odd) {
    for (const other of odd) {
      t.notThrows(() => {
        metrics.recordRequestStart(one as AiRequest)();
        metrics.recordRequestStart({ provider: one, model: other } as AiRequest)();
        metrics.recordRequestComplete(one as AiRequest, other as number);
        metrics.recordRequestError(one as AiRequest, other, other as number);
        metrics.recordRequestStart('claude', one as MessageRequest)();
        metrics.recordRequestComplete('claude', { model: 'text' }, one as MessageChunk[], other as number);
        metrics.recordRequestComplete('claude', { model: 'text' }, [{ tokens: one }] as MessageChunk[]);
        metrics.recordRequestError('claude', one as MessageRequest, other);
        metrics.recordRequestAbandoned(one as AiRequest);
        metrics.recordRateLimit(one as string, other as number);
        metrics.setRateLimit(one as string, other as never);
        metrics.recordTokenUsage(one as string, 'text', other as number, other as number, other as never);
        metrics.recordFirstToken(one as string, other as string, other as number);
        metrics.recordCost(one as string, other as string, other as number);
        metrics.recordRetry(one as string, other as string, other as string);
      });
    }
  }
  t.true((await recordingErrors()).length > 5);
});
