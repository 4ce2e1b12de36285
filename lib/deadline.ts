/** Limits how long to wait for a promise. */
import { type Clock, systemClock, type Timer } from './clock.js';

/** The result of a wait that ended at its deadline. */
export const late = Symbol('late');

/** One time limit for several waits. */
export interface Deadline {
  /** Resolves to `late` at the deadline. */
  readonly passed: Promise<typeof late>;
  /** Stops the timer; `passed` never settles then. */
  cancel(): void;
}

export function startDeadline(milliseconds: number, clock: Clock = systemClock): Deadline {
  let timer: Timer | undefined;
  const passed = new Promise<typeof late>((resolve) => {
    timer = clock.setTimeout(() => resolve(late), milliseconds);
  });
  return { passed, cancel: () => clock.clearTimeout(timer) };
}

/** The result of a promise, or `late` at the deadline. Rejects as the promise does; a rejection after the deadline is ignored. */
export async function withinDeadline<T>(
  result: T,
  milliseconds: number,
  clock?: Clock,
): Promise<Awaited<T> | typeof late> {
  const { passed, cancel } = startDeadline(milliseconds, clock);
  try {
    return await Promise.race([result, passed]);
  } finally {
    cancel();
  }
}
