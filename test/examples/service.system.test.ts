import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhooks } from '@octokit/webhooks';
import test from 'ava';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import type { MetricDefinition } from '../../lib/definition.js';
import {
  anthropicError,
  anthropicMessage,
  anthropicRateLimit,
  json,
  startApiServer,
} from '../helpers/api-server.js';
import { type ParsedSample, parseText } from '../helpers/parse-text.js';
import { type ServiceProcess, serviceEnd, startServiceProcess } from '../helpers/service-process.js';
import { until } from '../helpers/until.js';

const secret = 'test secret';

async function scrape(url: string): Promise<ParsedSample[]> {
  const response = await fetch(`${url}/metrics`);
  if (response.status !== 200) throw new Error(`/metrics answered ${response.status}`);
  return parseText(await response.text());
}

function total(
  samples: readonly ParsedSample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  return samples
    .filter(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    )
    .reduce((sum, { value }) => sum + value, 0);
}

async function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; body: unknown }> {
  const signature = typeof body === 'string' ? await new Webhooks({ secret }).sign(body) : '';
  const response = await fetch(`${url}/webhooks/github`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'ping',
      'x-hub-signature-256': signature,
      ...headers,
    },
    body,
  });
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
}

// ---- metrics ---------------------------------------------------------------------------------------------------

/** Counters of the catalogue that this service never increases, and why. */
const immobile: Readonly<Record<string, string>> = {
  http_server_aborted_bodies_total: 'its clients do not disconnect early',
  http_server_failed_bodies_total: 'its responses do not fail',
  metrics_series_folded_total: 'its labels stay within their budgets',
  metrics_recording_errors_total: 'its label sources do not fail',
  metrics_collector_errors_total: 'its collect functions do not fail',
  metrics_push_failures_total: 'it does not push',
};
const movable = Object.values<MetricDefinition>(catalogue)
  .filter(({ type, name }) => type === 'counter' && !(name in immobile))
  .map(({ name }) => name);

