/** `ProviderMetrics` over a collector, in the argument order of the story. */
import { PrometheusMetricsCollector, ProviderMetrics } from '@tamma/observability';
import { createTestRegistry } from '@tamma/observability/testing';
import test from 'ava';
import { freezeDate } from '../helpers/freeze-date.js';
import { stopTimers } from '../helpers/manual-stopwatch.js';
import { type MessageChunk, request } from './platform-types.js';
import { scrapedLines } from './scraped-lines.js';

const labels = 'provider="anthropic-claude",model="claude-sonnet"';
const chunks: MessageChunk[] = [
  { content: 'The fix', tokens: 12 },
  { content: ' is in', tokens: 30 },
  { content: '.' },
];

function setUp() {
  const collector = new PrometheusMetricsCollector({ registry: createTestRegistry() });
  const lines = (sample: string) => scrapedLines(collector, sample);
  return { provider: new ProviderMetrics(collector), lines };
}

test.serial(
  'recordRequestStart(providerName, request) counts the request and returns its timer',
  async (t) => {
    const advance = stopTimers(t);
    const { provider, lines } = setUp();
    const stop: () => void = provider.recordRequestStart('anthropic-claude', request);
    advance(3);
    stop();
    t.deepEqual(await lines('ai_requests_total'), [`ai_requests_total{${labels},operation="message"} 1`]);
    t.deepEqual(await lines('ai_request_duration_seconds_sum'), [
      `ai_request_duration_seconds_sum{${labels}} 3`,
    ]);
  },
);

test('recordRequestComplete(providerName, request, chunks, seconds) counts the success and its tokens as output', async (t) => {
  const { provider, lines } = setUp();
  provider.recordRequestComplete('anthropic-claude', request, chunks, 6);
  t.deepEqual(await lines('ai_requests_successful_total'), [`ai_requests_successful_total{${labels}} 1`]);
  t.deepEqual(await lines('ai_tokens_total'), [`ai_tokens_total{${labels},token_type="output"} 42`]);
  t.deepEqual(await lines('ai_request_duration_seconds_sum'), [
    `ai_request_duration_seconds_sum{${labels}} 6`,
  ]);
});

test.serial(
  'a request that is both stopped and completed is timed once, and is no longer in progress',
  async (t) => {
    const advance = stopTimers(t);
    const { provider, lines } = setUp();
    const stop = provider.recordRequestStart('anthropic-claude', request);
    advance(3);
    stop();
    provider.recordRequestComplete('anthropic-claude', request, chunks, 3);
    t.deepEqual(await lines('ai_request_duration_seconds_count'), [
      `ai_request_duration_seconds_count{${labels}} 1`,
    ]);
    t.deepEqual(await lines('ai_requests_in_progress'), [
      'ai_requests_in_progress{provider="anthropic-claude"} 0',
    ]);
  },
);

test('recordRequestError(providerName, request, error) counts the failure and the error by its class', async (t) => {
  const { provider, lines } = setUp();
  provider.recordRequestStart('anthropic-claude', request);
  provider.recordRequestError('anthropic-claude', request, new SyntaxError('no JSON'));
  t.deepEqual(await lines('ai_requests_failed_total'), [
    `ai_requests_failed_total{${labels},error_type="SyntaxError"} 1`,
  ]);
  t.deepEqual(await lines('errors_total'), [
    'errors_total{error_type="SyntaxError",severity="medium",component="ai_provider"} 1',
  ]);
});

test.serial('recordRateLimit(providerName, resetTime) counts, and counts down to the reset', async (t) => {
  const pass = freezeDate(t);
  const { provider, lines } = setUp();
  provider.recordRateLimit('anthropic-claude', new Date(Date.now() + 30_000));
  t.deepEqual(await lines('ai_rate_limits_total'), ['ai_rate_limits_total{provider="anthropic-claude"} 1']);
  const reset = () => lines('ai_rate_limit_reset_seconds');
  t.deepEqual(await reset(), [
    'ai_rate_limit_reset_seconds{provider="anthropic-claude",resource="requests"} 30',
  ]);
  pass(40_000);
  t.deepEqual(await reset(), [
    'ai_rate_limit_reset_seconds{provider="anthropic-claude",resource="requests"} 0',
  ]);
});

test('recordTokenUsage(providerName, model, inputTokens, outputTokens) counts tokens by type, and no total', async (t) => {
  const { provider, lines } = setUp();
  provider.recordTokenUsage('anthropic-claude', request.model, 1200, 340);
  t.deepEqual(await lines('ai_tokens_total'), [
    `ai_tokens_total{${labels},token_type="input"} 1200`,
    `ai_tokens_total{${labels},token_type="output"} 340`,
  ]);
});
