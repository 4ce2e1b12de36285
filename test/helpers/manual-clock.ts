/** A clock that only a test advances. */
import type { Clock, Timer } from '../../lib/clock.js';

export interface ManualClock extends Clock {
  /** Advances the clock, and runs every timer that becomes due, in order. */
  advance(milliseconds: number): void;
  /** Milliseconds until each pending timer, soonest first. */
  timers(): number[];
  /** Resolves once a timer is set for that many milliseconds. */
  waitsFor(milliseconds: number): Promise<void>;
}

interface ManualTimer extends Timer {
  readonly due: number;
  readonly run: () => void;
  /** Keeps the process alive instead of the manual timers; never fires. */
  readonly held: NodeJS.Timeout;
}

export function manualClock(startsAt = Date.now()): ManualClock {
  const set = new Set<ManualTimer>();
  const lookers = new Set<() => void>();
  let now = 0;
  const inOrder = (): ManualTimer[] => [...set].sort((one, other) => one.due - other.due);
  const end = (timer: ManualTimer | undefined): void => {
    if (timer === undefined || !set.delete(timer)) return;
    clearInterval(timer.held);
  };
  const timers = (): number[] => inOrder().map(({ due }) => due - now);
  return {
    now: () => now,
    timestamp: () => startsAt + now,
    setTimeout(run, milliseconds) {
      const held = setInterval(() => {}, 2 ** 30);
      const timer = { due: now + milliseconds, run, held, unref: () => held.unref() };
      set.add(timer);
      for (const look of lookers) look();
      return timer;
    },
    clearTimeout: (timer) => end(timer as ManualTimer | undefined),
    advance(milliseconds) {
      const target = now + milliseconds;
      for (let next = inOrder()[0]; next !== undefined && next.due <= target; next = inOrder()[0]) {
        end(next);
        now = next.due;
        next.run();
      }
      now = target;
    },
    timers,
    waitsFor: (milliseconds) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!timers().some((left) => Math.abs(left - milliseconds) < 1e-6)) return;
          lookers.delete(look);
          resolve();
        };
        lookers.add(look);
        look();
      }),
  };
}
