/** Random numbers from a seed, so that a run can be repeated. */

export interface Random {
  /** 0 or more, less than 1. */
  next(): number;
  /** An integer, both ends included. */
  between(lowest: number, highest: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** A function that is true for this share of its calls, evenly spread: a rare failure is certain to happen. */
  evenly(share: number): () => boolean;
}

/** The generator mulberry32. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: (lowest, highest) => lowest + Math.floor(next() * (highest - lowest + 1)),
    chance: (probability) => next() < probability,
    evenly: (share) => {
      let due = 0.5;
      return () => {
        due += share;
        if (due < 1) return false;
        due -= 1;
        return true;
      };
    },
  };
}
