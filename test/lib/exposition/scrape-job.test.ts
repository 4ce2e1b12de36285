/** One scrape for several readers: what they share, what is kept of it, and who is let go. */
import { gunzipSync } from 'node:zlib';
import test from 'ava';
import { type ScrapeJob, startScrapeJob } from '../../../lib/exposition/scrape-job.js';
import { until } from '../../helpers/until.js';

const chunkSize = 32_768;

/** A scrape of so many chunks, each of one letter, that tells how far it has been made and how it ended. */
function scrape(count: number, { gzip = false, failsAt = Number.POSITIVE_INFINITY } = {}) {
  const told = { made: 0, returned: false, closed: 0, written: [] as number[] };
  async function* chunks(): AsyncGenerator<Buffer> {
    try {
      for (; told.made < count; ) {
        if (told.made === failsAt) throw new Error('broken');
        told.made += 1;
        yield Buffer.alloc(chunkSize, letter(told.made - 1));
      }
    } finally {
      told.returned = true;
    }
  }
  const job = startScrapeJob({
    chunks: chunks(),
    gzip,
    onWritten: (seconds, bytes) => told.written.push(seconds, bytes),
    onClosed: () => {
      told.closed += 1;
    },
  });
  return { job, told };
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
  const { job, told } = scrape(100);
  const texts = await Promise.all([textOf(job.read()), textOf(job.read()), textOf(job.read())]);
  t.true(texts.every((text) => text === whole(100)));
  t.is(told.made, 100);
  t.is(told.closed, 1);
  t.is(told.written[1], 100 * chunkSize);
  t.true((told.written[0] ?? -1) >= 0);
});

test('a slow reader buffers a few chunks, whatever the size of the scrape', async (t) => {
  const { job, told } = scrape(2_000);
  const reader = job.read();
  for (let read = 1; read <= 2_000; read++) {
    await reader.next();
    t.true(told.made - read <= 1);
  }
  t.true((await reader.next()).done);
});

test('a late reader joins as long as the beginning is kept', async (t) => {
  const { job, told } = scrape(100);
  const first = job.read();
  for (let read = 0; read < 10; read++) await first.next();
  t.is(told.closed, 0);
  const second = job.read();
  const [rest, all] = await Promise.all([textOf(first), textOf(second)]);
  t.is(all, whole(100));
  t.is(rest, whole(100).slice(10 * chunkSize));
  t.is(told.closed, 1);
});

test('the beginning is dropped after one megabyte', async (t) => {
  const { job, told } = scrape(100);
  const reader = job.read();
  for (let read = 0; read < 33; read++) await reader.next();
  t.is(told.closed, 1);
  await t.throwsAsync(textOf(job.read()), { message: /too far behind/ });
  t.is(await textOf(reader), whole(100).slice(33 * chunkSize), 'the others read on');
});

test('a stalled reader is dropped, and a fast reader still gets everything', async (t) => {
  const { job } = scrape(1_000);
  const stalled = job.read();
  await stalled.next();
  t.is((await textOf(job.read())).length, 1_000 * chunkSize);
  await t.throwsAsync(textOf(stalled), { message: /too far behind/ });
});

test('the scrape stops once all readers have left', async (t) => {
  const { job, told } = scrape(1_000);
  const [one, other] = [job.read(), job.read()];
  await one.next();
  await one.return?.();
  await other.next();
  t.false(told.returned);
  await other.return?.();
  await new Promise((resolve) => setImmediate(resolve));
  t.true(told.returned);
  t.is(told.made, 1);
  t.is(told.closed, 1);
  t.deepEqual(told.written, [], 'it has not been written');
  t.true((await one.next()).done);
});

test('a reader that leaves before its first chunk does not count', async (t) => {
  const { job, told } = scrape(10);
  await job.read().return?.();
  t.is(told.made, 0);
  t.is(told.closed, 1);
});

test('an error reaches every reader after the chunks before it', async (t) => {
  const { job, told } = scrape(10, { failsAt: 3 });
  const readers = [job.read(), job.read()];
  for (const reader of readers) {
    for (let read = 0; read < 3; read++) t.false((await reader.next()).done);
    await t.throwsAsync(async () => reader.next(), { message: 'broken' });
  }
  t.is(told.closed, 1);
});

test('the compressed scrape has the same text', async (t) => {
  const { job, told } = scrape(100, { gzip: true });
  const chunks: Buffer[] = [];
  for await (const chunk of job.read()) chunks.push(chunk);
  t.is(gunzipSync(Buffer.concat(chunks)).toString(), whole(100));
  t.is(told.written[1], 100 * chunkSize);
});

test('the compressed scrape also stops once all readers have left', async (t) => {
  const { job, told } = scrape(100_000, { gzip: true });
  const reader = job.read();
  await reader.next();
  await reader.return?.();
  await until('the end of the scrape', async () => (told.returned ? true : undefined));
  t.true(told.made < 1_000);
});
