/**
 * A scrape that several readers share. A reader can join while the first chunks are kept. The text is produced at the speed of the
 * fastest reader, and chunks that all readers have read are dropped, so that memory does not depend on the size of the text.
 */
import { secondsSince, startedAt } from '../instruments/stopwatch.js';
import { gzipped } from './gzipped.js';

/** A scrape in progress. */
export interface ScrapeJob {
  /** Reads the whole text. The iterator throws if it falls too far behind the fastest reader. */
  read(): AsyncIterableIterator<Buffer>;
}

/** Options of {@link startScrapeJob}. */
export interface ScrapeJobOptions {
  /** The text of the scrape. */
  readonly chunks: AsyncGenerator<Buffer>;
  /** Whether to compress the text. */
  readonly gzip: boolean;
  /** Called when the scrape is complete, with its duration without waiting for readers, and its bytes before compression. */
  readonly onWritten: (seconds: number, bytes: number) => void;
  /** Called when readers can no longer join: the first chunks were dropped, or the scrape is complete or abandoned. */
  readonly onClosed: () => void;
}

/** Bytes of the first chunks that are kept for readers that join later. Most scrapes are smaller. */
const headBytes = 2 ** 20;

/** Maximum number of chunks between the slowest and the fastest reader: about eight megabytes. */
const maxBehind = 256;

/** Starts a scrape. The chunks are produced when the first reader asks for them. */
export function startScrapeJob({ chunks, gzip, onWritten, onClosed }: ScrapeJobOptions): ScrapeJob {
  const measured = measuredChunks(chunks, onWritten);
  const source = gzip ? gzipped(measured) : measured;
  const readers = new Set<{ at: number }>();
  let kept: Buffer[] = [];
  /** Number of dropped chunks. */
  let dropped = 0;
  let bytes = 0;
  let outcome: 'complete' | { readonly error: unknown } | undefined;
  let producing: Promise<void> | undefined;
  let isClosed = false;

  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    onClosed();
  };
  const produceNext = async (): Promise<void> => {
    try {
      const { done, value } = await source.next();
      if (done === true) outcome ??= 'complete';
      else {
        kept.push(value);
        bytes += value.length;
      }
    } catch (error) {
      outcome ??= { error };
    }
    producing = undefined;
    if (outcome !== undefined) close();
  };
  const dropRead = (): void => {
    if (bytes <= headBytes) return;
    close();
    const slowest = Math.min(...[...readers].map(({ at }) => at));
    const count = Math.max(slowest - dropped, kept.length - maxBehind);
    if (count <= 0) return;
    kept = kept.slice(count);
    dropped += count;
  };
  const abandon = (): void => {
    outcome ??= { error: new Error('all readers have left this scrape') };
    kept = [];
    close();
    void source.return(undefined);
  };

  return {
    read() {
      const reader = { at: 0 };
      readers.add(reader);
      const leave = (): void => {
        if (!readers.delete(reader)) return;
        if (readers.size === 0) abandon();
        else dropRead();
      };
      return {
        [Symbol.asyncIterator]() {
          return this;
        },
        async next() {
          while (readers.has(reader)) {
            if (reader.at < dropped) {
              leave();
              throw new Error('the reader fell too far behind the other readers of the scrape');
            }
            const value = kept[reader.at - dropped];
            if (value !== undefined) {
              reader.at += 1;
              dropRead();
              return { done: false, value };
            }
            if (outcome !== undefined) {
              const { error } = typeof outcome === 'object' ? outcome : { error: undefined };
              leave();
              if (error !== undefined) throw error;
              break;
            }
            producing ??= produceNext();
            await producing;
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
