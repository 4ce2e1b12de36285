/** The commands `top` and `lint` for any endpoint or file, with exit codes for CI. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import Koa from 'koa';
import { defineCounter } from '../../../lib/define.js';
import { label } from '../../../lib/label.js';
import { createTestRegistry } from '../../../lib/testing.js';
import { metricsRouter } from '../../../middleware/index.js';
import { command } from '../../helpers/command.js';
import { serve } from '../../helpers/koa-server.js';
import { thirdPartyExposition } from '../../helpers/third-party-exposition.js';

const clean = '# HELP jobs_total Jobs.\n# TYPE jobs_total counter\njobs_total 1\n';

test('top lists the metrics with the most series, of a file, standard input or an endpoint with authentication', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tamma-cli-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, 'metrics.txt');
  await writeFile(file, thirdPartyExposition);
  const expected = `7 series, ${Buffer.byteLength(thirdPartyExposition)} bytes per scrape

metric           type       series  label sets   share  bytes  labels (values)
latency          histogram       4           1  57.1 %    147
requests_total   counter         2           2  28.6 %    157  user (2), path (1)
go_version_info  untyped         1           1  14.3 %     31  version (1)

label    values  metrics
user          2        1
path          1        1
version       1        1
`;
  const fromFile = await command(['top', file]);
  t.deepEqual(fromFile, { code: 0, stdout: expected, stderr: '' });
  t.is((await command(['top', '-'], { input: thirdPartyExposition })).stdout, expected);
  t.is((await command(['top', file, '--limit', '1'])).stdout.split('\n').length, 8);

  const registry = createTestRegistry();
  registry
    .counter(defineCounter({ name: 'calls_total', help: 'Calls.', labels: { kind: label() } }))
    .inc({ kind: 'a' });
  const server = await serve(new Koa().use(metricsRouter({ registry, token: 's3cret' }).routes()));
  t.teardown(() => server.close());
  const url = `${server.url}/metrics`;
  const report = JSON.parse(
    (await command(['top', url, '--json', '-H', 'Authorization: Bearer s3cret'])).stdout,
  );
  t.like(
    report.metrics.find(({ name }: { name: string }) => name === 'calls_total'),
    { type: 'counter', series: 1, labels: [{ label: 'kind', values: 1 }] },
  );
  t.deepEqual(await command(['top', url]), {
    code: 2,
    stdout: '',
    stderr: `Cannot read \`${url}\`: expected status 200, received 401 Unauthorized.\n`,
  });
});

test('lint exits with 1 if there are findings, and with 0 otherwise', async (t) => {
  const many = Array.from(
    { length: 30 },
    (_, index) => `jobs_total{job_id="${1_000_000_000 + index}"} 1`,
  ).join('\n');
  const input = `${thirdPartyExposition}# HELP jobs_total Jobs.\n# TYPE jobs_total counter\n${many}\n`;
  const { code, stdout } = await command(['lint', '-', '--json', '--max-series', '20'], { input });
  t.is(code, 1);
  t.deepEqual(
    (JSON.parse(stdout) as { metric: string; rule: string }[]).map(({ metric, rule }) => `${metric} ${rule}`),
    [
      'go_version_info missing-type',
      'go_version_info missing-help',
      'jobs_total identifier-label',
      'jobs_total cardinality',
      'jobs_total identifier-value',
    ],
  );
  const text = await command(['lint', '-', '--max-series', '20'], {
    input,
    env: { FORCE_COLOR: '1', NO_COLOR: '1' },
  });
  t.true(
    text.stdout.includes(
      'Metric `jobs_total`: it has 30 label sets, expected at most 20, mostly by label `job_id` (30 values).',
    ),
  );
  t.false(text.stdout.includes('\u001b['), 'NO_COLOR wins');
  t.true(
    (await command(['lint', '-'], { input, env: { FORCE_COLOR: '1', NO_COLOR: '' } })).stdout.includes(
      '\u001b[33m',
    ),
  );
  t.deepEqual(await command(['lint', '-'], { input: clean }), {
    code: 0,
    stdout: 'Nothing found.\n',
    stderr: '',
  });
});

for (const [args, message] of [
  [['top', '/nowhere'], /^Cannot read `\/nowhere`: expected a URL, a file or `-`: ENOENT/],
  [
    ['top', 'http://127.0.0.1:9/metrics'],
    /^Cannot read `http:\/\/127.0.0.1:9\/metrics`: expected an endpoint that answers: /,
  ],
  [['top', '/'], /^Cannot read `\/`: expected a URL, a file or `-`: EISDIR/],
  [['top', 'http://'], /^Cannot read `http:\/\/`: expected an endpoint that answers: /],
  [['lint', '-'], /^Cannot read `-`: expected metrics, received "<html>"\.$/m],
  [['top'], /missing required argument 'source'/],
  [['tops', '-'], /unknown command 'tops'/],
  [['top', '-', '--limit', 'many'], /argument 'many' is invalid. Expected a positive integer/],
  [['top', '-', '-H', 'nonsense'], /^Invalid header `nonsense`: expected "Name: value"\./],
] as const) {
  test(`tamma-metrics ${args.join(' ')} exits with 2 and prints the reason`, async (t) => {
    const { code, stdout, stderr } = await command(args, { input: '<html>\n' });
    t.is(code, 2);
    t.is(stdout, '');
    t.regex(stderr, message);
  });
}

for (const [what, input, received] of [
  ['nothing at all', '', 'nothing'],
  ['comments only', '# HELP a_total A.\n# TYPE a_total counter\n', '41 bytes without a sample'],
] as const) {
  test(`a source with ${what} is an error`, async (t) => {
    for (const name of ['lint', 'top']) {
      t.deepEqual(await command([name, '-'], { input }), {
        code: 2,
        stdout: '',
        stderr: `Cannot read \`-\`: expected metrics, received ${received}.\n`,
      });
    }
  });
}

/** An endpoint with the given handler; its connections are closed at the end of the test. */
async function endpoint(t: ExecutionContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
}