test.serial(
  'the replayed payloads increase every counter, and SIGINT waits for work in progress before it ends the process',
  async (t) => {
    // Fast, because durations do not matter; SIGINT is sent while workflows are in progress.
    const service = await startServiceProcess({ REPLAY_PACE: '150', SANDBOX: 'failing' });
    t.teardown(() => service.stop());
    t.true((await scrape(service.url)).length > 0);

    // One webhook with a forged signature, as every public endpoint receives them.
    await post(service.url, '{}', { 'x-hub-signature-256': 'sha256=00' });
    const still = (samples: readonly ParsedSample[]): string[] => {
      const wanted: [string, Record<string, string>][] = movable.map((name) => [name, {}]);
      for (const outcome of ['success', 'failure', 'escalation'])
        wanted.push(['issues_processed_total', { outcome }], ['workflows_completed_total', { outcome }]);
      for (const outcome of ['success', 'failure']) wanted.push(['webhooks_processed_total', { outcome }]);
      for (const platform of ['github', 'gitlab'])
        wanted.push(
          ['issues_processed_total', { platform }],
          ['issues_created_total', { platform }],
          ['prs_created_total', { platform }],
          ['prs_merged_total', { platform }],
          ['webhooks_received_total', { platform }],
          ['api_requests_total', { service: platform, platform }],
          ['platform_rate_limits_total', { platform }],
        );
      for (const provider of ['anthropic', 'openai'])
        wanted.push(
          ['ai_requests_successful_total', { provider }],
          ['ai_cost_usd_total', { provider }],
          ['ai_rate_limits_total', { provider }],
          ['ai_retries_total', { provider }],
          ['api_requests_total', { service: provider, status_code: '200' }],
        );
      for (const token_type of ['input', 'output', 'cache_read', 'cache_creation', 'reasoning'])
        wanted.push(['ai_tokens_total', { token_type }]);
      return wanted
        .filter(([name, labels]) => total(samples, name, labels) === 0)
        .map(([name, labels]) => `${name}${JSON.stringify(labels)}`);
    };
    let last: string[] = [];
    await until(
      'every counter above 0',
      async () => {
        last = still(await scrape(service.url));
        return last.length === 0 ? true : undefined;
      },
      120_000,
    ).catch((error: unknown) => t.log('still at 0:', last, error));
    t.deepEqual(last, []);

    const samples = await scrape(service.url);
    for (const name of [
      'issue_completion_duration_seconds',
      'workflow_completion_duration_seconds',
      'workflow_step_duration_seconds',
      'ai_request_duration_seconds',
      'ai_time_to_first_token_seconds',
      'api_request_duration_seconds',
      'test_execution_duration_seconds',
      'pr_lifetime_hours',
      'http_server_request_duration_seconds',
    ]) {
      t.true(total(samples, `${name}_count`) > 0, name);
    }
    for (const name of [
      'ai_rate_limit_limit',
      'ai_rate_limit_remaining',
      'ai_rate_limit_reset_seconds',
      'platform_rate_limit_limit',
      'platform_rate_limit_remaining',
      'platform_rate_limit_reset_seconds',
      'queue_depth',
      'pending_approvals',
      'active_autonomous_loops',
      'ai_requests_in_progress',
    ]) {
      t.true(
        samples.some((sample) => sample.name === name && sample.value >= 0),
        name,
      );
    }
    t.is(total(samples, 'build_info'), 1);
    t.is(total(samples, 'metrics_recording_errors_total'), 0);
    for (const name of ['issues_success_rate', 'issues_average_completion_duration_seconds'])
      t.true(total(samples, name) > 0, name);
    t.is(total(samples, 'http_server_request_duration_seconds_count', { route: 'unmatched' }), 0);
    // The service continues during a scrape, so related series may differ by a workflow.
    const sums = (now: readonly ParsedSample[]): Record<'counted' | 'expected', number[]> => {
      const ended = total(now, 'issues_processed_total');
      return {
        counted: [
          total(now, 'issues_success_rate'),
          total(now, 'issue_completion_duration_seconds_count'),
          total(now, 'active_autonomous_loops'),
        ],
        expected: [
          total(now, 'issues_processed_total', { outcome: 'success' }) / ended,
          ended,
          total(now, 'workflows_started_total') - total(now, 'workflows_completed_total'),
        ],
      };
    };
    const { counted, expected } = await until('a scrape during which no workflow ends', async () => {
      const found = sums(await scrape(service.url));
      return String(found.counted) === String(found.expected) ? found : undefined;
    });
    t.deepEqual(counted, expected);
    await until('a workflow in progress', async () =>
      total(await scrape(service.url), 'active_autonomous_loops') > 0 ? true : undefined,
    );
    t.is(await service.stop('SIGINT'), 'SIGINT');
  },
);

// ---- without replay, with changed settings ------------------------------------------------------------------

const token = 's3cret';
let folder: string;
let quiet: ServiceProcess;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tamma-token-'));
  await writeFile(join(folder, 'token'), `${token}\n`);
  quiet = await startServiceProcess({
    REPLAY: 'off',
    WEBHOOK_SECRET: secret,
    METRICS_PATH: '/internal',
    METRICS_TOKEN_FILE: join(folder, 'token'),
    SERVICE_NAME: 'agents',
    APP_VERSION: '1.2.3',
  });
});

test.after.always(async () => {
  await quiet?.stop();
  await rm(folder, { recursive: true });
});

const quietSamples = async (): Promise<ParsedSample[]> => parseText(await quietText());

