/** Time for code that waits: an argument, so that tests can let it pass without waiting. */

export interface Timer {
  /** From then on it does not keep the process alive. */
  unref(): unknown;
}

export interface Clock {
  /** Milliseconds of a clock that never goes back: only differences mean anything. */
  now(): number;
  /** Milliseconds since 1970. */
  timestamp(): number;
  setTimeout(run: () => void, milliseconds: number): Timer;
  clearTimeout(timer: Timer | undefined): void;
}

/** Milliseconds of the longest timer of Node's: one that is given more is over at once. */
const maxTimer = 2 ** 31 - 1;

/** The platform's clock. Its functions are looked up at every call, so fake timers (Vitest, Jest, Sinon) govern it. */
export const systemClock: Clock = {
  now: () => performance.now(),
  timestamp: () => Date.now(),
  setTimeout: (run, milliseconds) => setTimeout(run, Math.min(milliseconds, maxTimer)),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
};

/** Runs something after every interval, without keeping the process alive. Returns a function that ends it. */
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
