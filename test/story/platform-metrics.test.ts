/** `PlatformMetrics` over a collector, in the argument order of the story. */
import { PlatformMetrics, PrometheusMetricsCollector } from '@tamma/observability';
import { createTestRegistry } from '@tamma/observability/testing';
import test from 'ava';
import { freezeDate } from '../helpers/freeze-date.js';
import { type Issue, type PullRequest, pullRequest } from './platform-types.js';
import { scrapedLines } from './scraped-lines.js';

const inRepository = 'platform="github",repository="acme/app"';

function setUp() {
  const collector = new PrometheusMetricsCollector({ registry: createTestRegistry() });
  const lines = (sample: string) => scrapedLines(collector, sample);
  return { platform: new PlatformMetrics(collector), lines };
}

test('recordAPIRequest(platformName, endpoint, method, statusCode, seconds) counts and times the request', async (t) => {
  const { platform, lines } = setUp();
  platform.recordAPIRequest('github', '/repos/acme/app/issues', 'POST', 201, 0.25);
  t.deepEqual(await lines('api_requests_total'), [
    'api_requests_total{service="git_platform",platform="github",method="POST",status_code="201"} 1',
  ]);
  t.deepEqual(await lines('api_request_duration_seconds_sum'), [
    'api_request_duration_seconds_sum{service="git_platform",platform="github",method="POST"} 0.25',
  ]);
});

test('recordIssueCreated(platformName, issue) counts by repository', async (t) => {
  const { platform, lines } = setUp();
  const issue: Issue = { number: 3, title: 'Flaky test', repository: 'acme/app' };
  platform.recordIssueCreated('github', issue);
  t.deepEqual(await lines('issues_created_total'), [`issues_created_total{${inRepository}} 1`]);
});

test('recordPRCreated(platformName, pr) counts by repository', async (t) => {
  const { platform, lines } = setUp();
  platform.recordPRCreated('github', pullRequest);
  t.deepEqual(await lines('prs_created_total'), [`prs_created_total{${inRepository}} 1`]);
});

test('recordPRMerged(platformName, pr) counts the merge, and its hours from createdAt to mergedAt', async (t) => {
  const { platform, lines } = setUp();
  const { number, repository, createdAt } = pullRequest;
  const withoutTimes: PullRequest = { number, repository, createdAt };
  platform.recordPRMerged('github', pullRequest);
  platform.recordPRMerged('github', withoutTimes);
  platform.recordPRMerged('github', { repository, createdAt, mergedAt: createdAt });
  t.deepEqual(await lines('prs_merged_total'), [`prs_merged_total{${inRepository}} 3`]);
  t.deepEqual(await lines('pr_lifetime_hours_sum'), [`pr_lifetime_hours_sum{${inRepository}} 36`]);
  t.deepEqual(await lines('pr_lifetime_hours_count'), [`pr_lifetime_hours_count{${inRepository}} 2`]);
});

test.serial('recordRateLimit(platformName, resetTime) counts, and a reset in the past is 0', async (t) => {
  freezeDate(t);
  const { platform, lines } = setUp();
  platform.recordRateLimit('github', new Date(Date.now() + 60_000));
  platform.recordRateLimit('gitlab', new Date(Date.now() - 60_000));
  t.deepEqual(await lines('platform_rate_limits_total'), [
    'platform_rate_limits_total{platform="github"} 1',
    'platform_rate_limits_total{platform="gitlab"} 1',
  ]);
  t.deepEqual(await lines('platform_rate_limit_reset_seconds'), [
    'platform_rate_limit_reset_seconds{platform="github",resource="requests"} 60',
    'platform_rate_limit_reset_seconds{platform="gitlab",resource="requests"} 0',
  ]);
});

test('recordWebhookReceived(platformName, eventType) counts by event', async (t) => {
  const { platform, lines } = setUp();
  platform.recordWebhookReceived('github', 'issues.opened');
  t.deepEqual(await lines('webhooks_received_total'), [
    'webhooks_received_total{platform="github",event_type="issues.opened"} 1',
  ]);
});

test('recordWebhookProcessed(platformName, eventType, success) counts true as success and false as failure', async (t) => {
  const { platform, lines } = setUp();
  platform.recordWebhookProcessed('github', 'issues.opened', true);
  platform.recordWebhookProcessed('github', 'issues.opened', false);
  t.deepEqual(
    await lines('webhooks_processed_total'),
    ['success', 'failure'].map(
      (outcome) =>
        `webhooks_processed_total{platform="github",event_type="issues.opened",outcome="${outcome}"} 1`,
    ),
  );
});