async function quietText(): Promise<string> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${quiet.url}/internal`, { headers })).text();
}

test.serial('with REPLAY=off no payload is posted, and the index page lists the endpoints', async (t) => {
  t.is(total(await quietSamples(), 'method_calls_total'), 0);
  t.regex(await (await fetch(quiet.url)).text(), /GET {2}\/internal/);
});

test.serial('METRICS_PATH, METRICS_TOKEN_FILE, SERVICE_NAME and APP_VERSION are respected', async (t) => {
  t.is((await fetch(`${quiet.url}/metrics`)).status, 404);
  t.is((await fetch(`${quiet.url}/ready`)).status, 200);
  t.is((await fetch(`${quiet.url}/internal`)).status, 401);
  t.regex(
    await quietText(),
    /^build_info\{service="agents",version="1.2.3",revision="unknown",node_version="v\d+\.\d+\.\d+"\} 1$/m,
  );
});

test.serial(
  'unsigned, forged, oversized and non-JSON webhooks are refused and counted, and change nothing else',
  async (t) => {
    const { url } = quiet;
    const unmatched = (samples: readonly ParsedSample[]): number =>
      total(samples, 'http_server_request_duration_seconds_count', {
        route: 'unmatched',
        status_code: '404',
      });
    const before = unmatched(await quietSamples());
    t.deepEqual(await post(url, '{}', { 'x-hub-signature-256': '' }), {
      status: 401,
      body: { error: 'missing X-Hub-Signature-256' },
    });
    const forged = { status: 401, body: { error: 'the signature does not match the body' } };
    t.deepEqual(
      await post(url, '{}', { 'x-hub-signature-256': await new Webhooks({ secret: 'another' }).sign('{}') }),
      forged,
    );
    t.deepEqual(await post(url, '{}', { 'x-hub-signature-256': 'nonsense' }), forged);
    t.deepEqual(await post(url, '{"action":', {}), { status: 400, body: { error: 'the body is not JSON' } });
    t.deepEqual(await post(url, '[]'), { status: 400, body: { error: 'the body is not a JSON object' } });
    t.deepEqual(await post(url, '{}', { 'x-github-event': '' }), {
      status: 400,
      body: { error: 'missing X-GitHub-Event' },
    });
    const large = JSON.stringify({ text: 'x'.repeat(1024 * 1024) });
    t.deepEqual(await post(url, large), {
      status: 413,
      body: { error: 'the body is larger than 1048576 bytes' },
    });
    // In chunks, so that there is no Content-Length.
    const chunked = await fetch(`${url}/webhooks/github`, {
      method: 'POST',
      body: new Blob([large]).stream(),
      duplex: 'half',
    } as RequestInit);
    t.is(chunked.status, 413);
    t.is((await fetch(`${url}/webhooks/github`)).status, 405);
    t.is((await fetch(`${url}/nowhere`)).status, 404);

    const samples = await quietSamples();
    t.is(total(samples, 'errors_total', { error_type: 'webhook_signature', component: 'webhooks' }), 3);
    t.is(total(samples, 'webhooks_received_total'), 0);
    t.is(total(samples, 'workflows_started_total'), 0);
    const status = (status_code: string): number =>
      total(samples, 'http_server_request_duration_seconds_count', {
        route: '/webhooks/github',
        status_code,
      });
    t.deepEqual(['401', '400', '413', '405'].map(status), [3, 3, 2, 1]);
    t.is(unmatched(samples) - before, 1);

    t.deepEqual(
      await post(url, '{}'),
      { status: 202, body: { accepted: true } },
      'a valid one is still accepted',
    );
    t.is(total(await quietSamples(), 'webhooks_received_total', { event_type: 'ping' }), 1);
  },
);

test.serial('GitLab webhooks are accepted with our token, and refused and counted without it', async (t) => {
  const before = total(await quietSamples(), 'errors_total', { error_type: 'webhook_signature' });
  const send = async (token: string, body: object): Promise<number> =>
    (
      await fetch(`${quiet.url}/webhooks/gitlab`, {
        method: 'POST',
        headers: { 'x-gitlab-token': token },
        body: JSON.stringify(body),
      })
    ).status;
  t.is(await send('wrong', {}), 401);
  t.is(await send('', {}), 401);
  t.is(await send(secret, {}), 400);
  t.is(
    await send(secret, {
      object_kind: 'issue',
      project: { path_with_namespace: 'acme/app' },
      object_attributes: { action: 'open', title: 'Broken' },
    }),
    202,
  );
  const samples = await until('the end of the issue', async () => {
    const now = await quietSamples();
    return total(now, 'issues_processed_total', { platform: 'gitlab', provider: 'openai' }) === 1
      ? now
      : undefined;
  });
  t.is(total(samples, 'errors_total', { error_type: 'webhook_signature' }) - before, 2);
  t.is(
    total(samples, 'webhooks_processed_total', {
      platform: 'gitlab',
      event_type: 'issue',
      outcome: 'success',
    }),
    1,
  );
  t.is(total(samples, 'issues_created_total', { platform: 'gitlab', repository: 'acme/app' }), 1);
});

// ---- other settings ------------------------------------------------------------------------------------------------

test('METRICS_ENABLED=false responds with 404, and HOST sets the listen address', async (t) => {
  const service = await startServiceProcess({ REPLAY: 'off', METRICS_ENABLED: 'false', HOST: '127.0.0.2' });
  t.teardown(() => service.stop());
  t.regex(service.url, /^http:\/\/127\.0\.0\.2:\d+$/);
  t.is((await fetch(`${service.url}/metrics`)).status, 404);
});

test('a port that is in use is reported in one line, with exit code 1', async (t) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.teardown(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const { code, stderr } = await serviceEnd({ PORT: String(port) });
  t.is(code, 1);
  t.is(
    stderr,
    `Port ${port} of 127.0.0.1 is in use: choose another with PORT=3001 npm start, or PORT=0 for any free port.\n`,
  );
});

// ---- the real providers -------------------------------------------------------------------------------------------

test('with AI=real the SDKs use the configured URLs, and responses, rate limits and retries are recorded', async (t) => {
  const rateLimit = anthropicRateLimit('0', 3_600);
  const api = await startApiServer(json(anthropicMessage, 200, rateLimit));
  t.teardown(() => api.close());
  const soon = { 'retry-after-ms': '5' };
  api.next(
    json(anthropicError('rate_limit_error'), 429, { ...rateLimit, ...soon }),
    json(anthropicError('overloaded_error'), 529, soon),
  );
  const service = await startServiceProcess({
    REPLAY: 'off',
    WEBHOOK_SECRET: secret,
    AI: 'real',
    ANTHROPIC_API_KEY: 'key',
    ANTHROPIC_BASE_URL: api.url,
    OPENAI_API_KEY: 'key',
    OPENAI_BASE_URL: api.url,
  });
  t.teardown(() => service.stop());
  await post(
    service.url,
    JSON.stringify({
      action: 'opened',
      issue: { title: 'Broken', labels: [{ name: 'bug' }] },
      repository: { full_name: 'acme/app' },
    }),
    { 'x-github-event': 'issues' },
  );
  const samples = await until('a reply', async () => {
    const now = await scrape(service.url);
    return total(now, 'ai_requests_successful_total') > 0 && total(now, 'workflows_completed_total') > 0
      ? now
      : undefined;
  });
  const by = { provider: 'anthropic' };
  const replies = total(samples, 'ai_requests_successful_total', by);
  t.is(total(samples, 'ai_requests_total', by), replies);
  t.is(total(samples, 'ai_request_duration_seconds_count', by), replies);
  // The host is in no table, so the names come from the decorator.
  t.is(total(samples, 'ai_rate_limits_total', by), 1);
  t.is(total(samples, 'ai_retries_total', { ...by, reason: 'rate_limit' }), 1);
  t.is(total(samples, 'ai_retries_total', { ...by, reason: 'overload' }), 1);
  t.is(total(samples, 'api_requests_total', { service: 'anthropic', status_code: '529' }), 1);
  t.is(total(samples, 'ai_tokens_total', { ...by, token_type: 'input' }) % 10, 0);
  const remaining = samples.find(
    ({ name, labels }) => name === 'ai_rate_limit_remaining' && labels.resource === 'requests',
  );
  t.is(remaining?.value, 0, '0 is exposed');
  // The limit of requests resets in one hour, that of tokens in two.
  const resetOf = (resource: string): number =>
    total(samples, 'ai_rate_limit_reset_seconds', { ...by, resource });
  const [requests, tokens] = [resetOf('requests'), resetOf('input_tokens')];
  t.true(requests > 0 && requests <= 3_600, String(requests));
  t.true(tokens > 3_600 && tokens <= 7_200, String(tokens));
  t.is(total(samples, 'issues_created_total', { platform: 'github', repository: 'acme/app' }), 1);
});
