/** A clock as an argument, so that tests need not wait. */

/** A timer of a {@link Clock}. Timers of Node.js have this shape. */
export interface Timer {
  /** The timer no longer keeps the process alive. */
  unref(): unknown;
}

/** The time and the timers that a function uses. Tests pass their own to control them. Default: those of Node.js. */
export interface Clock {
  /** Milliseconds of a monotonic clock. Only differences are meaningful. */
  now(): number;
  /** Milliseconds since 1970. */
  timestamp(): number;
  /** Calls `run` once, after the delay. */
  setTimeout(run: () => void, milliseconds: number): Timer;
  /** Cancels a timer of `setTimeout`. */
  clearTimeout(timer: Timer | undefined): void;
}

/** The maximum delay of a Node.js timer, in milliseconds; a longer one fires immediately. */
const maxTimer = 2 ** 31 - 1;

/** The real clock. Its functions are looked up at every call, so that fake timers (Vitest, Jest, Sinon) apply. */
export const systemClock: Clock = {
  now: () => performance.now(),
  timestamp: () => Date.now(),
  setTimeout: (run, milliseconds) => setTimeout(run, Math.min(milliseconds, maxTimer)),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
};

/** Runs a function at an interval, without keeping the process alive. Returns a function that stops it. */
export function repeat(clock: Clock, milliseconds: number, run: () => void): () => void {
  let timer: Timer;
  const schedule = (): void => {
    timer = clock.setTimeout(() => {
      schedule();
      run();
    }, milliseconds);
    timer.unref();
  };
  schedule();
  return () => clock.clearTimeout(timer);
}
