/** What a Pushgateway holds after pushes, read from a real one; servers of our own stand in for what it never does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import { Counter, Gauge } from 'prom-client';
import {
  defineCounter,
  defineGauge,
  defineHistogram,
  defineSummary,
  label,
} from '../../../lib/definition.js';
import { startPush } from '../../../lib/export/pushgateway.js';
import { createTestRegistry } from '../../../lib/testing.js';
import { compiled, fromRoot } from '../../helpers/package-root.js';
import { parseText } from '../../helpers/parse-text.js';
import { testWith, testWithBoth } from '../../helpers/programs.js';
import { type PushedGroup, type Pushgateway, startPushgateway } from '../../helpers/pushgateway.js';
import { elapsed, failuresOf, jobs, pushing, recordingFor } from '../../helpers/pushing.js';
import type { ServiceHealth } from '../../helpers/pushing-service.js';
import { until } from '../../helpers/until.js';

const queueDepth = defineGauge({ name: 'queue_depth', help: 'Waiting.', labels: { queue: label() } });

async function gatewayFor(
  t: ExecutionContext,
  program: string,
  options: { readonly webConfig?: string } = {},
): Promise<Pushgateway> {
  const gateway = await startPushgateway({ program, ...options });
  t.teardown(() => gateway.stop());
  return gateway;
}

/** The series of a group by metric, without what the gateway adds of its own. */
function names({ metrics }: PushedGroup | { metrics: ReadonlyMap<string, unknown> }): string[] {
  return [...metrics.keys()].filter((name) => !/^(push_|metrics_push_)/.test(name)).sort();
}

// ---- What arrives -------------------------------------------------------------------------------------------------

