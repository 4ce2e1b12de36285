/** Contents of a real Pushgateway after pushes, after an outage, and after a batch job. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import { Counter, Gauge } from 'prom-client';
import { catalogue } from '../../../lib/catalogue/catalogue.js';
import { defineCounter, defineGauge, defineHistogram, defineSummary } from '../../../lib/define.js';
import { label } from '../../../lib/label.js';
import type { PushOptions } from '../../../lib/push/push-options.js';
import { type MetricsPush, startPush } from '../../../lib/push/pushgateway.js';
import { createTestRegistry, readValue, type TestRegistry } from '../../../lib/testing.js';
import { anyCharacter } from '../../helpers/any-character.js';
import { compiled, fromRoot } from '../../helpers/package-root.js';
import { parseText } from '../../helpers/parse-text.js';
import { testWith, testWithBoth } from '../../helpers/programs.js';
import { type PushedGroup, type Pushgateway, startPushgateway } from '../../helpers/pushgateway.js';
import type { ServiceHealth } from '../../helpers/pushing-service.js';
import { type RecordingGateway, startRecordingGateway } from '../../helpers/recording-gateway.js';
import { until } from '../../helpers/until.js';

const jobs = defineCounter({ name: 'jobs_total', help: 'Jobs.' });
const queueDepth = defineGauge({ name: 'queue_depth', help: 'Waiting.', labels: { queue: label() } });

/** Number of pushes and of failed pushes that are compared. */
const pushes = 15;

/** A push that ends with its test. No test waits for its interval. */
function pushing(t: ExecutionContext, options: PushOptions): MetricsPush {
  const push = startPush({ intervalSeconds: 3_600, pushOnBeforeExit: false, timeoutSeconds: 60, ...options });
  t.teardown(() => push.stop({ deadlineSeconds: 0 }));
  return push;
}

async function gatewayFor(
  t: ExecutionContext,
  program: string,
  options: { readonly webConfig?: string } = {},
): Promise<Pushgateway> {
  const gateway = await startPushgateway({ program, ...options });
  t.teardown(() => gateway.stop());
  return gateway;
}

async function recordingFor(
  t: ExecutionContext,
  answer?: Parameters<typeof startRecordingGateway>[0],
): Promise<RecordingGateway> {
  const recording = await startRecordingGateway(answer);
  t.teardown(() => recording.close());
  return recording;
}

function failuresOf(registry: TestRegistry, { target }: MetricsPush): number | undefined {
  return readValue(registry, catalogue.metricsPushFailures, { target });
}

/** The metrics of a group, without those that the gateway adds. */
function names({ metrics }: PushedGroup | { metrics: ReadonlyMap<string, unknown> }): string[] {
  return [...metrics.keys()].filter((name) => !/^(push_|metrics_push_)/.test(name)).sort();
}

