/**
 * Pieces of work that have started and not ended. A start is reported by one call and the end by two: the stop function
 * that the start returned, and a later call that names the work but does not hold the stop function. Each piece is timed
 * once, by whichever comes first.
 */
import { secondsSince, startedAt } from '../instruments/stopwatch.js';

/** Running pieces to keep per name; the oldest are forgotten. More than this at a time is a leak in the caller. */
const maxRunning = 10_000;
/** Stopped pieces to keep until their outcome is reported, and for how many seconds. */
const maxStopped = 100;
const maxWaitSeconds = 60;
/** Decided pieces to remember, so that a second end is recognized as one. */
const maxDecided = 256;

/** A key that no piece has. */
export const anyWork = Symbol('any work');

/** One piece of work. */
export class Work {
  readonly startedAt = startedAt();
  /** Its duration has been recorded. */
  isTimed = false;
  /** Its outcome has been reported. */
  isDecided = false;
  /** When it was stopped without a reported outcome. */
  stoppedAt = 0;

  /** @param key what an end names this piece by; an object of its own if ends cannot name it */
  constructor(readonly key: unknown) {}
}

/** Pieces of work that have one name, in the order of their starts. */
export class OpenWork<W extends Work = Work> {
  readonly #running = new Map<unknown, W | W[]>();
  /** Ring buffers. */
  readonly #stopped: (W | undefined)[] = [];
  #nextStopped = 0;
  readonly #decided: unknown[] = [];
  #nextDecided = 0;

  start(work: W): void {
    const { key } = work;
    const same = this.#running.get(key);
    if (same === undefined) this.#running.set(key, work);
    else if (Array.isArray(same)) same.push(work);
    else this.#running.set(key, [same, work]);
    if (this.#running.size > maxRunning) dropFirst(this.#running);
  }

  /** Notes that a piece was timed before its outcome was reported. */
  stop(work: W): void {
    this.#remove(work);
    work.stoppedAt = startedAt();
    this.#stopped[this.#nextStopped] = work;
    this.#nextStopped = (this.#nextStopped + 1) % maxStopped;
  }

  /**
   * Decides a piece of work. An unknown key, such as {@link anyWork}, means the oldest running piece, or else one that was stopped recently.
   * @returns the piece, `ended` if it has been decided before, or `undefined` if its start was not recorded
   */
  end(key: unknown): W | 'ended' | undefined {
    const work = this.#started(key);
    if (work === undefined || work === 'ended') return work;
    work.isDecided = true;
    if (!work.isTimed) this.#remove(work);
    this.#decided[this.#nextDecided] = work.key;
    this.#nextDecided = (this.#nextDecided + 1) % maxDecided;
    return work;
  }

  #started(key: unknown): W | 'ended' | undefined {
    const running = firstOf(this.#running.get(key));
    if (running !== undefined) return running;
    const isWaiting = (work: W | undefined): boolean => work !== undefined && !work.isDecided;
    const stopped = this.#stopped.find((work) => isWaiting(work) && work?.key === key);
    if (stopped !== undefined) return stopped;
    if (this.#decided.includes(key)) return 'ended';
    const [oldest] = this.#running.values();
    return (
      firstOf(oldest) ??
      this.#stopped.find((work) => isWaiting(work) && secondsSince(work?.stoppedAt ?? 0) < maxWaitSeconds)
    );
  }

  #remove(work: W): void {
    const { key } = work;
    const same = this.#running.get(key);
    if (Array.isArray(same) && same.length > 1) same.splice(same.indexOf(work) >>> 0, 1);
    else this.#running.delete(key);
  }
}

/** Deletes the oldest entry of a map or set. */
export function dropFirst(entries: Map<unknown, unknown>): void {
  for (const first of entries.keys()) {
    entries.delete(first);
    return;
  }
}

function firstOf<W extends Work>(works: W | readonly W[] | undefined): W | undefined {
  return Array.isArray(works) ? works[0] : (works as W | undefined);
}
