/** Reads a target again and again: at every interval, and more often while a page is open. */
import type { Clock, Timer } from '../clock.js';

/** `full`: everything, collect functions included. `quick`: only what is recorded by then. */
export type ReadingKind = 'full' | 'quick';

export interface SamplerOptions {
  readonly clock: Clock;
  /** Seconds between two full readings. */
  readonly intervalSeconds: number;
  /** Seconds between two readings while a page is open. */
  readonly openSeconds: number;
  /** Reads. Returns the milliseconds of processor time that it took. Must not reject. */
  readonly read: (kind: ReadingKind) => Promise<number>;
}

export interface Sampler {
  /** Seconds between two readings at present. */
  readonly intervalSeconds: number;
  /** Notes that a page is open, and reads immediately. Returns a function to call when it is closed. */
  open(): () => void;
  /** Reads now, or waits for the reading in progress. */
  readNow(): Promise<void>;
  /** Stops, and waits for the reading in progress. */
  stop(): Promise<void>;
}

/** Quick readings may take this share of the time. */
const maxShare = 0.01;

export function startSampler({ clock, intervalSeconds, openSeconds, read }: SamplerOptions): Sampler {
  let pages = 0;
  let cost = 0;
  let timer: Timer | undefined;
  let reading: Promise<void> | undefined;
  let fullAt = Number.NEGATIVE_INFINITY;
  let isStopped = false;

  const seconds = (): number =>
    pages === 0 ? intervalSeconds : Math.min(intervalSeconds, Math.max(openSeconds, cost / maxShare / 1_000));
  const begin = (): Promise<void> => {
    clock.clearTimeout(timer);
    reading ??= (async () => {
      // A reading that is a little early is in time.
      const isFull = clock.now() - fullAt >= intervalSeconds * 990;
      if (isFull) fullAt = clock.now();
      const took = await read(isFull ? 'full' : 'quick');
      // One slow reading, of a process that had something else to do, changes little.
      if (!isFull) cost = cost === 0 ? took : 0.8 * cost + 0.2 * took;
      reading = undefined;
      schedule();
    })();
    return reading;
  };
  const schedule = (): void => {
    clock.clearTimeout(timer);
    if (isStopped) return;
    timer = clock.setTimeout(() => void begin(), seconds() * 1_000);
    timer.unref();
  };
  void begin();
  return {
    get intervalSeconds() {
      return seconds();
    },
    open() {
      pages++;
      if (pages === 1) void begin();
      let isOpen = true;
      return () => {
        if (!isOpen) return;
        isOpen = false;
        pages--;
        if (pages === 0 && reading === undefined) schedule();
      };
    },
    readNow: begin,
    async stop() {
      isStopped = true;
      clock.clearTimeout(timer);
      await reading;
    },
  };
}
