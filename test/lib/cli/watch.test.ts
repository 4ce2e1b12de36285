/** `tamma-metrics watch` over endpoints that a test controls. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { endpointUrl, type WatchOptions, watch } from '../../../lib/cli/watch.js';
import { defineHistogram } from '../../../lib/define.js';
import type { HistoryAnswer } from '../../../lib/history/feed.js';
import { createTestRegistry } from '../../../lib/testing.js';
import { startWatchServer } from '../../../middleware/dashboard/watch-server.js';
import { createMetricsHandler } from '../../../middleware/metrics-handler.js';
import { readEvents } from '../../helpers/event-reader.js';
import { temporaryFolder } from '../../helpers/temporary-folder.js';
import { until } from '../../helpers/until.js';

async function endpoint(
  t: ExecutionContext,
  listener: RequestListener,
): Promise<[url: string, server: Server]> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return [`http://127.0.0.1:${(server.address() as AddressInfo).port}`, server];
}

/** Starts it, and ends it after the test. */
async function watching(
  t: ExecutionContext,
  urls: readonly string[],
  options: Partial<WatchOptions> = {},
): Promise<string> {
  const abort = new AbortController();
  const lines: string[] = [];
  const paint = { bold: String, dim: String, red: String, yellow: String, green: String } as never;
  const ended = watch(
    urls,
    { port: 0, interval: 1, timeout: 5, headers: {}, samples: 1_000, ...options },
    { paint, say: (line) => lines.push(line), servePage: startWatchServer, signal: abort.signal },
  );
  t.teardown(async () => {
    abort.abort();
    await ended;
  });
  await Promise.race([ended, until('the address', async () => lines[0])]);
  return /http\S+/.exec(lines[0] ?? '')?.[0] ?? '';
}

test('several endpoints are shown side by side, and what one of them says does not depend on the others', async (t) => {
  const [one] = await endpoint(t, (_, response) => {
    response.end('# TYPE jobs_total counter\njobs_total{queue="a"} 7\n');
  });
  const [other] = await endpoint(t, (_, response) => {
    response.statusCode = 500;
    response.end();
  });
  const url = await watching(t, [one, other]);
  const page = await readEvents(`${url}events`);
  t.teardown(() => page.close());
  const hello = await until('a reading of the first one', async () => {
    const next = await page.next('hello');
    return next.targets[0]?.metrics.length === 1 ? next : undefined;
  });
  t.deepEqual(
    hello.targets.map(({ name, url: shown }) => [name, shown]),
    [one, other].map((each) => [new URL(each).host, `${each}/metrics`]),
  );
  t.deepEqual(
    hello.targets[0]?.sections.map(({ id }) => id),
    ['further'],
  );
  const failed = await until('the state of the second one', async () => {
    const status = await page.next('status');
    return status.target === '1' ? status : undefined;
  });
  t.false(failed.isUp);
  t.is(
    failed.error,
    `Cannot read \`${other}/metrics\`: expected status 200, received 500 Internal Server Error.`,
  );
});

test('an endpoint is asked for protobuf first, which has the buckets of native histograms', async (t) => {
  const registry = createTestRegistry();
  const wait = defineHistogram({ name: 'wait_seconds', help: 'Wait.', native: { schema: 3 } });
  registry.histogram(wait).observe(1.9);
  const [target] = await endpoint(t, createMetricsHandler({ registry }));
  const url = await watching(t, [target]);
  const history = await until('a reading', async () => {
    const { metrics } = (await (await fetch(`${url}history?metric=wait_seconds`)).json()) as HistoryAnswer;
    return metrics[0];
  });
  t.deepEqual(history.bounds, [2]);
  t.deepEqual(history.values[0]?.at(-1), [1.9, 1]);
});

test('an endpoint that refuses protobuf is asked for text, from then on', async (t) => {
  const asked: string[] = [];
  const [target] = await endpoint(t, ({ headers: { accept = '' } }, response) => {
    asked.push(accept.includes('protobuf') ? 'protobuf' : 'text');
    if (accept.includes('protobuf')) response.statusCode = 406;
    response.end('a 1\n');
  });
  await watching(t, [target]);
  await until('three readings', async () => (asked.length > 3 ? true : undefined));
  t.deepEqual(asked.slice(0, 4), ['protobuf', 'text', 'text', 'text']);
});

test('an endpoint that is gone for a while leaves a gap, and its counters go on', async (t) => {
  let value = 5;
  let isUp = true;
  const [target] = await endpoint(t, (_, response) => {
    if (!isUp) response.destroy();
    else response.end(`# TYPE jobs_total counter\njobs_total ${value}\n`);
  });
  const url = await watching(t, [target]);
  const page = await readEvents(`${url}events`);
  t.teardown(() => page.close());
  const sampled = (expected: number): Promise<true> =>
    until(`a value of ${expected}`, async () => {
      const sample = await page.next('sample');
      return sample.metrics.jobs_total?.values[0] === expected ? true : undefined;
    });
  await sampled(5);
  isUp = false;
  await until('the failure', async () => ((await page.next('status')).isUp ? undefined : true));
  isUp = true;
  // It was restarted: 2 since then.
  value = 2;
  await sampled(7);
  const { metrics } = (await (await fetch(`${url}history?metric=jobs_total`)).json()) as {
    metrics: { values: unknown[][]; tracks: object[] }[];
  };
  t.true(metrics[0]?.values[0]?.includes(null));
  t.deepEqual(metrics[0]?.tracks, [{ labels: {}, offset: 5 }]);
});

test('endpoints are asked with headers, a token from a file, or the credentials of their URL, which are not shown', async (t) => {
  const folder = await temporaryFolder(t);
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, 's3cret\n');
  const seen = new Set<string>();
  const [target] = await endpoint(t, ({ headers }, response) => {
    seen.add(`${headers.authorization} ${headers['x-scope']}`);
    response.end('a 1\n');
  });
  await watching(t, [target], { tokenFile, headers: { 'x-scope': 'me' } });
  await until('the token', async () => (seen.has('Bearer s3cret me') ? true : undefined));
  const { host } = new URL(target);
  const url = await watching(t, [`http://user:pass@${host}`]);
  await until('the password', async () =>
    [...seen].some((each) => each.startsWith('Basic ')) ? true : undefined,
  );
  const page = await readEvents(`${url}events`);
  await page.next('hello');
  page.close();
  t.false(page.text().includes('pass'));
});

test('the page is for browsers of this machine: a request under another name is refused', async (t) => {
  const [target] = await endpoint(t, (_, response) => response.end('a 1\n'));
  const url = new URL(await watching(t, [target]));
  const ask = request({
    host: url.hostname,
    port: url.port,
    path: '/',
    headers: { host: 'evil.example' },
  }).end();
  const [response] = (await once(ask, 'response')) as [{ statusCode: number; resume(): void }];
  response.resume();
  t.is(response.statusCode, 403);
  t.is((await fetch(url)).status, 200);
});

test('an address may lack its scheme and its path', (t) => {
  t.is(endpointUrl('localhost:9100'), 'http://localhost:9100/metrics');
  t.is(endpointUrl('http://localhost:9100/'), 'http://localhost:9100/metrics');
  t.is(endpointUrl('https://example.org/federate?match[]=up'), 'https://example.org/federate?match[]=up');
  t.throws(() => endpointUrl('ftp://x'), {
    message: /Invalid address `ftp:\/\/x`: expected an http or https URL/,
  });
});
