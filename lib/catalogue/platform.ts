/** Git platforms: their rate limits and their webhooks. */
import { defineCounter, defineGauge } from '../define.js';
import { label } from '../label.js';

/** A platform answers 429 or the like. */
export const platformRateLimits = defineCounter({
  name: 'platform_rate_limits_total',
  help: 'Times a git platform limited the rate.',
  labels: { platform: label() },
});

/** At the moment of reading, never below 0. */
export const platformRateLimitReset = defineGauge({
  name: 'platform_rate_limit_reset_seconds',
  help: 'Seconds until the rate limit of a git platform is reset, by resource.',
  labels: { platform: label(), resource: label() },
  aggregator: 'max',
});

/** 0 is a value and is shown. */
export const platformRateLimitRemaining = defineGauge({
  name: 'platform_rate_limit_remaining',
  help: 'What the rate limit of a git platform leaves, by resource.',
  labels: { platform: label(), resource: label() },
  aggregator: 'min',
});

/** What `platform_rate_limit_remaining` is left of. */
export const platformRateLimitLimit = defineGauge({
  name: 'platform_rate_limit_limit',
  help: 'The rate limit of a git platform, by resource.',
  labels: { platform: label(), resource: label() },
  aggregator: 'max',
});

/** A webhook arrives. */
export const webhooksReceived = defineCounter({
  name: 'webhooks_received_total',
  help: 'Webhooks received, by event.',
  labels: { platform: label(), event_type: label() },
});

/** A webhook has been handled. */
export const webhooksProcessed = defineCounter({
  name: 'webhooks_processed_total',
  help: 'Webhooks handled, by event and outcome.',
  labels: { platform: label(), event_type: label(), outcome: label('success', 'failure') },
});
