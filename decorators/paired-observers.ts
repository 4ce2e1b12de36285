/** Combines the observers of one method into one, so that a call is created and ended once for all of them. */
import { contained } from './contained-observer.js';
import type { CallObserver, ObservedCall } from './observed-call.js';

/** Combines several observers pairwise, since V8 can inline calls to two fixed functions. */
export function combined(observers: readonly CallObserver[], index = 0): CallObserver {
  const first = observers[index];
  if (first === undefined) return {};
  const observer = contained(first);
  return index + 1 === observers.length ? observer : paired(observer, combined(observers, index + 1), index);
}

/** What the two `start` functions returned. If only one observer has a `start`, its result is passed on without a pair. */
interface Pair {
  ofFirst: unknown;
  ofSecond: unknown;
}

type Part = (started: unknown) => unknown;
const whole: Part = (started) => started;

/** @param index the position of the first observer among all observers */
function paired(first: CallObserver, second: CallObserver, index: number): CallObserver {
  const isPair = first.start !== undefined && second.start !== undefined;
  const parts: Parts = isPair
    ? {
        ofFirst: (pair) => (pair as Pair | undefined)?.ofFirst,
        ofSecond: (pair) => (pair as Pair | undefined)?.ofSecond,
      }
    : { ofFirst: whole, ofSecond: whole };
  return {
    ...pairedStart(first, second),
    ...pairedEnd(first, second, index),
    isPlain: first.isPlain === true && second.isPlain === true,
    ...pairedFirstItem(first, second, parts),
    ...pairedItem(first, second, parts),
    ...pairedAround(first, second, parts),
  };
}

interface Parts {
  readonly ofFirst: Part;
  readonly ofSecond: Part;
}

// Each function exists only if one of the two observers needs it: even an empty function costs time per call.

function pairedStart(
  { start: first }: CallObserver,
  { start: second }: CallObserver,
): Pick<CallObserver, 'start'> {
  const start = first ?? second;
  if (start === undefined) return {};
  if (first === undefined || second === undefined) return { start };
  return {
    start: (call): Pair => {
      const pair: Pair = { ofFirst: undefined, ofSecond: undefined };
      try {
        pair.ofFirst = first(call);
        pair.ofSecond = second(call);
      } catch {
        // The stack is full: an observer that has started is kept, so that it ends.
      }
      return pair;
    },
  };
}

function pairedEnd(first: CallObserver, second: CallObserver, index: number): Pick<CallObserver, 'end'> {
  const [endFirst, endSecond] = [first.end, second.end];
  const end = endFirst ?? endSecond;
  if (end === undefined) return {};
  const isPair = first.start !== undefined && second.start !== undefined;
  if (!isPair && (endFirst === undefined || endSecond === undefined)) return { end };
  if (isPair)
    return {
      end: (call, started) => {
        const pair = started as Pair | undefined;
        // The start overflowed the stack.
        if (pair !== undefined)
          endBoth(call as ObservedCall, endFirst, pair.ofFirst, endSecond, pair.ofSecond, index);
      },
    };
  return {
    end: (call, started) => endBoth(call as ObservedCall, endFirst, started, endSecond, started, index),
  };
}

type End = CallObserver['end'];

/** After a stack overflow the rest is retried; `call.ended` has one bit per observer, so that none ends twice. */
function endBoth(
  call: ObservedCall,
  first: End,
  ofFirst: unknown,
  second: End,
  ofSecond: unknown,
  index: number,
): void {
  let overflow: unknown;
  if ((call.ended & (1 << index)) === 0) {
    try {
      first?.(call, ofFirst);
    } catch (error) {
      overflow = error;
    }
  }
  // All bits of the others: the second observer may be a pair, of which only one has ended.
  if ((call.ended & (-2 << index)) !== -2 << index) {
    try {
      second?.(call, ofSecond);
    } catch (error) {
      if (overflow === undefined) call.ended |= 1 << index;
      throw error;
    }
  }
  if (overflow === undefined) return;
  call.ended |= -2 << index;
  throw overflow;
}

function pairedFirstItem(
  first: CallObserver,
  second: CallObserver,
  { ofFirst, ofSecond }: Parts,
): Pick<CallObserver, 'firstItem'> {
  if (first.firstItem === undefined && second.firstItem === undefined) return {};
  return {
    firstItem: (call, started) => {
      first.firstItem?.(call, ofFirst(started));
      second.firstItem?.(call, ofSecond(started));
    },
  };
}

function pairedItem(
  first: CallObserver,
  second: CallObserver,
  { ofFirst, ofSecond }: Parts,
): Pick<CallObserver, 'item'> {
  if (first.item === undefined && second.item === undefined) return {};
  return {
    item: (call, started, item) => {
      first.item?.(call, ofFirst(started), item);
      second.item?.(call, ofSecond(started), item);
    },
  };
}

function pairedAround(
  { around: first }: CallObserver,
  { around: second }: CallObserver,
  { ofFirst, ofSecond }: Parts,
): Pick<CallObserver, 'around'> {
  if (first === undefined && second === undefined) return {};
  return {
    around: (call, started, run) => {
      const inner = second === undefined ? run : () => second(call, ofSecond(started), run);
      return first === undefined ? inner() : first(call, ofFirst(started), inner);
    },
  };
}
