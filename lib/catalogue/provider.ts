/** Requests to AI providers: how many, how long, at what cost. */
import { defineCounter, defineGauge, defineHistogram } from '../define.js';
import { label } from '../label.js';
import { aiDurationBuckets } from './buckets.js';

/** A request starts. */
export const aiRequests = defineCounter({
  name: 'ai_requests_total',
  help: 'Requests to AI providers started.',
  labels: { provider: label(), model: label(), operation: label() },
});

/** A request ends well. */
export const aiRequestsSuccessful = defineCounter({
  name: 'ai_requests_successful_total',
  help: 'Requests to AI providers that succeeded.',
  labels: { provider: label(), model: label() },
});

/** A request fails. */
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

/** Once a request, never twice. */
export const aiRequestDuration = defineHistogram({
  name: 'ai_request_duration_seconds',
  help: 'Time a request to an AI provider takes, in seconds.',
  labels: { provider: label(), model: label() },
  buckets: aiDurationBuckets,
});

/** The first token of a streamed reply arrives. */
export const aiTimeToFirstToken = defineHistogram({
  name: 'ai_time_to_first_token_seconds',
  help: 'Time to the first token of a streamed reply, in seconds.',
  labels: { provider: label(), model: label() },
  buckets: aiDurationBuckets,
});

/** A reply tells its usage. A total is a sum over `token_type`, never a series of its own. */
export const aiTokens = defineCounter({
  name: 'ai_tokens_total',
  help: 'Tokens used, by type.',
  labels: {
    provider: label(),
    model: label(),
    token_type: label('input', 'output', 'cache_read', 'cache_creation', 'reasoning'),
  },
});

/** A reply tells its usage, and the user's price table has the model. */
export const aiCost = defineCounter({
  name: 'ai_cost_usd_total',
  help: 'Cost of requests to AI providers, in US dollars.',
  labels: { provider: label(), model: label() },
});

/** A reply tells its usage, and the user's price table lacks the model. */
export const aiUnpricedRequests = defineCounter({
  name: 'ai_unpriced_requests_total',
  help: 'Requests to AI providers whose model has no price.',
  labels: { provider: label(), model: label() },
});

/** A request is tried again. */
export const aiRetries = defineCounter({
  name: 'ai_retries_total',
  help: 'Requests to AI providers tried again, by reason.',
  labels: { provider: label(), model: label(), reason: label() },
});

/** A provider answers 429 or the like. */
export const aiRateLimits = defineCounter({
  name: 'ai_rate_limits_total',
  help: 'Times an AI provider limited the rate.',
  labels: { provider: label() },
});

/** At the moment of reading, never below 0. */
export const aiRateLimitReset = defineGauge({
  name: 'ai_rate_limit_reset_seconds',
  help: 'Seconds until the rate limit of an AI provider is reset, by resource.',
  labels: { provider: label(), resource: label() },
  aggregator: 'max',
});

/** 0 is a value and is shown. Limits differ by model. */
export const aiRateLimitRemaining = defineGauge({
  name: 'ai_rate_limit_remaining',
  help: 'What the rate limit of an AI provider leaves, by model and resource.',
  labels: { provider: label(), model: label(), resource: label() },
  aggregator: 'min',
});

/** What `ai_rate_limit_remaining` is left of. */
export const aiRateLimitLimit = defineGauge({
  name: 'ai_rate_limit_limit',
  help: 'The rate limit of an AI provider, by model and resource.',
  labels: { provider: label(), model: label(), resource: label() },
  aggregator: 'max',
});
