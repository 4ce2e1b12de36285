/** Listeners of readings. */
import type { ReadingListener } from './target.js';

export interface Listeners {
  add(listener: ReadingListener): () => void;
  notify(time: number): void;
}

/** @param failed called with the error of a listener: it ends neither the readings nor the process */
export function listeners(failed: (error: unknown) => void): Listeners {
  const all = new Set<ReadingListener>();
  return {
    add(listener) {
      all.add(listener);
      return () => {
        all.delete(listener);
      };
    },
    notify: (time) => {
      for (const listener of all) {
        try {
          listener(time);
        } catch (error) {
          failed(error);
        }
      }
    },
  };
}