testWithBoth(
  ['pushgateway'],
  'metrics of every type, also third-party ones, are pushed',
  async (t, { pushgateway }) => {
    const gateway = await gatewayFor(t, pushgateway);
    const registry = createTestRegistry();
    registry.counter(jobs).inc(3);
    registry.gauge(queueDepth).set({ queue: 'new "ones"\n\\' }, 2.5);
    registry.histogram(defineHistogram({ name: 'wait_seconds', help: 'Wait.', buckets: [1, 5] })).observe(2);
    registry.summary(defineSummary({ name: 'size_bytes', help: 'Size.' })).observe(7);
    registry.counter(defineCounter({ name: 'never_total', help: 'Never.', labels: { queue: label() } }));
    new Counter({
      name: 'third_party_total',
      help: 'Third-party.',
      labelNames: ['a'],
      registers: [registry.prometheus],
    }).inc({ a: 'x' }, 4);
    const push = pushing(t, { url: gateway.url, job: 'all', grouping: { instance: 'one' }, registry });
    t.true(await push.pushNow());

    const samples = parseText(await gateway.exposition()).filter(({ labels }) => labels.job === 'all');
    const value = (name: string, labels: Record<string, string> = {}): number | undefined =>
      samples.find(
        (sample) =>
          sample.name === name &&
          Object.entries({ instance: 'one', ...labels }).every(([key, text]) => sample.labels[key] === text),
      )?.value;
    t.is(value('jobs_total'), 3);
    t.is(value('queue_depth', { queue: 'new "ones"\n\\' }), 2.5);
    t.is(value('wait_seconds_bucket', { le: '1' }), 0);
    t.is(value('wait_seconds_bucket', { le: '5' }), 1);
    t.is(value('wait_seconds_bucket', { le: '+Inf' }), 1);
    t.is(value('wait_seconds_sum'), 2);
    t.is(value('size_bytes_count'), 1);
    t.is(value('third_party_total', { a: 'x' }), 4);
    t.is(
      value('metrics_push_failures_total', { target: gateway.url }),
      0,
      'exposed before the first failure',
    );
    t.deepEqual(registry.warnings, []);
  },
);

testWithBoth(['pushgateway'], 'PUT replaces the group', async (t, { pushgateway }) => {
  const gateway = await gatewayFor(t, pushgateway);
  const registry = createTestRegistry();
  registry.counter(jobs).inc();
  registry.gauge(queueDepth).set({ queue: 'a' }, 1);
  const push = pushing(t, { url: gateway.url, job: 'put', grouping: {}, registry });
  await push.pushNow();
  registry.prometheus.removeSingleMetric(queueDepth.name);
  registry.counter(jobs).inc();
  await push.pushNow();

  t.deepEqual((await gateway.groups()).map(names), [['jobs_total']]);
  t.is(await gateway.value('jobs_total'), 2);
});

testWithBoth(['pushgateway'], 'POST keeps metrics of other names', async (t, { pushgateway }) => {
  const gateway = await gatewayFor(t, pushgateway);
  const [first, second] = [createTestRegistry(), createTestRegistry()];
  first.counter(jobs).inc();
  second.gauge(queueDepth).set({ queue: 'a' }, 1);
  for (const registry of [first, second])
    await pushing(t, { url: gateway.url, job: 'post', grouping: {}, method: 'POST', registry }).pushNow();

  t.deepEqual((await gateway.groups()).map(names), [['jobs_total', 'queue_depth']]);
});

