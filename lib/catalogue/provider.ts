/** Requests to AI providers: number, duration, tokens, cost and rate limits. */
import { defineCounter, defineGauge, defineHistogram } from '../define.js';
import { label } from '../label.js';
import { aiDurationBuckets } from './buckets.js';

/** Incremented when a request starts. */
export const aiRequests = defineCounter({
  name: 'ai_requests_total',
  help: 'Requests to AI providers started.',
  labels: { provider: label(), model: label(), operation: label() },
});

/** Incremented when a request succeeds. */
export const aiRequestsSuccessful = defineCounter({
  name: 'ai_requests_successful_total',
  help: 'Requests to AI providers that succeeded.',
  labels: { provider: label(), model: label() },
});

/** Incremented when a request fails. */
export const aiRequestsFailed = defineCounter({
  name: 'ai_requests_failed_total',
  help: 'Requests to AI providers that failed, by error.',
  labels: { provider: label(), model: label(), error_type: label() },
});

/** +1 at the start of a request, -1 at its end. */
export const aiRequestsInProgress = defineGauge({
  name: 'ai_requests_in_progress',
  help: 'Requests to AI providers in progress.',
  labels: { provider: label() },
});

/** Observed once per request. */
export const aiRequestDuration = defineHistogram({
  name: 'ai_request_duration_seconds',
  help: 'Duration of requests to AI providers, in seconds.',
  labels: { provider: label(), model: label() },
  buckets: aiDurationBuckets,
});

/** Observed when the first token of a streamed reply arrives. */
export const aiTimeToFirstToken = defineHistogram({
  name: 'ai_time_to_first_token_seconds',
  help: 'Time to the first token of a streamed reply, in seconds.',
  labels: { provider: label(), model: label() },
  buckets: aiDurationBuckets,
});

/** Increased when a reply contains its token usage. Sum over `token_type` for the total, which has no series. */
export const aiTokens = defineCounter({
  name: 'ai_tokens_total',
  help: 'Tokens used, by type.',
  labels: {
    provider: label(),
    model: label(),
    token_type: label('input', 'output', 'cache_read', 'cache_creation', 'reasoning'),
  },
});

/** Increased when a reply contains its token usage and the price table has the model. */
export const aiCost = defineCounter({
  name: 'ai_cost_usd_total',
  help: 'Cost of requests to AI providers, in US dollars.',
  labels: { provider: label(), model: label() },
});

/** Incremented when a reply contains its token usage and the price table does not have the model. */
export const aiUnpricedRequests = defineCounter({
  name: 'ai_unpriced_requests_total',
  help: 'Requests to AI providers whose model has no price.',
  labels: { provider: label(), model: label() },
});

/** Incremented when a request is retried. */
export const aiRetries = defineCounter({
  name: 'ai_retries_total',
  help: 'Retries of requests to AI providers, by reason.',
  labels: { provider: label(), model: label(), reason: label() },
});

/** Incremented when a provider responds with 429 or another rate-limit status. */
export const aiRateLimits = defineCounter({
  name: 'ai_rate_limits_total',
  help: 'Requests that AI providers refused because of a rate limit.',
  labels: { provider: label() },
});

/** Computed at each scrape; never below 0. */
export const aiRateLimitReset = defineGauge({
  name: 'ai_rate_limit_reset_seconds',
  help: 'Seconds until the rate limit of an AI provider is reset, by resource.',
  labels: { provider: label(), resource: label() },
  aggregator: 'max',
});

/** 0 is exposed, since it is a value. A provider may have a limit per model. */
export const aiRateLimitRemaining = defineGauge({
  name: 'ai_rate_limit_remaining',
  help: 'Remaining quota of the rate limit of an AI provider, by model and resource.',
  labels: { provider: label(), model: label(), resource: label() },
  aggregator: 'min',
});

/** The full quota, for the share of `ai_rate_limit_remaining`. */
export const aiRateLimitLimit = defineGauge({
  name: 'ai_rate_limit_limit',
  help: 'Full quota of the rate limit of an AI provider, by model and resource.',
  labels: { provider: label(), model: label(), resource: label() },
  aggregator: 'max',
});
