/** The decorators of one method as a single observer, so that a call is made and ended once for all. */
import { contained } from './contained-observer.js';
import type { CallObserver, ObservedCall } from './observed-call.js';

/** Several observers as one: two at a time, since each call is then one that V8 can inline. */
export function combined(observers: readonly CallObserver[], index = 0): CallObserver {
  const first = observers[index];
  if (first === undefined) return {};
  const one = contained(first);
  return index + 1 === observers.length ? one : paired(one, combined(observers, index + 1), index);
}

/** What two observers started. Where only one of them starts anything, that is it: the other looks at none. */
interface Pair {
  ofOne: unknown;
  ofOther: unknown;
}

type Part = (started: unknown) => unknown;
const whole: Part = (started) => started;

/** @param index the place of `one` among all observers */
function paired(one: CallObserver, other: CallObserver, index: number): CallObserver {
  const isPair = one.start !== undefined && other.start !== undefined;
  const parts: Parts = isPair
    ? {
        ofOne: (pair) => (pair as Pair | undefined)?.ofOne,
        ofOther: (pair) => (pair as Pair | undefined)?.ofOther,
      }
    : { ofOne: whole, ofOther: whole };
  return {
    ...pairedStart(one, other),
    ...pairedEnd(one, other, index),
    isPlain: one.isPlain === true && other.isPlain === true,
    ...pairedFirstItem(one, other, parts),
    ...pairedItem(one, other, parts),
    ...pairedAround(one, other, parts),
  };
}

interface Parts {
  readonly ofOne: Part;
  readonly ofOther: Part;
}

// Only what one of the two needs: a function that is there costs, also where it does nothing.

function pairedStart(
  { start: one }: CallObserver,
  { start: other }: CallObserver,
): Pick<CallObserver, 'start'> {
  const start = one ?? other;
  if (start === undefined) return {};
  if (one === undefined || other === undefined) return { start };
  return {
    start: (call): Pair => {
      const pair: Pair = { ofOne: undefined, ofOther: undefined };
      try {
        pair.ofOne = one(call);
        pair.ofOther = other(call);
      } catch {
        // The stack is full: what has started is kept, so that it ends.
      }
      return pair;
    },
  };
}

function pairedEnd(one: CallObserver, other: CallObserver, index: number): Pick<CallObserver, 'end'> {
  const [endOne, endOther] = [one.end, other.end];
  const end = endOne ?? endOther;
  if (end === undefined) return {};
  const isPair = one.start !== undefined && other.start !== undefined;
  if (!isPair && (endOne === undefined || endOther === undefined)) return { end };
  if (isPair)
    return {
      end: (call, started) => {
        const pair = started as Pair | undefined;
        // The stack had no room for the start.
        if (pair !== undefined)
          endBoth(call as ObservedCall, endOne, pair.ofOne, endOther, pair.ofOther, index);
      },
    };
  return { end: (call, started) => endBoth(call as ObservedCall, endOne, started, endOther, started, index) };
}

type End = CallObserver['end'];

/** Where the stack is full, the rest is tried again, and what has ended does not end twice: `call.ended` has a bit for each. */
function endBoth(
  call: ObservedCall,
  one: End,
  ofOne: unknown,
  other: End,
  ofOther: unknown,
  index: number,
): void {
  let overflow: unknown;
  if ((call.ended & (1 << index)) === 0) {
    try {
      one?.(call, ofOne);
    } catch (error) {
      overflow = error;
    }
  }
  if ((call.ended & (2 << index)) === 0) {
    try {
      other?.(call, ofOther);
    } catch (error) {
      if (overflow === undefined) call.ended |= 1 << index;
      throw error;
    }
  }
  if (overflow === undefined) return;
  // All bits of the others.
  call.ended |= -2 << index;
  throw overflow;
}

function pairedFirstItem(
  one: CallObserver,
  other: CallObserver,
  { ofOne, ofOther }: Parts,
): Pick<CallObserver, 'firstItem'> {
  if (one.firstItem === undefined && other.firstItem === undefined) return {};
  return {
    firstItem: (call, started) => {
      one.firstItem?.(call, ofOne(started));
      other.firstItem?.(call, ofOther(started));
    },
  };
}

function pairedItem(
  one: CallObserver,
  other: CallObserver,
  { ofOne, ofOther }: Parts,
): Pick<CallObserver, 'item'> {
  if (one.item === undefined && other.item === undefined) return {};
  return {
    item: (call, started, item) => {
      one.item?.(call, ofOne(started), item);
      other.item?.(call, ofOther(started), item);
    },
  };
}

function pairedAround(
  { around: one }: CallObserver,
  { around: other }: CallObserver,
  { ofOne, ofOther }: Parts,
): Pick<CallObserver, 'around'> {
  if (one === undefined && other === undefined) return {};
  return {
    around: (call, started, run) => {
      const inner = other === undefined ? run : () => other(call, ofOther(started), run);
      return one === undefined ? inner() : one(call, ofOne(started), inner);
    },
  };
}