testWith(
  ['pushgateway'],
  'the body is compressed unless `gzip` is false, and has no timestamps',
  async (t, { pushgateway }) => {
    const gateway = await gatewayFor(t, pushgateway);
    const recording = await recordingFor(t, gateway.url);
    const registry = createTestRegistry({ maxSeries: 5_000 });
    for (let queue = 0; queue < 3_000; queue++) registry.gauge(queueDepth).set({ queue: `q${queue}` }, queue);
    for (const gzip of [true, false]) {
      const options = { url: recording.url, job: `gzip-${gzip}`, grouping: {}, gzip, registry };
      t.true(await pushing(t, options).pushNow());
    }

    const [packed, plain] = recording.received;
    t.is(packed?.headers['content-encoding'], 'gzip');
    t.is(plain?.headers['content-encoding'], undefined);
    t.is(packed?.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    t.true((packed?.bytes.length ?? 0) * 5 < (plain?.bytes.length ?? 0));
    t.notThrows(() => parseText(packed?.text ?? ''), 'a third column would be a timestamp');
    for (const { metrics } of await gateway.groups()) t.is(metrics.get('queue_depth')?.length, 3_000);
  },
);

testWith(
  ['pushgateway'],
  'constant labels are added to every series, and the grouping key overwrites labels of a series',
  async (t, { pushgateway }) => {
    const gateway = await gatewayFor(t, pushgateway);
    const registry = createTestRegistry();
    registry.counter(jobs).inc();
    registry.gauge(queueDepth).set({ queue: 'own' }, 1);
    new Gauge({ name: 'third_party', help: 'Third-party.', registers: [registry.prometheus] }).set(1);
    await pushing(t, {
      url: gateway.url,
      job: 'labels',
      grouping: { queue: 'of the key' },
      constantLabels: { version: '1.2.3', environment: 'te"st', job: 'not this one' },
      registry,
    }).pushNow();

    const [group] = await gateway.groups();
    const key = { job: 'labels', queue: 'of the key', instance: '' };
    for (const name of ['jobs_total', 'queue_depth', 'third_party'])
      t.deepEqual(
        group?.metrics.get(name)?.map(({ labels }) => labels),
        [{ ...key, version: '1.2.3', environment: 'te"st' }],
        name,
      );
  },
);

testWith(['pushgateway'], 'the gateway decodes every grouping key', async (t, { pushgateway }) => {
  const gateway = await gatewayFor(t, pushgateway);
  const odd = [
    '',
    '/',
    'a/b',
    '//',
    '.',
    '..',
    '%2F',
    '%',
    'a b',
    '+',
    '=',
    '?x#y',
    'ü/ö',
    '\n',
    '\0',
    '@base64',
    '🦀',
  ];
  const value = fc.oneof(fc.constantFrom(...odd), fc.string({ unit: anyCharacter, maxLength: 40 }));
  const registry = createTestRegistry();
  await fc.assert(
    fc.asyncProperty(
      value.filter((job) => job !== ''),
      fc.dictionary(fc.stringMatching(/^[a-z][a-zA-Z0-9_]{0,8}$/), value, { maxKeys: 4 }),
      async (job, drawn) => {
        const grouping = Object.fromEntries(
          Object.entries(drawn).filter(([name]) => !['job', 'le', 'quantile'].includes(name)),
        );
        const push = startPush({
          url: gateway.url,
          job,
          grouping,
          registry,
          pushOnBeforeExit: false,
          timeoutSeconds: 60,
        });
        t.true(await push.pushNow(), registry.warnings.at(-1)?.message);
        const groups = await gateway.groups();
        t.deepEqual(
          groups.map(({ labels }) => labels),
          [{ ...grouping, job }],
        );
        await push.stop({ deadlineSeconds: 0 });
        t.true(await push.delete());
      },
    ),
    {
      numRuns: 60,
      examples: odd.map((text) => [text || 'job', { a: text, b: 'x' }] as [string, Record<string, string>]),
    },
  );
});

testWith(['pushgateway'], 'delete removes the group, also after stop', async (t, { pushgateway }) => {
  const gateway = await gatewayFor(t, pushgateway);
  const registry = createTestRegistry();
  const push = pushing(t, { url: gateway.url, job: 'gone/soon', grouping: { a: '' }, registry });
  const other = pushing(t, { url: gateway.url, job: 'stays', grouping: {}, registry });
  await other.pushNow();
  await push.pushNow();
  t.is((await gateway.groups()).length, 2);
  t.true(await push.delete());
  t.deepEqual(
    (await gateway.groups()).map(({ labels }) => labels),
    [{ job: 'stays' }],
  );

  t.true(await push.stop(), 'the final push restores it');
  t.is((await gateway.groups()).length, 2);
  t.true(await push.delete());
  t.is((await gateway.groups()).length, 1);
});

testWith(['pushgateway'], 'a gateway with TLS and basic auth accepts pushes', async (t, { pushgateway }) => {
  const folder = await mkdtemp(join(tmpdir(), 'tamma-push-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const webConfig = join(folder, 'web.yml');
  // The bcrypt hash of `s3cret pass`.
  const users = 'basic_auth_users:\n  me: $2b$05$abcdefghijklmnopqrstuu1qdcFaS0PtqFUPzaCxLQ8/0lspH0ZEW\n';
  await writeFile(webConfig, users);
  const gateway = await gatewayFor(t, pushgateway, { webConfig });
  const registry = createTestRegistry();
  const withUser = (password: string): string =>
    gateway.url.replace('//', `//me:${encodeURIComponent(password)}@`);
  const options = { job: 'auth', grouping: {}, registry };

  t.true(await pushing(t, { ...options, url: withUser('s3cret pass') }).pushNow());
  const basicAuth = { username: 'me', password: 's3cret pass' };
  t.true(await pushing(t, { ...options, url: gateway.url, basicAuth }).pushNow());
  t.deepEqual(registry.warnings, []);

  const wrong = pushing(t, { ...options, url: withUser('s3cret guess') });
  t.false(await wrong.pushNow());
  t.is(wrong.target, gateway.url);
  t.regex(registry.warnings[0]?.message ?? '', /it answered 401 "Unauthorized"/);
  t.notRegex(JSON.stringify([registry.warnings, await registry.prometheus.metrics()]), /s3cret/);

  // With TLS, from a process that trusts the certificate authority.
  const tls = fromRoot('test/fixtures/tls');
  await writeFile(
    webConfig,
    `${users}tls_server_config:\n  cert_file: ${tls}/server.pem\n  key_file: ${tls}/server-key.pem\n`,
  );
  await gateway.stop();
  await gateway.start();
  const secure = withUser('s3cret pass').replace('http:', 'https:');
  const trusted = await batchJob([secure], { NODE_EXTRA_CA_CERTS: `${tls}/ca.pem` });
  t.deepEqual(trusted, { code: 7, stderr: '' });
  const distrusted = await batchJob([secure]);
  t.is(distrusted.code, 7);
  t.regex(distrusted.stderr, /METRICS_PUSH_FAILED.*`https:\/\/127\.0\.0\.1:\d+` failed: .*certificate/);
  t.notRegex(distrusted.stderr, /s3cret/);
});

testWith(
  ['pushgateway'],
  'a warning quotes the gateway’s response to an invalid push',
  async (t, { pushgateway }) => {
    const gateway = await gatewayFor(t, pushgateway);
    const [first, second] = [createTestRegistry(), createTestRegistry()];
    new Counter({ name: 'clash', help: 'Clash.', registers: [first.prometheus] }).inc();
    new Gauge({ name: 'clash', help: 'Clash.', registers: [second.prometheus] }).inc();
    t.true(await pushing(t, { url: gateway.url, job: 'a', registry: first }).pushNow());
    const push = pushing(t, { url: gateway.url, job: 'b', registry: second });
    t.false(await push.pushNow());
    t.false(await push.pushNow());

    t.is(failuresOf(second, push), 2);
    t.deepEqual(
      second.warnings.map(({ code }) => code),
      ['METRICS_PUSH_FAILED'],
      'once',
    );
    t.regex(
      second.warnings[0]?.message ?? '',
      /^A push to `http:\/\/127\.0\.0\.1:\d+` failed: it answered 400 "pushed metrics are invalid or inconsistent with existing metrics: .*clash.*Nothing is queued/,
    );
  },
);

testWith(
  ['pushgateway'],
  'an unreachable gateway costs no memory and no additional CPU time, and receives everything once it is back',
  async (t, { pushgateway }) => {
    const gateway = await gatewayFor(t, pushgateway);
    const child = spawn(
      process.execPath,
      ['--expose-gc', compiled('test/helpers/pushing-service.ts'), gateway.url],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    );
    const closed = once(child, 'close');
    t.teardown(async () => {
      if (child.exitCode === null) child.kill('SIGKILL');
      await closed;
    });
    const health = async (): Promise<ServiceHealth> => {
      child.send('health');
      const [answer] = (await once(child, 'message')) as [ServiceHealth];
      return answer;
    };
    /** Measures the time until a condition holds. */
    const after = async (what: string, holds: (now: ServiceHealth) => boolean): Promise<ServiceHealth> => {
      let [cpu, collections] = [0, 0];
      return until(what, async () => {
        const now = await health();
        cpu += now.cpu;
        collections += now.collections;
        const all = { ...now, cpu, collections };
        return holds(all) ? all : undefined;
      });
    };
    await until('a push', () => gateway.value('jobs_total').then((value) => value || undefined));
    await health();
    const up = await after('pushes', ({ collections }) => collections >= pushes);
    t.is(up.failures, 0);

    await gateway.stop();
    // The first failures load code and fill caches.
    const begun = await after('failures', ({ failures }) => failures >= 5);
    const down = await after('more failures', ({ failures }) => failures >= begun.failures + 2 * pushes);
    await gateway.start();
    const back = await until('the numbers', () =>
      gateway.value('jobs_total').then((value) => value || undefined),
    );
    const recovered = await until('regular pushes', async () => {
      const failures = await gateway.value('metrics_push_failures_total');
      const now = await health();
      return failures === now.failures ? now : undefined;
    });

    const cost = (health: ServiceHealth, count: number): number => health.cpu / count;
    const [ofPush, ofFailure] = [cost(up, up.collections), cost(down, down.failures - begun.failures)];
    t.log({ up, begun, down, recovered, ofPush, ofFailure });
    t.true(back >= down.counted, 'everything that was counted meanwhile');
    // One more if the gateway ended during a push.
    t.true(down.warnings.length <= 2, down.warnings.join('\n'));
    t.regex(down.warnings.at(-1) ?? '', /failed: connect ECONNREFUSED .*Nothing is queued/);
    t.true(down.heap - begun.heap < 250_000, `${down.heap - begun.heap} bytes more`);
    t.true(down.resources <= begun.resources + 2, `${begun.resources} resources, then ${down.resources}`);
    t.is(down.collections, 0, 'no metrics are collected without a gateway');
    t.true(ofFailure <= ofPush, `${ofPush} µs of CPU time per push, ${ofFailure} per failure`);
    child.send('end');
    t.deepEqual(await closed, [0, null]);
  },
);

testWith(['pushgateway'], 'stop pushes the last numbers once', async (t, { pushgateway }) => {
  const gateway = await gatewayFor(t, pushgateway);
  const recording = await recordingFor(t, gateway.url);
  const registry = createTestRegistry();
  const push = pushing(t, { url: recording.url, registry, intervalSeconds: 0.1 });
  await until('a push', async () => (recording.received.length > 0 ? true : undefined));
  registry.counter(jobs).inc(11);
  const stopped = push.stop({ deadlineSeconds: 60 });
  t.is(push.stop({ deadlineSeconds: 1 }), stopped);
  t.true(await stopped);
  t.is(await gateway.value('jobs_total'), 11);
  const count = recording.received.length;
  t.false(await push.pushNow());
  t.is(recording.received.length, count);
});

testWith(
  ['pushgateway'],
  'a batch job exits with its own exit code after a last push',
  async (t, { pushgateway }) => {
    const gateway = await gatewayFor(t, pushgateway);
    // With and without pushes before the last one.
    for (const interval of ['3600', '0.1']) {
      t.deepEqual(await batchJob([gateway.url, interval]), { code: 7, stderr: '' });
      t.is(await gateway.value('rows_imported_total'), 7);
      t.deepEqual(
        (await gateway.groups()).map(({ labels }) => labels),
        [{ job: 'nightly-import' }],
      );
      await gateway.stop();
      await gateway.start();
    }
    await gateway.stop();
    const { code, stderr } = await batchJob([gateway.url]);
    t.is(code, 7, 'also if the gateway is down');
    t.is(stderr.match(/METRICS_PUSH_FAILED/g)?.length, 1);
  },
);

async function batchJob(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [compiled('test/helpers/batch-job.ts'), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr };
}
