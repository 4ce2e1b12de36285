/** The decorators of one method as a single observer, so that a call is made and ended once for all. */
import type { Call } from './call.js';
import { contained } from './contained-observer.js';
import type { CallObserver } from './observed-call.js';

/** Several observers as one: two at a time, since each call is then one that V8 can inline. */
export function combined(observers: readonly CallObserver[]): CallObserver {
  const [first, ...others] = observers;
  if (first === undefined) return {};
  return others.length === 0 ? contained(first) : paired(contained(first), combined(others));
}

/** What two observers started. */
interface Pair {
  ofOne: unknown;
  ofOther: unknown;
  /** Neither ends twice where a full stack cut the end off. */
  hasOneEnded: boolean;
  hasOtherEnded: boolean;
}

function paired(one: CallObserver, other: CallObserver): CallObserver {
  const start = (call: Call): Pair => {
    const pair: Pair = {
      ofOne: undefined,
      ofOther: undefined,
      hasOneEnded: false,
      hasOtherEnded: false,
    };
    try {
      pair.ofOne = one.start?.(call);
      pair.ofOther = other.start?.(call);
    } catch {
      // The stack is full: what has started is kept, so that it ends.
    }
    return pair;
  };
  const end = (call: Call, started: unknown): void => {
    const pair = started as Pair | undefined;
    // The stack had no room for the start.
    if (pair === undefined) return;
    let overflow: unknown;
    if (!pair.hasOneEnded) {
      try {
        one.end?.(call, pair.ofOne);
        pair.hasOneEnded = true;
      } catch (error) {
        overflow = error;
      }
    }
    if (!pair.hasOtherEnded) {
      other.end?.(call, pair.ofOther);
      pair.hasOtherEnded = true;
    }
    if (overflow !== undefined) throw overflow;
  };
  return {
    start,
    end,
    isPlain: one.isPlain === true && other.isPlain === true,
    ...pairedFirstItem(one, other),
    ...pairedItem(one, other),
    ...pairedAround(one, other),
  };
}

/** Only what one of the two needs: a function that is there costs, also where it does nothing. */
function pairedFirstItem(one: CallObserver, other: CallObserver): Pick<CallObserver, 'firstItem'> {
  if (one.firstItem === undefined && other.firstItem === undefined) return {};
  return {
    firstItem: (call, started) => {
      const { ofOne, ofOther } = started as Pair;
      one.firstItem?.(call, ofOne);
      other.firstItem?.(call, ofOther);
    },
  };
}

function pairedItem(one: CallObserver, other: CallObserver): Pick<CallObserver, 'item'> {
  if (one.item === undefined && other.item === undefined) return {};
  return {
    item: (call, started, item) => {
      const { ofOne, ofOther } = started as Pair;
      one.item?.(call, ofOne, item);
      other.item?.(call, ofOther, item);
    },
  };
}

function pairedAround(one: CallObserver, other: CallObserver): Pick<CallObserver, 'around'> {
  const [ofOne, ofOther] = [one.around, other.around];
  if (ofOne === undefined && ofOther === undefined) return {};
  return {
    around: (call, started, run) => {
      const { ofOne: startedOne, ofOther: startedOther } = started as Pair;
      const inner = ofOther === undefined ? run : () => ofOther(call, startedOther, run);
      return ofOne === undefined ? inner() : ofOne(call, startedOne, inner);
    },
  };
}
