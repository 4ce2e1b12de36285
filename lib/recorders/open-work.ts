/**
 * Pieces of work that have started and not ended, where a start is told by one call and the end by two: the stop function
 * that the start returned, and a later call that names the work but does not hold the stop function. Each piece is timed
 * once, whichever comes first.
 */
import { secondsSince, startedAt } from '../instruments/stopwatch.js';

/** One piece of work. */
export interface Work {
  readonly startedAt: number;
  /** Its time has been taken. */
  timed: boolean;
  /** How it ended has been told. */
  decided: boolean;
}

/** Most pieces that are kept of one name; the oldest are forgotten. More than this at a time is a leak of the caller's. */
const maxOpen = 10_000;
/** Stopped pieces that wait to be told how they ended, and how long. */
const maxStopped = 100;
const maxWait = 60;

export function newWork(): Work {
  return { startedAt: startedAt(), timed: false, decided: false };
}

/** Pieces of work that have one name, in the order of their starts. */
export class OpenWork {
  readonly #open = new Set<Work>();
  readonly #stopped = new Map<Work, number>();

  start(work: Work): void {
    this.#open.add(work);
    if (this.#open.size > maxOpen) dropFirst(this.#open);
  }

  /** Notes that a piece was timed before it was told how it ended. */
  stopped(work: Work): void {
    if (!this.#open.delete(work)) return;
    this.#stopped.set(work, startedAt());
    if (this.#stopped.size > maxStopped) dropFirst(this.#stopped);
  }

  /** Notes that it has been told how a piece ended. */
  decided(work: Work): void {
    this.#open.delete(work);
    this.#stopped.delete(work);
  }

  /** The piece that somebody means who knows the name only: the first that runs, or else the first that was stopped lately. */
  find(): Work | undefined {
    const [first] = this.#open;
    if (first !== undefined) return first;
    for (const [work, since] of this.#stopped) {
      if (secondsSince(since) < maxWait) return work;
      this.#stopped.delete(work);
    }
    return undefined;
  }
}

function dropFirst<K>(kept: Set<K> | Map<K, unknown>): void {
  for (const first of kept.keys()) {
    kept.delete(first);
    return;
  }
}