testWithBoth(
  ['pushgateway'],
  'own metrics of every type and metrics of prom-client arrive',
  async (t, { pushgateway }) => {
    const gateway = await gatewayFor(t, pushgateway);
    const registry = createTestRegistry();
    registry.counter(jobs).inc(3);
    registry.gauge(queueDepth).set({ queue: 'new "ones"\n\\' }, 2.5);
    registry.histogram(defineHistogram({ name: 'wait_seconds', help: 'Wait.', buckets: [1, 5] })).observe(2);
    registry.summary(defineSummary({ name: 'size_bytes', help: 'Size.' })).observe(7);
    registry.counter(defineCounter({ name: 'never_total', help: 'Never.', labels: { queue: label() } }));
    new Counter({
      name: 'foreign_total',
      help: 'Foreign.',
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
    t.is(value('foreign_total', { a: 'x' }), 4);
    t.is(value('metrics_push_failures_total', { target: gateway.url }), 0, 'there before it is needed');
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

testWithBoth(
  ['pushgateway'],
  'POST keeps the metrics of other names in the group',
  async (t, { pushgateway }) => {
    const gateway = await gatewayFor(t, pushgateway);
    const [first, second] = [createTestRegistry(), createTestRegistry()];
    first.counter(jobs).inc();
    second.gauge(queueDepth).set({ queue: 'a' }, 1);
    for (const registry of [first, second])
      await pushing(t, { url: gateway.url, job: 'post', grouping: {}, method: 'POST', registry }).pushNow();

    t.deepEqual((await gateway.groups()).map(names), [['jobs_total', 'queue_depth']]);
  },
);

testWithBoth(
  ['pushgateway'],
  'the body is compressed unless compression is off, and has no timestamps',
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

testWithBoth(
  ['pushgateway'],
  'constant labels are added to every series; the grouping key overrides labels of a series',
  async (t, { pushgateway }) => {
    const gateway = await gatewayFor(t, pushgateway);
    const registry = createTestRegistry();
    registry.counter(jobs).inc();
    registry.gauge(queueDepth).set({ queue: 'own' }, 1);
    new Gauge({ name: 'foreign', help: 'Foreign.', registers: [registry.prometheus] }).set(1);
    await pushing(t, {
      url: gateway.url,
      job: 'labels',
      grouping: { queue: 'of the key' },
      constantLabels: { version: '1.2.3', environment: 'te"st', job: 'not this one' },
      registry,
    }).pushNow();

    const [group] = await gateway.groups();
    const key = { job: 'labels', queue: 'of the key', instance: '' };
    for (const name of ['jobs_total', 'queue_depth', 'foreign'])
      t.deepEqual(
        group?.metrics.get(name)?.map(({ labels }) => labels),
        [{ ...key, version: '1.2.3', environment: 'te"st' }],
        name,
      );
  },
);

testWithBoth(
  ['pushgateway'],
  'the gateway stores every grouping key unchanged',
  async (t, { pushgateway }) => {
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
    const value = fc.oneof(fc.constantFrom(...odd), fc.string({ unit: 'binary', maxLength: 40 }));
    const registry = createTestRegistry();
    await fc.assert(
      fc.asyncProperty(
        value.filter((job) => job !== ''),
        fc.dictionary(fc.stringMatching(/^[a-z][a-zA-Z0-9_]{0,8}$/), value, { maxKeys: 4 }),
        async (job, drawn) => {
          const grouping = Object.fromEntries(
            Object.entries(drawn).filter(([name]) => !['job', 'le', 'quantile'].includes(name)),
          );
          const push = startPush({ url: gateway.url, job, grouping, registry, pushOnBeforeExit: false });
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
  },
);

testWithBoth(['pushgateway'], 'delete removes the group, also after stop', async (t, { pushgateway }) => {
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

  t.true(await push.stop(), 'the final push brings it back');
  t.is((await gateway.groups()).length, 2);
  t.true(await push.delete());
  t.is((await gateway.groups()).length, 1);
});

testWithBoth(
  ['pushgateway'],
  'a push works with TLS and basic auth, and fails with a wrong password or an untrusted certificate',
  async (t, { pushgateway }) => {
    const folder = await mkdtemp(join(tmpdir(), 'tamma-push-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    const webConfig = join(folder, 'web.yml');
    // Of `s3cret pass`, with bcrypt.
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

    // With TLS, from a process that trusts the authority.
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
  },
);

// ---- Failures -----------------------------------------------------------------------------------------------------

testWithBoth(
  ['pushgateway'],
  'a 400 answer is reported with the text of the gateway',
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
  'a gateway that is down for a minute costs neither memory nor latency, and has all once it is back',
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
    await until('a push', () => gateway.value('jobs_total').then((value) => value || undefined));
    await health();
    await elapsed(4_000);
    const up = await health();
    t.is(up.failures, 0);

    await gateway.stop();
    await elapsed(3_000);
    const begun = await health();
    await elapsed(57_000);
    const down = await health();
    await gateway.start();
    const start = performance.now();
    const back = await until('the numbers', () =>
      gateway.value('jobs_total').then((value) => value || undefined),
    );
    const seconds = (performance.now() - start) / 1_000;
    const recovered = await until('regular pushes', async () => {
      const failures = await gateway.value('metrics_push_failures_total');
      const now = await health();
      return failures === now.failures ? now : undefined;
    });

    t.log({ up, begun, down, recovered, seconds });
    t.true(seconds < 4, `back after ${seconds} s: two of backoff at most, and the push`);
    t.true(back >= down.counted, 'all that was counted in the meantime');
    t.true(
      down.failures > 15 && down.failures < 150,
      `${down.failures} tries a minute; every interval made 300`,
    );
    // One more where the end came in the middle of a push.
    t.true(down.warnings.length <= 2, down.warnings.join('\n'));
    t.regex(down.warnings.at(-1) ?? '', /failed: connect ECONNREFUSED .*Nothing is queued/);
    t.true(down.heap - begun.heap < 500_000, `${down.heap - begun.heap} bytes more`);
    t.true(down.resources <= begun.resources + 2, `${begun.resources} resources, then ${down.resources}`);
    t.true(down.utilization <= up.utilization + 0.02, `busy ${up.utilization}, down ${down.utilization}`);
    t.true(down.delay <= up.delay + 10, `late ${up.delay} ms, down ${down.delay} ms`);
    child.send('end');
    t.deepEqual(await closed, [0, null]);
  },
);

// ---- The end ------------------------------------------------------------------------------------------------------

testWith(
  ['pushgateway'],
  'stop pushes the last numbers, once, and ends the pushes',
  async (t, { pushgateway }) => {
    const gateway = await gatewayFor(t, pushgateway);
    const recording = await recordingFor(t, gateway.url);
    const registry = createTestRegistry();
    const push = pushing(t, { url: recording.url, registry, intervalSeconds: 0.1 });
    await until('a push', async () => (recording.received.length > 0 ? true : undefined));
    registry.counter(jobs).inc(11);
    const stopped = push.stop();
    t.is(push.stop({ deadlineSeconds: 1 }), stopped);
    t.true(await stopped);
    t.is(await gateway.value('jobs_total'), 11);
    const count = recording.received.length;
    t.false(await push.pushNow());
    await elapsed(400);
    t.is(recording.received.length, count);
  },
);

testWith(['pushgateway'], 'a gateway that is gone at shutdown: no wait', async (t, { pushgateway }) => {
  const gateway = await gatewayFor(t, pushgateway);
  const registry = createTestRegistry();
  const push = pushing(t, { url: gateway.url, registry });
  t.true(await push.pushNow());
  await gateway.stop();
  const start = performance.now();
  t.false(await push.stop({ deadlineSeconds: 5 }));
  t.true(performance.now() - start < 2_500);
  t.is(failuresOf(registry, push), 1);
});

testWith(
  ['pushgateway'],
  'a batch job ends by itself, with its own code, and leaves its numbers',
  async (t, { pushgateway }) => {
    const gateway = await gatewayFor(t, pushgateway);
    // Without a push before the last, and with some.
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
    t.is(code, 7, 'also where the gateway is down');
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
