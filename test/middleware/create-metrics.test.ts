// In a process of its own: it records in the shared registry.
/** `createMetrics` as a whole, from the configuration to the last connection. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import Router from '@koa/router';
import test from 'ava';
import Koa from 'koa';
import { catalogue } from '../../lib/catalogue/catalogue.js';
import { loadMetricsConfig } from '../../lib/config.js';
import { createMetrics, defineCounter, label, sharedRegistry } from '../../lib/index.js';
import { createTestRegistry, readSamples, readText, readValue } from '../../lib/testing.js';
import { json, startApiServer } from '../helpers/api-server.js';
import { serve } from '../helpers/koa-server.js';
import { isListening } from '../helpers/listening.js';
import { temporaryFolder } from '../helpers/temporary-folder.js';
import { until } from '../helpers/until.js';

const local = { METRICS_ENDPOINT: '127.0.0.1', METRICS_PORT: '0' };

test.serial(
  'a service measures requests, recorders, outgoing requests, derived gauges, Node and health from start to stop',
  async (t) => {
    const registry = createTestRegistry();
    const api = await startApiServer(json({}));
    const metrics = createMetrics(
      loadMetricsConfig({ ...local, SERVICE_NAME: 'agents', APP_VERSION: '1.2.3' }),
      {
        registry,
        revision: 'abc',
        drainSeconds: 0.2,
        fetch: { hosts: { [api.host]: { service: 'ours' } } },
        prices: { large: { input: 1, output: 1 } },
      },
    );
    t.is(metrics.url, undefined);
    const router = new Router();
    router.get('/hello/:name', (ctx) => {
      ctx.body = ctx.params.name;
    });
    const app = await serve(
      new Koa().use(metrics.requestMetrics({ statusCode: 'class' })).use(router.routes()),
    );
    t.teardown(async () => {
      await Promise.all([app.close(), api.close()]);
    });
    metrics.health.add('database', () => true);
    const starting = metrics.start();
    t.is(metrics.start(), starting, 'a second start returns the same promise');
    await starting;

    await (await fetch(`${app.url}/hello/you`)).text();
    await (await fetch(api.url)).text();
    metrics.workflow.recordIssueProcessed({ workflowId: 1, workflowType: 'issue' }, 'success', 3);
    metrics.provider.recordTokenUsage('claude', 'large', 1_000_000, 0);
    metrics.platform.recordPRCreated('github', 'acme/app');
    metrics.collector.incrementCounter('escalations_total', {
      reason: 'stuck',
      severity: 'low',
      workflow_type: 'issue',
    });
    const text = await until('the outgoing requests', async () => {
      const scraped = await (await fetch(`${metrics.url}/metrics`)).text();
      return /service="ours"/.test(scraped) && /route="\/hello/.test(scraped) ? scraped : undefined;
    });
    for (const line of [
      /^http_server_request_duration_seconds_count\{method="GET",route="\/hello\/:name",status_code="2xx"\} 1$/m,
      /^api_requests_total\{service="ours",method="GET",status_code="200"\} 1$/m,
      /^issues_success_rate 1$/m,
      /^ai_cost_usd_total\{provider="claude",model="large"\} 1$/m,
      /^prs_created_total\{platform="github",repository="acme\/app"\} 1$/m,
      /^escalations_total\{reason="stuck",severity="low",workflow_type="issue"\} 1$/m,
      new RegExp(
        `^build_info\\{service="agents",version="1.2.3",revision="abc",node_version="${process.version}"\\} 1$`,
        'm',
      ),
      /^process_resident_memory_bytes \d+$/m,
    ])
      t.regex(text, line);
    t.is((await fetch(`${metrics.url}/readyz`)).status, 200);

    const { url } = metrics;
    t.true(isListening(url));
    const stopping = metrics.stop();
    t.is((await fetch(`${url}/ready`)).status, 503, 'it drains before it closes');
    t.is((await fetch(`${url}/health`)).status, 200);
    await stopping;
    t.false(isListening(url));
    await metrics.stop();
    await (await fetch(api.url)).text();
    t.is(
      (await readSamples(registry, catalogue.apiRequests)).filter(
        ({ labels }) => labels.service === 'ours',
      )[0]?.value,
      1,
      'outgoing requests are no longer measured',
    );
  },
);

test.serial('with METRICS_ENABLED=false only health is served, and nothing is measured', async (t) => {
  const registry = createTestRegistry();
  const metrics = createMetrics(loadMetricsConfig({ ...local, METRICS_ENABLED: 'false' }), {
    registry,
    drainSeconds: 0,
  });
  const app = await serve(
    new Koa().use(metrics.requestMetrics()).use((ctx) => {
      ctx.body = 'ok';
    }),
  );
  t.teardown(() => app.close());
  await metrics.start();
  t.is(await (await fetch(app.url)).text(), 'ok');
  t.is((await fetch(`${metrics.url}/metrics`)).status, 404);
  t.is((await fetch(`${metrics.url}/ready`)).status, 200);
  t.deepEqual(await readSamples(registry, catalogue.httpServerRequestDuration), []);
  t.deepEqual(await readSamples(registry, catalogue.apiRequests), []);
  await metrics.stop();
});

test.serial('METRICS_MAX_SERIES applies also to metrics registered before', async (t) => {
  const registry = createTestRegistry();
  const calls = registry.counter(
    defineCounter({ name: 'calls_total', help: 'Calls.', labels: { kind: label() } }),
  );
  calls.inc({ kind: 'before' });
  createMetrics(loadMetricsConfig({ METRICS_MAX_SERIES: '3' }), { registry });
  for (let kind = 0; kind < 10; kind++) calls.inc({ kind: `k${kind}` });
  t.is(
    readValue(registry, defineCounter({ name: 'calls_total', help: 'Calls.', labels: { kind: label() } }), {
      kind: 'other',
    }),
    8,
  );
});

test.serial('a port that is in use rejects the start, and no other part is started', async (t) => {
  const first = createMetrics(loadMetricsConfig(local), { registry: createTestRegistry(), drainSeconds: 0 });
  await first.start();
  const registry = createTestRegistry();
  const second = createMetrics(
    { host: '127.0.0.1', port: Number(new URL(first.url ?? '').port) },
    { registry },
  );
  await t.throwsAsync(second.start(), { code: 'ERR_METRICS_LISTEN' });
  t.is(registry.get('build_info'), undefined);
  await second.stop();
  await first.stop();
});

test.serial('`server: false` starts no server, and stop without start resolves immediately', async (t) => {
  const metrics = createMetrics({}, { server: false, fetch: false, defaultMetrics: false });
  t.is(metrics.registry, sharedRegistry);
  await metrics.start();
  t.is(metrics.url, undefined);
  await metrics.stop();
  await createMetrics({}, { registry: createTestRegistry() }).stop();
});

test.serial('a start that fails at its last part stops the earlier parts', async (t) => {
  const registry = createTestRegistry();
  const api = await startApiServer(json({}));
  t.teardown(() => api.close());
  const metrics = createMetrics(
    { host: '127.0.0.1', port: 0, pushUrl: 'http://127.0.0.1:9091' },
    {
      registry,
      push: { job: '' },
      defaultMetrics: false,
      fetch: { hosts: { [api.host]: { service: 'ours' } } },
    },
  );
  const listeners = process.listenerCount('exit');
  await t.throwsAsync(metrics.start(), { code: 'ERR_METRICS_INVALID_OPTION', message: /`job` of startPush/ });
  t.false(isListening(metrics.url), 'the server is closed');
  t.is(process.listenerCount('exit'), listeners);
  await (await fetch(api.url)).text();
  t.false((await readText(registry)).includes('service="ours"'), 'outgoing requests are no longer measured');
  metrics.workflow.recordIssueProcessed({ workflowId: 1, workflowType: 'issue' }, 'success', 3);
  t.notRegex(await readText(registry), /^issues_success_rate 1$/m, 'gauges are no longer derived');
  await metrics.stop();
});

test.serial('two instances on one registry can start at the same time', async (t) => {
  const registry = createTestRegistry();
  const both = [1, 2].map(() =>
    createMetrics({ host: '127.0.0.1', port: 0 }, { registry, fetch: false, drainSeconds: 0 }),
  );
  await Promise.all(both.map((each) => each.start()));
  t.regex(await readText(registry), /^process_cpu_user_seconds_total /m);
  await Promise.all(both.map((each) => each.stop()));
});

test.serial('a misspelt setting is an error, as a misspelt option is', (t) => {
  t.throws(() => createMetrics({ prot: 1 } as never, { registry: createTestRegistry() }), {
    code: 'ERR_METRICS_INVALID_CONFIG',
    message:
      'Invalid configuration: `prot`: expected a known setting, received an unknown one; did you mean `port`?.',
  });
});

test.serial(
  'with snapshots, pushes of all runs use one group, so that restored values are pushed once',
  async (t) => {
    const paths: string[] = [];
    const gateway = createServer((request, response) => {
      paths.push(request.url ?? '');
      request.resume().once('end', () => response.writeHead(202).end());
    }).listen(0, '127.0.0.1');
    await once(gateway, 'listening');
    t.teardown(() => gateway.close());
    const pushUrl = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
    const folder = await temporaryFolder(t);
    for (const snapshotFile of [join(folder, 'metrics.om'), undefined]) {
      const metrics = createMetrics(
        { pushUrl, snapshotFile },
        {
          registry: createTestRegistry(),
          server: false,
          fetch: false,
          defaultMetrics: false,
          drainSeconds: 0,
        },
      );
      await metrics.start();
      await metrics.stop();
    }
    t.is(paths[0], `/metrics/job/tamma/instance/${hostname()}`);
    t.regex(paths[1] ?? '', new RegExp(`^/metrics/job/tamma/instance/${hostname()}:${process.pid}$`));
  },
);
