/** Listeners of readings. */
import type { ReadingListener } from './target.js';

export interface Listeners {
  add(listener: ReadingListener): () => void;
  notify(time: number): void;
}

export function listeners(): Listeners {
  const all = new Set<ReadingListener>();
  return {
    add(listener) {
      all.add(listener);
      return () => {
        all.delete(listener);
      };
    },
    notify: (time) => {
      for (const listener of all) listener(time);
    },
  };
}
