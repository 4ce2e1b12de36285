/** One scrape for several readers: what they share, how much is buffered, and which readers are dropped. */
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import test from 'ava';
import { type ScrapeJob, startScrapeJob } from '../../../lib/exposition/scrape-job.js';
import { until } from '../../helpers/until.js';

const chunkSize = 32_768;

/** A scrape of `count` chunks of one letter each, with its progress and its end. */
function scrape(count: number, { gzip = false, failsAt = Number.POSITIVE_INFINITY } = {}) {
  const state = { made: 0, returned: false, closed: 0, written: [] as number[] };
  async function* chunks(): AsyncGenerator<Buffer> {
    try {
      for (; state.made < count; ) {
        if (state.made === failsAt) throw new Error('broken');
        state.made += 1;
        yield Buffer.alloc(chunkSize, letter(state.made - 1));
      }
    } finally {
      state.returned = true;
    }
  }
  const job = startScrapeJob({
    chunks: chunks(),
    gzip,
    onWritten: (seconds, bytes) => state.written.push(seconds, bytes),
    onClosed: () => {
      state.closed += 1;
    },
  });
  return { job, state };
}

const letter = (index: number): string => String.fromCharCode(97 + (index % 26));
const whole = (count: number): string =>
  Array.from({ length: count }, (_, index) => letter(index).repeat(chunkSize)).join('');

async function textOf(reader: ReturnType<ScrapeJob['read']>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of reader) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('concurrent readers share one scrape', async (t) => {
  const { job, state } = scrape(100);
  const texts = await Promise.all([textOf(job.read()), textOf(job.read()), textOf(job.read())]);
  t.true(texts.every((text) => text === whole(100)));
  t.is(state.made, 100);
  t.is(state.closed, 1);
  t.is(state.written[1], 100 * chunkSize);
  t.true((state.written[0] ?? -1) >= 0);
});

test('a slow reader limits how far ahead the scrape is generated', async (t) => {
  const { job, state } = scrape(2_000);
  const reader = job.read();
  for (let read = 1; read <= 2_000; read++) {
    await reader.next();
    t.true(state.made - read <= 1);
  }
  t.true((await reader.next()).done);
});

test('a late reader can join while the beginning is buffered', async (t) => {
  const { job, state } = scrape(100);
  const first = job.read();
  for (let read = 0; read < 10; read++) await first.next();
  t.is(state.closed, 0);
  const second = job.read();
  const [rest, all] = await Promise.all([textOf(first), textOf(second)]);
  t.is(all, whole(100));
  t.is(rest, whole(100).slice(10 * chunkSize));
  t.is(state.closed, 1);
});

test('the beginning is dropped after one megabyte', async (t) => {
  const { job, state } = scrape(100);
  const reader = job.read();
  for (let read = 0; read < 32; read++) await reader.next();
  t.is(state.closed, 0);
  await reader.next();
  t.is(state.closed, 1);
  await t.throwsAsync(textOf(job.read()), { message: /too far behind/ });
  t.is(await textOf(reader), whole(100).slice(33 * chunkSize), 'other readers continue');
});

test('a reader that joins too late does not disturb the others', async (t) => {
  const { job } = scrape(100);
  const reader = job.read();
  for (let read = 0; read < 33; read++) await reader.next();
  const late = job.read();
  for (let read = 33; read < 50; read++) await reader.next();
  t.is(await textOf(reader), whole(100).slice(50 * chunkSize));
  await t.throwsAsync(textOf(late), { message: /too far behind/ });
});

test('a scrape that is complete cannot be joined, although a reader has not read it to its end', async (t) => {
  const { job, state } = scrape(3);
  const slow = job.read();
  await slow.next();
  await textOf(job.read());
  t.is(state.closed, 1);
  t.is(await textOf(slow), whole(3).slice(chunkSize));
  t.is(state.closed, 1);
});

test('a reader that leaves is done, and one that comes after all have left gets an error', async (t) => {
  const { job } = scrape(3);
  const reader = job.read();
  await reader.next();
  t.deepEqual(await reader.return?.(), { done: true, value: undefined });
  t.deepEqual(await reader.next(), { done: true, value: undefined });
  await t.throwsAsync(async () => job.read().next(), { message: 'all readers have left this scrape' });
});

test('empty chunks are not passed on', async (t) => {
  const job = startScrapeJob({
    chunks: (async function* () {
      for (const text of ['', 'a', '', '', 'b', '']) yield Buffer.from(text);
    })(),
    gzip: false,
    onWritten: (_, bytes) => t.is(bytes, 2),
    onClosed: () => {},
  });
  const chunks: string[] = [];
  for await (const chunk of job.read()) chunks.push(chunk.toString());
  t.deepEqual(chunks, ['a', 'b']);
});

test('a stalled reader is dropped, and a fast reader still gets everything', async (t) => {
  const { job } = scrape(1_000);
  const stalled = job.read();
  await stalled.next();
  t.is((await textOf(job.read())).length, 1_000 * chunkSize);
  await t.throwsAsync(textOf(stalled), { message: /too far behind/ });
});

test('the scrape stops once all readers have left', async (t) => {
  const { job, state } = scrape(1_000);
  const [one, other] = [job.read(), job.read()];
  await one.next();
  await one.return?.();
  await other.next();
  t.false(state.returned);
  await other.return?.();
  await new Promise((resolve) => setImmediate(resolve));
  t.true(state.returned);
  t.is(state.made, 1);
  t.is(state.closed, 1);
  t.deepEqual(state.written, [], 'it was not written completely');
  t.true((await one.next()).done);
});

test('no chunk is generated for a reader that leaves before its first one', async (t) => {
  const { job, state } = scrape(10);
  await job.read().return?.();
  t.is(state.made, 0);
  t.is(state.closed, 1);
});

test('an error reaches every reader, after the chunks before it', async (t) => {
  const { job, state } = scrape(10, { failsAt: 3 });
  const readers = [job.read(), job.read()];
  for (const reader of readers) {
    for (let read = 0; read < 3; read++) t.false((await reader.next()).done);
    await t.throwsAsync(async () => reader.next(), { message: 'broken' });
  }
  t.is(state.closed, 1);
});

test('the compressed scrape has the same text', async (t) => {
  const { job, state } = scrape(100, { gzip: true });
  const chunks: Buffer[] = [];
  for await (const chunk of job.read()) chunks.push(chunk);
  t.is(gunzipSync(Buffer.concat(chunks)).toString(), whole(100));
  t.is(state.written[1], 100 * chunkSize);
});

test('the compressed scrape also stops once all readers have left', async (t) => {
  const { job, state } = scrape(100_000, { gzip: true });
  const reader = job.read();
  await reader.next();
  await reader.return?.();
  await until('the end of the scrape', async () => (state.returned ? true : undefined));
  t.true(state.made < 1_000);
});

test('the scrape is compressed at the fastest level', async (t) => {
  const chunk = Buffer.from(
    Array.from({ length: 3_000 }, (_, id) => `calls_total{id="${id * id}"} ${id}\n`).join(''),
  );
  const job = startScrapeJob({
    chunks: (async function* () {
      yield chunk;
    })(),
    gzip: true,
    onWritten: () => {},
    onClosed: () => {},
  });
  const chunks: Buffer[] = [];
  for await (const each of job.read()) chunks.push(each);
  const sizeAt = (level: number) => gzipSync(chunk, { level }).length;
  t.is(Buffer.concat(chunks).length, sizeAt(constants.Z_BEST_SPEED));
  t.not(sizeAt(constants.Z_BEST_SPEED), sizeAt(constants.Z_DEFAULT_COMPRESSION));
});
