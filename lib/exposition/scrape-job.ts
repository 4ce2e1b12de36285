/**
 * A scrape that several readers share: those that come while one is being made get the same, from its beginning. What has
 * been made is kept as long as somebody reads it.
 */
import { Readable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import { secondsSince, startedAt } from '../instruments/stopwatch.js';

export interface ScrapeJob {
  /** Everything from the beginning, as it comes. */
  read(): AsyncGenerator<Buffer>;
}

export interface ScrapeJobOptions {
  readonly chunks: AsyncGenerator<string>;
  readonly gzip: boolean;
  /** Told once all has been made: the seconds it took, and its bytes before compression. */
  readonly onWritten: (seconds: number, bytes: number) => void;
  /** Told once no more will come, whether all was made or not. */
  readonly onEnd: () => void;
}

export function startScrapeJob({ chunks, gzip, onWritten, onEnd }: ScrapeJobOptions): ScrapeJob {
  const made: Buffer[] = [];
  let state: 'making' | 'done' | { readonly error: unknown } = 'making';
  let wake: () => void = () => {};
  let woken = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const tell = (): void => {
    const wakeNow = wake;
    woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    wakeNow();
  };
  const make = async (): Promise<void> => {
    const start = startedAt();
    let bytes = 0;
    async function* encoded(): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        const buffer = Buffer.from(chunk);
        bytes += buffer.length;
        if (buffer.length > 0) yield buffer;
      }
      onWritten(secondsSince(start), bytes);
    }
    try {
      for await (const buffer of gzip ? gzipped(encoded()) : encoded()) {
        made.push(buffer);
        tell();
      }
      state = 'done';
    } catch (error) {
      state = { error };
    }
    onEnd();
    tell();
  };
  void make();
  return {
    async *read() {
      for (let index = 0; ; index++) {
        while (index >= made.length && state === 'making') await woken;
        const buffer = made[index];
        if (buffer !== undefined) yield buffer;
        else if (typeof state === 'object') throw state.error;
        else return;
      }
    },
  };
}

/** Compressed in the thread pool, for speed: a scrape every few seconds is not worth the last percent. */
function gzipped(source: AsyncGenerator<Buffer>): AsyncIterable<Buffer> {
  const input = Readable.from(source);
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  input.once('error', (error) => gzip.destroy(error));
  return input.pipe(gzip);
}
