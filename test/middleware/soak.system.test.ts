/** Ten thousand connections of clients that abort, vanish, stall and send invalid data, against a server in its own process. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import test from 'ava';
import type { SoakReport } from '../fixtures/soak-server.js';
import { compiled } from '../helpers/package-root.js';
import { until } from '../helpers/until.js';

const get = (path: string, ...headers: readonly string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: here', ...headers, '', ''].join('\r\n');
const post = (body: string, ...headers: readonly string[]): string =>
  ['POST /echo HTTP/1.1', 'Host: here', ...headers, '', body].join('\r\n');
const webSocket = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

interface HostileClient {
  readonly sends: string;
  /** What the client waits for before it leaves. Default: the first bytes of the response. */
  readonly until?: 'sent' | 'closed';
  /** How the client leaves. Default: it closes the connection. */
  readonly leaves?: 'half-open' | 'reset';
}

/** The connections cycle through these. */
const clients: readonly HostileClient[] = [
  { sends: get('/endless') },
  { sends: get('/endless'), leaves: 'reset' },
  { sends: get('/text'), until: 'sent' },
  { sends: get('/text'), until: 'sent', leaves: 'reset' },
  { sends: get('/text'), leaves: 'half-open' },
  { sends: get('/hang'), until: 'sent', leaves: 'half-open' },
  { sends: get('/text', 'Connection: close').repeat(3), until: 'closed' },
  { sends: get('/broken'), until: 'closed' },
  { sends: get('/hang') + get('/text').repeat(20) + get('/metrics').repeat(3), until: 'sent' },
  { sends: get('/text').repeat(10) + get('/hang') + get('/endless').repeat(3) },
  { sends: 'no request at all\r\n\r\n', until: 'closed' },
  { sends: `${get('/hang')}no request at all\r\n\r\n`, until: 'closed' },
  { sends: post('part', 'Content-Length: 10'), until: 'sent' },
  { sends: post('no size\r\n', 'Transfer-Encoding: chunked'), until: 'closed' },
  { sends: 'GET /text HTTP/1.1\r\nHost: he', until: 'sent', leaves: 'half-open' },
  { sends: get('/socket', ...webSocket) },
  { sends: get('/socket', ...webSocket), until: 'sent', leaves: 'reset' },
];

/** A reader that never reads, until it is disconnected. */
const stalledScrape = get('/metrics', 'X-Prometheus-Scrape-Timeout-Seconds: 999999');
const stalledReaders = 10;
const connections = 10_000;
const atOnce = 50;

test('after 10,000 hostile connections nothing is in flight, no scrape is refused, and memory is released', async (t) => {
  const child = fork(compiled('test/fixtures/soak-server.ts'), { execArgv: ['--expose-gc'] });
  t.teardown(() => child.kill('SIGKILL'));
  const [port] = (await once(child, 'message')) as [number];
  const report = async (): Promise<SoakReport> => {
    child.send('report');
    const [made] = (await once(child, 'message')) as [SoakReport];
    return made;
  };
  /** The report of the server at rest: without connections, and with memory below a bound. */
  const atRest = (what: string, maxMemory = Number.POSITIVE_INFINITY): Promise<SoakReport> =>
    until(what, async () => {
      const made = await report();
      return made.connections === 0 && made.inFlight === 0 && made.memory < maxMemory ? made : undefined;
    });
  const scrape = async (): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { connection: 'close' } });
    await response.arrayBuffer();
    return response.status;
  };

  let next = 0;
  const soak = async (count: number): Promise<void> => {
    const end = next + count;
    const stalled = Array.from({ length: stalledReaders }, () => {
      const client = connect(port, '127.0.0.1').on('error', () => {});
      client.pause().write(stalledScrape);
      return client;
    });
    const visitor = async (): Promise<void> => {
      while (next < end) {
        const client = clients[next % clients.length] as HostileClient;
        next += 1;
        await visit(port, client);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, visitor));
    // While readers still occupy their slots.
    await until('a scrape beside readers that never read', async () =>
      (await scrape()) === 200 ? true : undefined,
    );
    for (const client of stalled) client.destroy();
  };

  await soak(1_000);
  const before = await atRest('the server at rest before the soak');
  await soak(connections);
  const after = await atRest('the server at rest, in as much memory as before', before.memory + 8 * 2 ** 20);

  t.is(after.scrapesInProgress, 0);
  t.true(after.recorded > before.recorded + connections / 2, `${after.recorded} requests recorded`);
  t.deepEqual(after.warnings, []);
  t.deepEqual(await Promise.all(Array.from({ length: 10 }, scrape)), new Array(10).fill(200));
  t.log(`${before.memory} bytes before, ${after.memory} after; ${after.recorded} requests recorded`);
});

async function visit(port: number, { sends, until: waitsFor, leaves }: HostileClient): Promise<void> {
  const client = connect(port, '127.0.0.1');
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  const answered = new Promise<void>((resolve) => client.once('data', () => resolve()));
  client.on('error', () => {});
  await new Promise<void>((resolve) => client.write(sends, () => resolve()));
  if (waitsFor !== 'sent') await Promise.race([waitsFor === 'closed' ? closed : answered, closed]);
  leave(client.resume(), leaves);
  await closed;
}

function leave(client: Socket, how: HostileClient['leaves']): void {
  if (how === 'half-open') client.end();
  else if (how === 'reset') client.resetAndDestroy();
  else client.destroy();
}
