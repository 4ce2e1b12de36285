/** `PlatformMetrics`: requests, pull requests, webhooks and invalid input. */
import test from 'ava';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import { PlatformMetrics } from '../../../lib/recorders/platform.js';
import { createTestRegistry, readHistogram, readSamples, readValue } from '../../../lib/testing.js';
import { freezeDate } from '../../helpers/freeze-date.js';

const repository = 'acme/app';
const by = { platform: 'github', repository };

function recorder() {
  const registry = createTestRegistry();
  return {
    registry,
    metrics: new PlatformMetrics({ registry }),
    lifetime: () => readHistogram(registry, catalogue.prLifetime, by),
    recordingErrors: async () =>
      (await readSamples(registry, catalogue.metricsRecordingErrors)).map(({ labels, value }) => ({
        ...labels,
        value,
      })),
  };
}

test('a request is counted and timed, and its path is not a label', async (t) => {
  const { registry, metrics } = recorder();
  metrics.recordAPIRequest('github', '/repos/acme/app/issues', 'post', 201, 0.2);
  metrics.recordAPIRequest('github', 'https://api.github.com/repos/acme/app?page=2', 'POST', 201, 0.3);
  metrics.recordAPIRequest('gitlab', 'https://git.acme.com/api/v4', 'BREW', 'ECONNRESET', 1);
  t.deepEqual(
    (await readSamples(registry, catalogue.apiRequests)).map(({ labels, value }) => ({ ...labels, value })),
    [
      { service: 'git_platform', platform: 'github', method: 'POST', status_code: '201', value: 2 },
      { service: 'git_platform', platform: 'gitlab', method: 'other', status_code: 'ECONNRESET', value: 1 },
    ],
  );
  t.like(
    readHistogram(registry, catalogue.apiRequestDuration, {
      service: 'git_platform',
      platform: 'github',
      method: 'POST',
    }),
    { count: 2, sum: 0.5 },
  );
});

test('issues and pull requests are counted by repository', (t) => {
  const { registry, metrics, lifetime } = recorder();
  metrics.recordIssueCreated('github', repository);
  metrics.recordPRCreated('github', repository);
  metrics.recordPRMerged('github', repository);
  for (const metric of [catalogue.issuesCreated, catalogue.prsCreated, catalogue.prsMerged])
    t.is(readValue(registry, metric, by), 1);
  t.is(lifetime(), undefined, 'no lifetime without times');
});

test('the lifetime of a pull request is in hours, from dates, texts or milliseconds', (t) => {
  const { registry, metrics, lifetime } = recorder();
  metrics.recordPRMerged('github', repository, '2026-11-24T10:00:00Z', '2026-11-24T12:30:00Z');
  metrics.recordPRMerged('github', repository, new Date(0), 3_600_000);
  metrics.recordPRMerged('github', repository, '2026-11-24T10:00:00Z', null);
  metrics.recordPRMerged('github', repository, undefined, new Date());
  metrics.recordPRMerged('github', repository, 5, 5);
  t.like(lifetime(), { count: 3, sum: 3.5 });
  t.is(readValue(registry, catalogue.prsMerged, by), 5);
});

for (const [createdAt, mergedAt, message] of [
  [
    'yesterday',
    new Date(),
    'Invalid `createdAt` of metric `pr_lifetime_hours`: expected a Date, a date text or milliseconds since 1970, received "yesterday".',
  ],
  [
    new Date(),
    new Date(Number.NaN),
    'Invalid `mergedAt` of metric `pr_lifetime_hours`: expected a Date, a date text or milliseconds since 1970, received an invalid date.',
  ],
  [
    '2026-11-24T10:00:00Z',
    '2026-11-24T09:00:00Z',
    'Invalid `mergedAt` of metric `pr_lifetime_hours`: expected a time after `createdAt` (2026-11-24T10:00:00.000Z), received 2026-11-24T09:00:00.000Z.',
  ],
] as const) {
  test(`merged at ${String(mergedAt)}, created at ${String(createdAt)}: the merge is counted, and its lifetime is a recording error`, async (t) => {
    const { registry, metrics, lifetime, recordingErrors } = recorder();
    metrics.recordPRMerged('github', repository, createdAt, mergedAt);
    t.is(readValue(registry, catalogue.prsMerged, by), 1);
    t.is(lifetime(), undefined);
    t.deepEqual(await recordingErrors(), [{ metric: 'pr_lifetime_hours', reason: 'value', value: 1 }]);
    t.true(registry.warnings[0]?.message.includes(message), registry.warnings[0]?.message);
  });
}

