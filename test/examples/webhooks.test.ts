// In a process of its own: it records in the shared registry.
/** All 329 real payloads through the example's endpoint, against a count of the payloads that shares no code with it. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Webhooks } from '@octokit/webhooks';
import { sharedRegistry } from '@tamma/observability';
import test from 'ava';
import Koa from 'koa';
import { GitHubWebhooks } from '../../examples/service/github-webhooks.js';
import type { Issue } from '../../examples/service/issue-workflow.js';
import { examplePayloads } from '../../examples/service/replay.js';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import type { MetricDefinition } from '../../lib/definition.js';
import { readSamples } from '../../lib/testing.js';
import { serve } from '../helpers/koa-server.js';

type Counts = Record<string, number>;

/** The payloads, in the format of the package's file. */
async function deliveries(): Promise<{ event: string; body: Record<string, never> }[]> {
  const file = createRequire(import.meta.url).resolve('@octokit/webhooks-examples');
  const events = JSON.parse(
    await readFile(file.replace(/index\.js$/, 'api.github.com/index.json'), 'utf8').catch(() =>
      readFile(file, 'utf8'),
    ),
  );
  return events.flatMap(({ name, examples }: { name: string; examples: Record<string, never>[] }) =>
    examples.map((body) => ({ event: name, body })),
  );
}

function count(counts: Counts, key: string, amount = 1): void {
  counts[key] = (counts[key] ?? 0) + amount;
}

async function recorded(metric: MetricDefinition, part = metric.name): Promise<Counts> {
  const counts: Counts = {};
  for (const { labels, value, metricName = metric.name } of await readSamples(sharedRegistry, metric))
    if (metricName === part) counts[Object.values(labels).join(' ')] = value;
  return counts;
}

test('the metrics equal an independent count of the payloads', async (t) => {
  const received: Counts = {};
  const processed: Counts = {};
  const issues: Counts = {};
  const opened: Counts = {};
  const merged: Counts = {};
  const hours: Counts = {};
  let work = 0;
  const all = await deliveries();
  t.is(all.length, 329);
  for (const { event, body } of all) {
    const { action, repository, pull_request } = body as {
      action?: string;
      repository?: { full_name: string };
      pull_request?: { merged: boolean; created_at: string; merged_at: string };
    };
    count(received, `github ${event}`);
    count(processed, `github ${event} ${event === 'merge_group' ? 'failure' : 'success'}`);
    const by = `github ${repository?.full_name}`;
    switch (`${event}.${action}`) {
      case 'issues.opened':
        count(issues, by);
        work += 1;
        break;
      case 'issues.reopened':
      case 'issues.labeled':
      case 'issue_comment.created':
        work += 1;
        break;
      case 'pull_request.opened':
        count(opened, by);
        break;
      case 'pull_request.closed':
        if (pull_request?.merged !== true) break;
        count(merged, by);
        count(
          hours,
          by,
          (Date.parse(pull_request.merged_at) - Date.parse(pull_request.created_at)) / 3_600_000,
        );
    }
  }

  const secret = 'test secret';
  const taken: Issue[] = [];
  const router = new GitHubWebhooks(secret, (issue) => taken.push(issue)).router();
  const server = await serve(new Koa().use(router.routes()));
  t.teardown(() => server.close());
  const webhooks = new Webhooks({ secret });
  const statuses: Counts = {};
  for (const { name, payload } of examplePayloads()) {
    const body = JSON.stringify(payload);
    const response = await fetch(`${server.url}/webhooks/github`, {
      method: 'POST',
      headers: { 'x-github-event': name, 'x-hub-signature-256': await webhooks.sign(body) },
      body,
    });
    await response.text();
    count(statuses, String(response.status));
  }

  t.true(Object.keys(received).length > 50 && work > 10);
  t.deepEqual(statuses, {
    202: 329 - (received['github merge_group'] ?? 0),
    422: received['github merge_group'] ?? 0,
  });
  t.deepEqual(await recorded(catalogue.webhooksReceived), received);
  t.deepEqual(await recorded(catalogue.webhooksProcessed), processed);
  t.deepEqual(await recorded(catalogue.issuesCreated), issues);
  t.deepEqual(await recorded(catalogue.prsCreated), opened);
  t.deepEqual(await recorded(catalogue.prsMerged), merged);
  t.deepEqual(await recorded(catalogue.prLifetime, 'pr_lifetime_hours_count'), merged);
  t.deepEqual(await recorded(catalogue.prLifetime, 'pr_lifetime_hours_sum'), hours);
  t.is(taken.length, work);
});
