/** Waits for what messages bring about: each looks again whenever one has come. */

import type { Clock } from '../clock.js';

export interface MessageWaits {
  /** A message has come. */
  look(): void;
  /** Resolves once a condition holds, or after so many milliseconds. */
  settled(holds: () => boolean, milliseconds: number): Promise<void>;
}

/** @param keepsAlive whether a wait keeps the process from ending */
export function messageWaits(clock: Clock, keepsAlive: boolean): MessageWaits {
  const waiting = new Set<() => void>();
  return {
    look: () => {
      for (const look of [...waiting]) look();
    },
    settled: (holds, milliseconds) =>
      new Promise((resolve) => {
        const end = (): void => {
          clock.clearTimeout(timer);
          waiting.delete(look);
          resolve();
        };
        const look = (): void => {
          if (holds()) end();
        };
        const timer = clock.setTimeout(end, milliseconds);
        if (!keepsAlive) timer.unref();
        waiting.add(look);
        look();
      }),
  };
}
