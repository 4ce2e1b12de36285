/** The limit of concurrent scrapes, and readers that do not free their slots. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Readable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';
import { nodeConnection } from '../../middleware/node-answer.js';
import { collectMilliseconds, scrapeSlots } from '../../middleware/scrape-slots.js';
import { type ManualClock, manualClock } from '../helpers/manual-clock.js';
import { until } from '../helpers/until.js';

/** Far more data than the connection and the kernels of both sides buffer. */
const chunks = 200;
const chunk = Buffer.alloc(100_000);

interface Setting {
  readonly clock: ManualClock;
  readonly port: number;
  /** The number of freed slots. */
  readonly freed: () => number;
  /** Starts a scrape and reads nothing of it. Resolves once its slot is taken and the connection is full. */
  stall(): Promise<void>;
  /** The status of a scrape that is read to its end. */
  scrape(): Promise<number>;
}

/** A server with two slots, whose scrapes may take an hour. */
async function setting(t: ExecutionContext): Promise<Setting> {
  const clock = manualClock();
  const slots = scrapeSlots({ max: 2, clock });
  let freed = 0;
  let handedOver = 0;
  const server = createServer((req: IncomingMessage, res) => {
    const slot = slots.take(nodeConnection(req, res), 3_600_000, () => {
      freed += 1;
    });
    if (slot === undefined) {
      res.writeHead(503).end();
      return;
    }
    const body = async function* (): AsyncGenerator<Buffer> {
      for (let index = 0; index < chunks; index += 1) {
        handedOver += 1;
        yield chunk;
      }
    };
    Readable.from(slot.paced(body()), { objectMode: false })
      .on('error', () => {})
      .pipe(res);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return {
    clock,
    port,
    freed: () => freed,
    stall: async () => {
      const client = connect(port, '127.0.0.1').on('error', () => {});
      t.teardown(() => client.destroy());
      client.pause().write('GET / HTTP/1.1\r\nHost: here\r\n\r\n');
      // No more data is passed on while the reader reads nothing.
      const counts: number[] = [];
      await until('a full connection', async () => {
        counts.push(handedOver);
        const last = counts.slice(-5);
        return handedOver > 0 && last.length === 5 && new Set(last).size === 1 ? true : undefined;
      });
    },
    scrape: async () => {
      const response = await fetch(`http://127.0.0.1:${port}/`);
      await response.arrayBuffer();
      return response.status;
    },
  };
}

test('a reader that reads nothing for 10 s loses its slot', async (t) => {
  const { clock, freed, stall } = await setting(t);
  await stall();
  clock.advance(9_999);
  t.is(freed(), 0);
  clock.advance(10_000);
  t.is(freed(), 1);
  t.deepEqual(clock.timers(), []);
});

test('a reader that reads nothing for 1 s gives its slot to the next scrape', async (t) => {
  const { clock, freed, scrape, stall } = await setting(t);
  await stall();
  await stall();
  t.is(await scrape(), 503);
  clock.advance(1_000);
  t.is(await scrape(), 200);
  await until('both freed', async () => (freed() === 2 ? true : undefined));
  t.is(await scrape(), 200);
});

test('a slot is freed once, when its scrape has been read', async (t) => {
  const { clock, freed, scrape } = await setting(t);
  for (let index = 0; index < 3; index += 1) t.is(await scrape(), 200);
  await until('all freed', async () => (freed() === 3 ? true : undefined));
  t.deepEqual(clock.timers(), []);
});

test('the timeout of a client is respected up to two minutes, or up to a greater option', (t) => {
  t.is(collectMilliseconds('2', 10), 1_800);
  t.is(collectMilliseconds('60', 10), 59_500);
  t.is(collectMilliseconds('999999', 10), 119_500);
  t.is(collectMilliseconds('999999', 300), 299_500);
  for (const invalid of ['', '0', '-1', '1e9', 'Infinity', '9999999999'])
    t.is(collectMilliseconds(invalid, 10), 9_500, invalid);
});
