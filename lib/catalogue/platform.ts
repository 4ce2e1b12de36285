/** Git platforms: their rate limits and their webhooks. */
import { defineCounter, defineGauge } from '../define.js';
import { label } from '../label.js';

/** Incremented when a platform responds with 429 or another rate-limit status. */
export const platformRateLimits = defineCounter({
  name: 'platform_rate_limits_total',
  help: 'Requests that git platforms refused because of a rate limit.',
  labels: { platform: label() },
});

/** Computed at each scrape; never below 0. */
export const platformRateLimitReset = defineGauge({
  name: 'platform_rate_limit_reset_seconds',
  help: 'Seconds until the rate limit of a git platform is reset, by resource.',
  labels: { platform: label(), resource: label() },
  aggregator: 'max',
});

/** 0 is exposed, since it is a value. */
export const platformRateLimitRemaining = defineGauge({
  name: 'platform_rate_limit_remaining',
  help: 'Remaining quota of the rate limit of a git platform, by resource.',
  labels: { platform: label(), resource: label() },
  aggregator: 'min',
});

/** The full quota, for the share of `platform_rate_limit_remaining`. */
export const platformRateLimitLimit = defineGauge({
  name: 'platform_rate_limit_limit',
  help: 'Full quota of the rate limit of a git platform, by resource.',
  labels: { platform: label(), resource: label() },
  aggregator: 'max',
});

/** Incremented when a webhook arrives. */
export const webhooksReceived = defineCounter({
  name: 'webhooks_received_total',
  help: 'Webhooks received, by event.',
  labels: { platform: label(), event_type: label() },
});

/** Incremented when a webhook has been handled. */
export const webhooksProcessed = defineCounter({
  name: 'webhooks_processed_total',
  help: 'Webhooks handled, by event and outcome.',
  labels: { platform: label(), event_type: label(), outcome: label('success', 'failure') },
});
