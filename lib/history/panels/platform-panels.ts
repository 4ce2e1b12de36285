/** Panels of git platforms: API requests, headroom and webhooks. */
import { apiRequestDuration, apiRequests } from '../../catalogue/api.js';
import {
  platformRateLimitLimit,
  platformRateLimitRemaining,
  webhooksProcessed,
  webhooksReceived,
} from '../../catalogue/platform.js';
import type { Formula } from '../panel.js';
import { current, equals, quantile, rate, section, share, startsWith } from './build.js';

/** What is not a status below 500 is a failure: a status of 500 or above, or the name of a network error. */
const failures: Formula = {
  ratio: [rate(apiRequests, { match: [startsWith('status_code', '1', '2', '3', '4')] }), rate(apiRequests)],
  complement: true,
};

export const platformSection = section('platforms', 'Git platforms', [
  {
    id: 'api-requests',
    title: 'API requests',
    description: 'Outgoing requests per second, by service.',
    unit: 'perSecond',
    lines: { '{service}': rate(apiRequests, { by: ['service'] }) },
    tile: rate(apiRequests),
  },
  {
    id: 'api-errors',
    title: 'API errors',
    description: 'Failed outgoing requests as a share of all.',
    unit: 'share',
    lines: { failed: failures },
    tile: failures,
  },
  {
    id: 'api-duration',
    title: 'API duration, p95',
    description: 'The time within which 95 of 100 outgoing requests are answered, by service.',
    unit: 'seconds',
    lines: { '{service}': quantile(apiRequestDuration, 0.95, { by: ['service'] }) },
    tile: quantile(apiRequestDuration, 0.95),
  },
  {
    id: 'api-headroom',
    title: 'Headroom',
    description: 'What rate limits leave, as a share of them, by platform.',
    unit: 'share',
    lines: {
      '{platform}': share(
        current(platformRateLimitRemaining, { by: ['platform'] }),
        current(platformRateLimitLimit, { by: ['platform'] }),
      ),
    },
    tile: share(current(platformRateLimitRemaining), current(platformRateLimitLimit)),
  },
]);

export const webhookSection = section('webhooks', 'Webhooks', [
  {
    id: 'webhooks-received',
    title: 'Webhooks',
    description: 'Webhooks received per minute, by platform.',
    unit: 'perMinute',
    chart: 'stacked',
    lines: { '{platform}': rate(webhooksReceived, { by: ['platform'], times: 60 }) },
    tile: rate(webhooksReceived, { times: 60 }),
  },
  {
    id: 'webhooks-failed',
    title: 'Failures',
    description: 'Webhooks that could not be handled, as a share of those that were.',
    unit: 'share',
    lines: {
      failed: share(
        rate(webhooksProcessed, { match: [equals('outcome', 'failure')] }),
        rate(webhooksProcessed),
      ),
    },
    tile: share(rate(webhooksProcessed, { match: [equals('outcome', 'failure')] }), rate(webhooksProcessed)),
  },
]);