test('a class of dates whose `getTime` throws has its time, and an object that only inherits from Date has none', async (t) => {
  class Guarded extends Date {
    override getTime(): number {
      throw new Error('guarded');
    }
  }
  const { registry, metrics, lifetime, recordingErrors } = recorder();
  metrics.recordPRMerged('github', repository, new Guarded(0), new Guarded(3_600_000));
  t.like(lifetime(), { count: 1, sum: 1 });
  metrics.recordPRMerged('github', repository, Object.create(Date.prototype) as Date, new Date());
  t.like(lifetime(), { count: 1, sum: 1 });
  t.is(readValue(registry, catalogue.prsMerged, by), 2);
  t.deepEqual(await recordingErrors(), [{ metric: 'pr_lifetime_hours', reason: 'value', value: 1 }]);
  t.regex(registry.warnings[0]?.message ?? '', /received an invalid date\./);
});

test.serial('rate limits are counted and exposed, and their resets count down', async (t) => {
  freezeDate(t);
  const { registry, metrics } = recorder();
  metrics.recordRateLimit('github', Date.now() + 60_000);
  metrics.setRateLimit('gitlab', { remaining: 0, resource: 'core', resetTime: Date.now() - 1_000 });
  t.is(readValue(registry, catalogue.platformRateLimits, { platform: 'github' }), 1);
  t.is(readValue(registry, catalogue.platformRateLimits, { platform: 'gitlab' }), undefined);
  t.is(
    readValue(registry, catalogue.platformRateLimitRemaining, { platform: 'gitlab', resource: 'core' }),
    0,
  );
  const resets = await readSamples(registry, catalogue.platformRateLimitReset);
  t.is(resets.find(({ labels }) => labels.platform === 'github')?.value, 60);
  t.is(resets.find(({ labels }) => labels.platform === 'gitlab')?.value, 0, 'a past reset is 0');
});

test('webhooks are counted when received and when processed', (t) => {
  const { registry, metrics } = recorder();
  const hook = { platform: 'github', event_type: 'issues' };
  metrics.recordWebhookReceived('github', 'issues');
  metrics.recordWebhookProcessed('github', 'issues', 'success');
  metrics.recordWebhookProcessed('github', 'issues', 'ignored' as 'failure');
  t.is(readValue(registry, catalogue.webhooksReceived, hook), 1);
  t.is(readValue(registry, catalogue.webhooksProcessed, { ...hook, outcome: 'success' }), 1);
  t.is(readValue(registry, catalogue.webhooksProcessed, { ...hook, outcome: 'other' as 'failure' }), 1);
  t.is(
    readValue(registry, catalogue.metricsSeriesFolded, {
      metric: 'webhooks_processed_total',
      label: 'outcome',
    }),
    1,
  );
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
    {},
    [],
    () => 1,
    Object.create(null),
  ];
  const { metrics, recordingErrors } = recorder();
  for (const one of odd) {
    for (const other of odd) {
      t.notThrows(() => {
        metrics.recordAPIRequest(
          one as string,
          other as string,
          other as string,
          one as number,
          other as number,
        );
        metrics.recordIssueCreated(one as string, other as string);
        metrics.recordPRCreated(one as string, other as string);
        metrics.recordPRMerged('github', one as string, one as number, other as number);
        metrics.recordRateLimit(one as string, other as number);
        metrics.setRateLimit(one as string, other as never);
        metrics.recordWebhookReceived(one as string, other as string);
        metrics.recordWebhookProcessed(one as string, other as string, one as 'success');
      });
    }
  }
  t.true((await recordingErrors()).length > 5);
});