test('lint reports an endpoint without a Content-Type', async (t) => {
  const url = await endpoint(t, (_request, response) => {
    response.writeHead(200).end(clean);
  });
  const { code, stdout } = await command(['lint', url]);
  t.is(code, 2);
  t.regex(stdout, /: an unknown Content-Type \(Prometheus 3 only\), received "" in the header\./);
});

test('a compressed response is read', async (t) => {
  const url = await endpoint(t, (request, response) => {
    t.regex(request.headers['accept-encoding'] ?? '', /gzip/);
    response
      .writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/plain; version=0.0.4' })
      .end(gzipSync(clean));
  });
  t.deepEqual(await command(['lint', url]), { code: 0, stdout: 'Nothing found.\n', stderr: '' });
});

test('the user name and password of a URL are sent, and never printed', async (t) => {
  let authorization: string | undefined;
  const url = await endpoint(t, (request, response) => {
    authorization = request.headers.authorization;
    response.end();
  });
  t.deepEqual(await command(['lint', url.replace('//', '//me:s%C3%A9cret@')]), {
    code: 2,
    stdout: '',
    stderr: `Cannot read \`${url}\`: expected metrics, received nothing.\n`,
  });
  t.is(authorization, `Basic ${Buffer.from('me:sécret').toString('base64')}`);
});

for (const [what, answer] of [
  ['says nothing', () => {}],
  ['stops half-way', (_, response) => response.write(clean)],
] as const satisfies [string, RequestListener][]) {
  test(`an endpoint that ${what} is an error after --timeout seconds`, async (t) => {
    const url = await endpoint(t, answer);
    t.deepEqual(await command(['lint', url, '--timeout', '1']), {
      code: 2,
      stdout: '',
      stderr: `Cannot read \`${url}\`: expected an endpoint that answers within 1 seconds.\n`,
    });
  });
}

test('the body of an error response is not awaited', async (t) => {
  const url = await endpoint(t, (_, response) => response.writeHead(503).write('Please wait'));
  t.is(
    // The body never ends: with this timeout, only a command that ignores it ends before the watchdog.
    (await command(['lint', url, '--timeout', '86400'])).stderr,
    `Cannot read \`${url}\`: expected status 200, received 503 Service Unavailable.\n`,
  );
});

test('control characters of an endpoint do not reach the terminal', async (t) => {
  const input = '# TYPE a \u001b[2Jgauge\n{"a\u009b31m",b="\u0007"} 1\na 1\n';
  for (const name of ['lint', 'top']) {
    const { stdout } = await command([name, '-'], { input });
    t.regex(stdout, /a\\x9b31m/);
    t.notRegex(stdout.replaceAll('\n', ''), /\p{Cc}/u);
  }
});

test('--help lists the commands, the exit codes and the environment variables', async (t) => {
  const { code, stdout } = await command(['--help']);
  t.is(code, 0);
  for (const part of [
    'top [options] <source>',
    'lint [options] <source>',
    'Exit codes of top and lint: 0 no findings',
    'NO_COLOR',
  ])
    t.true(stdout.includes(part), part);
});

test('for a host without a scheme, the full URL is suggested', async (t) => {
  const { code, stderr } = await command(['top', '127.0.0.1:9090/metrics']);
  t.is(code, 2);
  t.regex(stderr, /Did you mean http:\/\/127\.0\.0\.1:9090\/metrics\?/);
});
