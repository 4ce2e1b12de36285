/** Waits for conditions that messages change: they are checked again after each message. */
import type { Clock } from '../clock.js';

export interface MessageWaits {
  /** Checks all conditions. */
  check(): void;
  /** Resolves as soon as a condition holds, or after the given time. */
  until(holds: () => boolean, milliseconds: number): Promise<void>;
}

/** @param keepsAlive whether a wait keeps the process from ending */
export function messageWaits(clock: Clock, keepsAlive: boolean): MessageWaits {
  const checks = new Set<() => void>();
  return {
    check: () => {
      for (const check of [...checks]) check();
    },
    until: (holds, milliseconds) =>
      new Promise((resolve) => {
        const end = (): void => {
          clock.clearTimeout(timer);
          checks.delete(check);
          resolve();
        };
        const check = (): void => {
          if (holds()) end();
        };
        const timer = clock.setTimeout(end, milliseconds);
        if (!keepsAlive) timer.unref();
        checks.add(check);
        check();
      }),
  };
}
