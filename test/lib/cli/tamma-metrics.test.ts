/** `tamma-metrics` as its users run it: on endpoints and files of anyone's, with exit codes for CI. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import Koa from 'koa';
import { readExposition } from '../../../lib/cli/exposition-reader.js';
import { defineCounter, defineHistogram, label } from '../../../lib/definition.js';
import { openMetricsFormat } from '../../../lib/exposition/open-metrics.js';
import { scrapeToString } from '../../../lib/exposition/scrape.js';
import { createTestRegistry } from '../../../lib/testing.js';
import { metricsRouter } from '../../../middleware/index.js';
import { serve } from '../../helpers/koa-server.js';
import { fromRoot } from '../../helpers/package-root.js';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function cli(
  args: readonly string[],
  { input = '', env = {} }: { input?: string; env?: object } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, ['--import=tsx', fromRoot('lib/cli/tamma-metrics.ts'), ...args], {
    env: { ...process.env, ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

const foreign = `# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{user="a,b=\\"c\\"}",path="/"} 1 1700000000000
requests_total{user="d",path="/"} 2
# HELP latency Latency in milliseconds
# TYPE latency histogram
latency_bucket{le="1"} 1
latency_bucket{le="+Inf"} 2
latency_sum 3
latency_count 2
go_version_info{version="1"} 1
`;

test('families, series, bytes and labels are read from anyone’s text', (t) => {
  const { families, series, bytes, unreadable } = readExposition(`${foreign}what is this?\n`);
  t.deepEqual(
    families.map(({ name, type, series: own }) => [name, type, own]),
    [
      ['requests_total', 'counter', 2],
      ['latency', 'histogram', 4],
      ['go_version_info', 'untyped', 1],
    ],
  );
  t.deepEqual([...(families[0]?.labels.get('user') ?? [])], ['a,b=\\"c\\"}', 'd']);
  t.deepEqual([...(families[1]?.labels.keys() ?? [])], [], 'le is no label of its own');
  t.is(series, 7);
  t.is(bytes, Buffer.byteLength(foreign) + 14);
  t.deepEqual(unreadable, ['what is this?']);
});

test('both formats of the same registry have the same series', async (t) => {
  const registry = createTestRegistry();
  const labels = { kind: label() };
  registry.counter(defineCounter({ name: 'calls_total', help: 'Calls.', labels })).inc({ kind: '{x="y"}' });
  registry
    .histogram(defineHistogram({ name: 'call_seconds', help: 'Durations.', labels, buckets: [1, 2] }))
    .observe({ kind: 'a' }, 1);
  const shape = (text: string) =>
    readExposition(text).families.map(({ name, type, series }) => [
      name.replace(/_total$/, ''),
      type,
      series,
    ]);
  const text = shape(await scrapeToString(registry));
  t.deepEqual(text, [
    ['calls', 'counter', 1],
    ['call_seconds', 'histogram', 5],
  ]);
  t.deepEqual(shape(await scrapeToString(registry, { format: openMetricsFormat })), text);
});

test('top shows what holds the most series, of a file, the standard input and an endpoint that asks who we are', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'tamma-cli-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, 'metrics.txt');
  await writeFile(file, foreign);
  const expected = `7 series, ${Buffer.byteLength(foreign)} bytes a scrape

metric           type       series   share  bytes  labels (values)
latency          histogram       4  57.1 %    147
requests_total   counter         2  28.6 %    157  user (2), path (1)
go_version_info  untyped         1  14.3 %     31  version (1)

label    values  metrics
user          2        1
path          1        1
version       1        1
`;
  const fromFile = await cli(['top', file]);
  t.deepEqual(fromFile, { code: 0, stdout: expected, stderr: '' });
  t.is((await cli(['top', '-'], { input: foreign })).stdout, expected);
  t.is((await cli(['top', file, '--limit', '1'])).stdout.split('\n').length, 8);

  const registry = createTestRegistry();
  registry
    .counter(defineCounter({ name: 'calls_total', help: 'Calls.', labels: { kind: label() } }))
    .inc({ kind: 'a' });
  const server = await serve(new Koa().use(metricsRouter({ registry, token: 's3cret' }).routes()));
  t.teardown(() => server.close());
  const url = `${server.url}/metrics`;
  const report = JSON.parse((await cli(['top', url, '--json', '-H', 'Authorization: Bearer s3cret'])).stdout);
  t.like(
    report.metrics.find(({ name }: { name: string }) => name === 'calls_total'),
    { type: 'counter', series: 1, labels: [{ label: 'kind', values: 1 }] },
  );
  t.deepEqual(await cli(['top', url]), {
    code: 2,
    stdout: '',
    stderr: `Cannot read \`${url}\`: expected status 200, received 401 Unauthorized.\n`,
  });
});

test('lint finds what is wrong, and exits with 1; with 0 where there is nothing', async (t) => {
  const many = Array.from(
    { length: 30 },
    (_, index) => `jobs_total{job_id="${1_000_000_000 + index}"} 1`,
  ).join('\n');
  const input = `${foreign}# HELP jobs_total Jobs.\n# TYPE jobs_total counter\n${many}\n`;
  const { code, stdout } = await cli(['lint', '-', '--json', '--max-series', '20'], { input });
  t.is(code, 1);
  t.deepEqual(
    (JSON.parse(stdout) as { metric: string; rule: string }[]).map(({ metric, rule }) => `${metric} ${rule}`),
    [
      'latency help',
      'go_version_info missing-type',
      'go_version_info missing-help',
      'jobs_total identifier-label',
      'jobs_total cardinality',
      'jobs_total identifier-value',
    ],
  );
  const text = await cli(['lint', '-', '--max-series', '20'], {
    input,
    env: { FORCE_COLOR: '1', NO_COLOR: '1' },
  });
  t.true(
    text.stdout.includes(
      'Metric `jobs_total`: it has 30 series, expected at most 20, mostly by label `job_id` (30 values).',
    ),
  );
  t.false(text.stdout.includes('\u001b['), 'NO_COLOR wins');
  t.true(
    (await cli(['lint', '-'], { input, env: { FORCE_COLOR: '1', NO_COLOR: '' } })).stdout.includes(
      '\u001b[33m',
    ),
  );
  const clean = '# HELP jobs_total Jobs.\n# TYPE jobs_total counter\njobs_total 1\n';
  t.deepEqual(await cli(['lint', '-'], { input: clean }), {
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
  [['lint', '-'], /^Cannot read `-`: expected metrics, received "<html>"\.$/m],
  [['top'], /missing required argument 'source'/],
  [['tops', '-'], /unknown command 'tops'/],
  [['top', '-', '--limit', 'many'], /argument 'many' is invalid. Expected a positive integer/],
  [['top', '-', '-H', 'nonsense'], /^Invalid header `nonsense`: expected "Name: value"\./],
] as const) {
  test(`tamma-metrics ${args.join(' ')} exits with 2 and says why`, async (t) => {
    const { code, stdout, stderr } = await cli(args, { input: '<html>\n' });
    t.is(code, 2);
    t.is(stdout, '');
    t.regex(stderr, message);
  });
}

test('help tells the commands and the exit codes', async (t) => {
  const { code, stdout } = await cli(['--help']);
  t.is(code, 0);
  for (const part of [
    'top [options] <source>',
    'lint [options] <source>',
    'Exit codes: 0 nothing found',
    'NO_COLOR',
  ])
    t.true(stdout.includes(part), part);
});
