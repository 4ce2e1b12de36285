/**
 * Limits the number of concurrent scrapes. A slot is freed when its connection is done with the scrape, when its time is up, or
 * when its reader makes no progress, so that readers which never read do not block other scrapes.
 */
import { type Clock, systemClock, type Timer } from '../lib/clock.js';
import type { AnswerConnection } from './endpoint.js';

/** Seconds after which a reader that reads nothing is cut off. */
const maxStallSeconds = 10;

/** The same, if another scrape needs the slot. */
const contendedStallSeconds = 1;

/** The maximum timeout that a client may request, in seconds, unless the option is greater. */
const maxRequestedSeconds = 120;

export interface ScrapeSlotsOptions {
  readonly max: number;
  readonly clock?: Clock;
}

/** The slot of a scrape in progress. */
export interface ScrapeSlot {
  /** Passes on the chunks of the response, and measures how long each waits for the reader. */
  paced(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer>;
}

export interface ScrapeSlots {
  /**
   * Takes a slot, for which `onFreed` is called once; `undefined` if all are taken.
   * @param milliseconds after which the reader is cut off, however much it has read
   */
  take(connection: AnswerConnection, milliseconds: number, onFreed: () => void): ScrapeSlot | undefined;
}

interface TakenSlot {
  /** Since when a chunk waits for the reader. */
  stalledSince: number | undefined;
  /** Destroys the connection. */
  cutOff(): void;
}

export function scrapeSlots({ max, clock = systemClock }: ScrapeSlotsOptions): ScrapeSlots {
  const taken = new Set<TakenSlot>();

  const stalledSeconds = ({ stalledSince }: TakenSlot): number =>
    stalledSince === undefined ? 0 : (clock.now() - stalledSince) / 1_000;
  const cutOffStalled = (): void => {
    const [slowest] = [...taken].sort((a, b) => stalledSeconds(b) - stalledSeconds(a));
    if (slowest !== undefined && stalledSeconds(slowest) >= contendedStallSeconds) slowest.cutOff();
  };

  return {
    take(connection, milliseconds, onFreed) {
      if (taken.size >= max) cutOffStalled();
      if (taken.size >= max) return undefined;
      const end = clock.now() + milliseconds;
      let timer: Timer | undefined;
      const free = (): void => {
        if (!taken.delete(slot)) return;
        clock.clearTimeout(timer);
        onFreed();
      };
      const slot: TakenSlot = {
        stalledSince: undefined,
        cutOff: () => {
          connection.cutOff();
          // Freed synchronously: a response that waits behind others of a pipeline closes only with its connection.
          free();
        },
      };
      const watch = (): void => {
        const stallEnd = (slot.stalledSince ?? clock.now()) + maxStallSeconds * 1_000;
        const left = Math.min(end, stallEnd) - clock.now();
        if (left <= 0) slot.cutOff();
        else timer = clock.setTimeout(watch, left);
      };
      taken.add(slot);
      watch();
      connection.whenOver(free);
      return {
        async *paced(chunks) {
          for await (const chunk of chunks) {
            slot.stalledSince = clock.now();
            yield chunk;
            slot.stalledSince = undefined;
          }
          slot.stalledSince = clock.now();
        },
      };
    },
  };
}

/**
 * Milliseconds that collecting may take: the timeout of Prometheus, within bounds, less a margin for sending.
 * @param requested the value of `X-Prometheus-Scrape-Timeout-Seconds`
 * @param fallbackSeconds used if that is not a number
 */
export function collectMilliseconds(requested: string, fallbackSeconds: number): number {
  const isGiven = /^\d{1,6}(?:\.\d{1,9})?$/.test(requested) && Number(requested) > 0;
  const seconds = isGiven
    ? Math.min(Number(requested), Math.max(maxRequestedSeconds, fallbackSeconds))
    : fallbackSeconds;
  return (seconds - Math.min(0.5, seconds / 10)) * 1_000;
}
