/**
 * A scrape that several readers share: readers that join while its beginning is kept get the same text. It is produced at the
 * speed of the fastest reader, and chunks that all readers have read are dropped, so memory does not depend on the size of the
 * text.
 */
import { secondsSince, startedAt } from '../instruments/stopwatch.js';
import { gzipped } from './gzipped.js';

export interface ScrapeJob {
  /** Reads everything from the beginning. Throws for a reader that falls too far behind the others. */
  read(): AsyncIterableIterator<Buffer>;
}

export interface ScrapeJobOptions {
  readonly chunks: AsyncGenerator<Buffer>;
  readonly gzip: boolean;
  /** Called when the scrape is complete, with its seconds, excluding the wait for readers, and its bytes before compression. */
  readonly onWritten: (seconds: number, bytes: number) => void;
  /** Called when no reader can join any more: the beginning was dropped, or the scrape is complete or abandoned. */
  readonly onClosed: () => void;
}

/** Bytes of the beginning to keep for late readers. Most scrapes are smaller. */
const headBytes = 2 ** 20;

/** Maximum number of chunks that a reader may be behind the fastest one: about eight megabytes. */
const maxBehind = 256;

export function startScrapeJob({ chunks, gzip, onWritten, onClosed }: ScrapeJobOptions): ScrapeJob {
  const measured = measuredChunks(chunks, onWritten);
  const source = gzip ? gzipped(measured)[Symbol.asyncIterator]() : measured;
  const readers = new Set<{ at: number }>();
  let kept: Buffer[] = [];
  /** The number of dropped chunks. */
  let gone = 0;
  let bytes = 0;
  let outcome: 'made' | { readonly error: unknown } | undefined;
  let making: Promise<void> | undefined;
  let isClosed = false;

  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    onClosed();
  };
  const makeNext = async (): Promise<void> => {
    try {
      const { done, value } = await source.next();
      if (done === true) outcome ??= 'made';
      else {
        kept.push(value);
        bytes += value.length;
      }
    } catch (error) {
      outcome ??= { error };
    }
    making = undefined;
    if (outcome !== undefined) close();
  };
  const letGo = (): void => {
    if (bytes <= headBytes) return;
    close();
    const slowest = Math.min(...[...readers].map(({ at }) => at));
    const count = Math.max(slowest - gone, kept.length - maxBehind);
    if (count <= 0) return;
    kept = kept.slice(count);
    gone += count;
  };
  const abandon = (): void => {
    outcome ??= { error: new Error('nobody reads this scrape') };
    kept = [];
    close();
    void source.return?.();
  };

  return {
    read() {
      const reader = { at: 0 };
      readers.add(reader);
      const leave = (): void => {
        if (!readers.delete(reader)) return;
        if (readers.size === 0) abandon();
        else letGo();
      };
      return {
        [Symbol.asyncIterator]() {
          return this;
        },
        async next() {
          while (readers.has(reader)) {
            if (reader.at < gone) {
              leave();
              throw new Error('the reader fell too far behind the others of the scrape');
            }
            const value = kept[reader.at - gone];
            if (value !== undefined) {
              reader.at += 1;
              letGo();
              return { done: false, value };
            }
            if (outcome !== undefined) {
              const { error } = typeof outcome === 'object' ? outcome : { error: undefined };
              leave();
              if (error !== undefined) throw error;
              break;
            }
            making ??= makeNext();
            await making;
          }
          return { done: true, value: undefined };
        },
        async return() {
          leave();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

async function* measuredChunks(
  chunks: AsyncGenerator<Buffer>,
  onWritten: ScrapeJobOptions['onWritten'],
): AsyncGenerator<Buffer> {
  let seconds = 0;
  let bytes = 0;
  try {
    for (;;) {
      const start = startedAt();
      const { done, value } = await chunks.next();
      seconds += secondsSince(start);
      if (done === true) break;
      bytes += value.length;
      if (value.length > 0) yield value;
    }
    onWritten(seconds, bytes);
  } finally {
    await chunks.return(undefined);
  }
}
