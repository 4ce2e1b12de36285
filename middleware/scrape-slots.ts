/**
 * Scrapes that are answered at a time. A place is free again when its connection is done with the scrape, when its time is
 * up, and when its reader makes no progress: readers that never read lock nobody out.
 */
import { type Clock, systemClock, type Timer } from '../lib/clock.js';
import type { AnswerConnection } from './endpoint.js';

/** Seconds after which a reader that takes nothing is cut off. */
const maxStallSeconds = 10;

/** Seconds after which it is, where another scrape has no place. */
const sparedStallSeconds = 1;

/** Seconds that a client may ask for, where its operator does not allow more. */
const maxAskedSeconds = 120;

export interface ScrapePlacesOptions {
  readonly max: number;
  readonly clock?: Clock;
}

/** A scrape's place among those that are answered. */
export interface ScrapePlace {
  /** The chunks of its answer, to be pulled by its reader: what waits for the reader is measured. */
  paced(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer>;
}

export interface ScrapePlaces {
  /**
   * A place for a scrape, which `onFreed` is called for once; `undefined` where all are taken.
   * @param milliseconds after which its reader is cut off, whatever it has read
   */
  take(connection: AnswerConnection, milliseconds: number, onFreed: () => void): ScrapePlace | undefined;
}

interface TakenPlace {
  /** Since when its reader has not taken what is there for it. */
  stalledSince: number | undefined;
  /** Breaks its connection off. */
  cutOff(): void;
}

export function scrapePlaces({ max, clock = systemClock }: ScrapePlacesOptions): ScrapePlaces {
  const taken = new Set<TakenPlace>();

  const stalledSeconds = ({ stalledSince }: TakenPlace): number =>
    stalledSince === undefined ? 0 : (clock.now() - stalledSince) / 1_000;
  const cutOffStalled = (): void => {
    const [longest] = [...taken].sort((one, other) => stalledSeconds(other) - stalledSeconds(one));
    if (longest !== undefined && stalledSeconds(longest) >= sparedStallSeconds) longest.cutOff();
  };

  return {
    take(connection, milliseconds, onFreed) {
      if (taken.size >= max) cutOffStalled();
      if (taken.size >= max) return undefined;
      const end = clock.now() + milliseconds;
      let timer: Timer | undefined;
      const free = (): void => {
        if (!taken.delete(place)) return;
        clock.clearTimeout(timer);
        onFreed();
      };
      const place: TakenPlace = {
        stalledSince: undefined,
        cutOff: () => {
          connection.cutOff();
          // At once: a response behind others of a pipeline closes only with its connection.
          free();
        },
      };
      const watch = (): void => {
        const stallEnd = (place.stalledSince ?? clock.now()) + maxStallSeconds * 1_000;
        const left = Math.min(end, stallEnd) - clock.now();
        if (left <= 0) place.cutOff();
        else timer = clock.setTimeout(watch, left);
      };
      taken.add(place);
      watch();
      connection.whenOver(free);
      return {
        async *paced(chunks) {
          for await (const chunk of chunks) {
            place.stalledSince = clock.now();
            yield chunk;
            place.stalledSince = undefined;
          }
          place.stalledSince = clock.now();
        },
      };
    },
  };
}

/**
 * Milliseconds that collecting may take: what Prometheus gives, within bounds, less what sending takes.
 * @param asked the value of `X-Prometheus-Scrape-Timeout-Seconds`
 * @param fallbackSeconds where it is none
 */
export function collectMilliseconds(asked: string, fallbackSeconds: number): number {
  const isGiven = /^\d{1,6}(?:\.\d{1,9})?$/.test(asked) && Number(asked) > 0;
  const seconds = isGiven
    ? Math.min(Number(asked), Math.max(maxAskedSeconds, fallbackSeconds))
    : fallbackSeconds;
  return (seconds - Math.min(0.5, seconds / 10)) * 1_000;
}
