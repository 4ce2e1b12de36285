/** The compression of scrapes and pushes: what it reads, and how it ends. */
import { setImmediate as turn } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import test from 'ava';
import { gzipped } from '../../../lib/exposition/gzipped.js';
import { until } from '../../helpers/until.js';

async function read(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return gunzipSync(Buffer.concat(chunks)).toString();
}

test('a chunk may be overwritten when the next one is asked for', async (t) => {
  const memory = Buffer.alloc(40_000);
  const texts = Array.from({ length: 50 }, (_, index) => `${index} `.repeat(10_000));
  async function* body(): AsyncGenerator<Buffer> {
    for (const text of texts) {
      yield memory.subarray(0, memory.write(text));
      memory.fill('x');
    }
  }
  t.is(await read(gzipped(body())), texts.map((text) => text.slice(0, 40_000)).join(''));
});

test('an empty body is an empty text', async (t) => {
  t.is(await read(gzipped((async function* () {})())), '');
});

test('an error of the body is thrown to the reader, also if it comes before the first chunk', async (t) => {
  const failing = gzipped(
    (async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('some');
      throw new Error('the body broke');
    })(),
  );
  const early = gzipped(
    // biome-ignore lint/correctness/useYield: it fails before its first chunk
    (async function* (): AsyncGenerator<Buffer> {
      throw new Error('the body broke early');
    })(),
  );
  await t.throwsAsync(read(failing), { message: 'the body broke' });
  await t.throwsAsync(read(early), { message: 'the body broke early' });
});

test('nothing is read before the reader asks', async (t) => {
  let isStarted = false;
  const body = gzipped(
    (async function* () {
      isStarted = true;
      yield Buffer.from('some');
    })(),
  );
  for (let time = 0; time < 10; time++) await turn();
  t.false(isStarted);
  t.is(await read(body), 'some');
  t.true(isStarted);
});

/** Random chunks without an end; `seen` counts those that were asked for, and notes the end. */
async function* endless(seen: { chunks: number; isEnded: boolean }): AsyncGenerator<Buffer> {
  try {
    for (;;) {
      seen.chunks += 1;
      yield Buffer.from(Array.from({ length: 30_000 }, () => Math.random() * 256));
    }
  } finally {
    seen.isEnded = true;
  }
}

test('a reader that leaves ends the body', async (t) => {
  const seen = { chunks: 0, isEnded: false };
  for await (const _ of gzipped(endless(seen))) break;
  await until('the end of the body', async () => (seen.isEnded ? true : undefined));
  const read = seen.chunks;
  for (let time = 0; time < 10; time++) await turn();
  t.is(seen.chunks, read);
});

test('no more is read than the reader takes, and leaving during such a pause ends the body', async (t) => {
  const seen = { chunks: 0, isEnded: false };
  const body = gzipped(endless(seen));
  await body.next();
  // Compressed bytes fill the buffer of the stream, and then nothing more is asked for.
  let before = 0;
  let unchanged = 0;
  await until('a pause', async () => {
    unchanged = seen.chunks > 1 && seen.chunks === before ? unchanged + 1 : 0;
    before = seen.chunks;
    return unchanged === 5 ? true : undefined;
  });
  t.true(seen.chunks < 20);
  await body.return(undefined);
  await until('the end of the body', async () => (seen.isEnded ? true : undefined));
  t.is(seen.chunks, before);
});
