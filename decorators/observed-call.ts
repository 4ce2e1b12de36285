/**
 * One call of an instrumented function, from start to end. All decorators see calls through this file, so what "a call"
 * and "its end" mean is decided here alone: a value returned, an error thrown, a plain promise settled, and where what is
 * returned or fulfilled goes on (`stream-result.ts`: other promises, queries, streams), its end.
 */
import { type Outcome, outcomeOfError } from '../lib/escalation.js';
import type { Call } from './call.js';
import type { AnyRegistry } from './class-settings.js';
import { contained, finishSoon } from './contained-recording.js';
import { type Declaration, declaredBy } from './declaration.js';
import { failedResult, isFailedByClass } from './failed-result.js';
import { isPlainPromise } from './promise-result.js';
import type { StreamLife } from './stream-life.js';
import { followResult } from './stream-result.js';

/** What records on calls: one for each decorator of a method. No function of it may throw. */
export interface CallObserver {
  /** Before the method runs. What it returns is handed to the others. */
  readonly start?: (call: Call) => unknown;
  /** Once, at the first item of a stream, or at the end of a call that succeeded with no stream. */
  readonly firstItem?: (call: Call, started: unknown) => void;
  /** At each item of a stream: a token, a chunk, an event, as its reader gets it. */
  readonly item?: (call: Call, started: unknown, item: unknown) => void;
  /** Runs the method, and the steps of the iterator that it returns. */
  readonly around?: <T>(call: Call, started: unknown, run: () => T) => T;
  /** Once, when the call has ended. */
  readonly end?: (call: Call, started: unknown) => void;
  /** Whether the method handles rejections of its promise itself, so that the promise is observed from the side. */
  readonly handlesRejections?: boolean | undefined;
  /** Makes ready in the registry of the class that the method stands in; `undefined` where each instance has its own. */
  readonly bind?: (registry: AnyRegistry | undefined) => void;
}

export type AnyFunction = (this: never, ...args: never[]) => unknown;

/** A function that behaves as `original` and tells `observers` of every call. */
export function observedFunction<F extends AnyFunction>(
  original: F,
  observers: readonly CallObserver[],
  declaration: Declaration,
): F {
  const observer = combined(observers);
  const { around } = observer;
  const observedPromise = observers.some(({ handlesRejections }) => handlesRejections) ? aside : settled;
  // A method and no function: like a bare method it has no `prototype` and is no constructor.
  const { observed } = {
    observed(this: unknown, ...args: unknown[]): unknown {
      const call = new ObservedCall(this, args, declaration);
      const started = begun(observer, call);
      let result: unknown;
      try {
        result =
          around === undefined
            ? Reflect.apply(original, this as never, args as never[])
            : appliedWithin(around, original, call, started);
      } catch (error) {
        try {
          fail(call, observer, started, error);
        } catch {
          // No room on the stack: ended later. Nothing may be called here.
          unfinished.push({ call, observer, started, error, failed: true });
        }
        try {
          if (unfinished.length > 0) endSoon();
          finishSoon();
        } catch {
          // A call further up has more room.
        }
        throw error;
      }
      try {
        if (typeof result !== 'object' || result === null) succeed(call, observer, started, result);
        else if (isPlainPromise(result)) return observedPromise(result, call, observer, started);
        else if (!follow(result, call, observer, started)) succeed(call, observer, started, result);
      } catch {
        unfinished.push({ call, observer, started, error: undefined, failed: false });
      }
      return result;
    },
  };
  // Same parameters, same `this`, same result: the type is the original's.
  return observed as AnyFunction as F;
}

/** Apart from `observed`: a closure there would cost every call, made or not. */
function appliedWithin(
  around: NonNullable<CallObserver['around']>,
  original: AnyFunction,
  call: ObservedCall,
  started: unknown,
): unknown {
  return around(call, started, () => Reflect.apply(original, call.instance as never, call.args as never[]));
}

/** Calls that have started, so that of two it is known which came first. */
let callsStarted = 0;
const lastStarted = (): number => callsStarted;

class ObservedCall implements Call {
  readonly order = ++callsStarted;
  result: unknown = undefined;
  error: unknown = undefined;
  outcome: Outcome = 'success';
  abandoned = false;

  readonly [declaredBy]: Declaration;

  constructor(
    readonly instance: unknown,
    readonly args: readonly unknown[],
    declaration: Declaration,
  ) {
    this[declaredBy] = declaration;
  }
}

/** Calls for whose end the stack had no room. */
const unfinished: {
  call: ObservedCall;
  observer: CallObserver;
  started: unknown;
  error: unknown;
  failed: boolean;
}[] = [];

function endSoon(): void {
  queueMicrotask(() => {
    for (const { call, observer, started, error, failed } of unfinished.splice(0)) {
      if (failed) fail(call, observer, started, error);
      else ended(call, observer, started);
    }
  });
}

function begun(observer: CallObserver, call: Call): unknown {
  try {
    return observer.start?.(call);
  } catch (error) {
    contained(error);
    return undefined;
  }
}

function succeed(call: ObservedCall, observer: CallObserver, started: unknown, result: unknown): void {
  returned(call, result);
  if (call.outcome === 'success' && observer.firstItem !== undefined)
    report(observer.firstItem, call, started);
  ended(call, observer, started);
}

/** The outcome of a call that did not throw: its class may take the result for a failure. */
function returned(call: ObservedCall, result: unknown): void {
  call.result = result;
  if (!isFailedByClass(call)) return;
  call.outcome = 'failure';
  call.error = failedResult;
}

function fail(call: ObservedCall, observer: CallObserver, started: unknown, error: unknown): void {
  call.error = error;
  try {
    call.outcome = outcomeOfError(error);
  } catch {
    // An error whose name cannot be read, or no stack left to read it with.
    call.outcome = 'failure';
  }
  ended(call, observer, started);
}

function ended(call: Call, observer: CallObserver, started: unknown): void {
  if (observer.end !== undefined) report(observer.end, call, started);
}

/** Nothing that happens here reaches the caller; where the stack was full it is made up for when there is room. */
function report(of: NonNullable<CallObserver['end']>, call: Call, started: unknown): void {
  try {
    of(call, started);
  } catch (error) {
    contained(error, () => of(call, started));
  }
}

/** The chained promise, not a side chain: a rejection nobody handles still surfaces as the caller's own. */
function settled(
  promise: Promise<unknown>,
  call: ObservedCall,
  observer: CallObserver,
  started: unknown,
): Promise<unknown> {
  return promise.then(
    (value) => {
      if (typeof value !== 'object' || value === null || !follow(value, call, observer, started)) {
        succeed(call, observer, started, value);
      }
      return value;
    },
    (error: unknown) => {
      fail(call, observer, started, error);
      throw error;
    },
  );
}

/** The very promise. To observe it counts as handling its rejection, which the method is said to do anyway. */
function aside(
  promise: Promise<unknown>,
  call: ObservedCall,
  observer: CallObserver,
  started: unknown,
): Promise<unknown> {
  settled(promise, call, observer, started).catch(() => {});
  return promise;
}

/** Lets the call go on to the end of its result; `false` where that has none to wait for. */
function follow(value: object, call: ObservedCall, observer: CallObserver, started: unknown): boolean {
  const { around, item: eachItem } = observer;
  let isFirst = true;
  const life: StreamLife = {
    started: call.order,
    everyItem: eachItem !== undefined,
    run: around === undefined ? undefined : (step) => around(call, started, step),
    // `call` does not hold the stream while it runs: a stream that nobody holds can be collected, and ends the call.
    item: (item) => {
      if (isFirst && observer.firstItem !== undefined) report(observer.firstItem, call, started);
      isFirst = false;
      if (eachItem !== undefined) report((...of) => eachItem(...of, item), call, started);
    },
    succeed: (settled) => succeed(call, observer, started, settled),
    end: (stream) => {
      returned(call, stream);
      ended(call, observer, started);
    },
    fail: (error) => fail(call, observer, started, error),
    abandon: () => {
      call.abandoned = true;
      ended(call, observer, started);
    },
  };
  return followResult(value, life, lastStarted);
}

/** Several observers as one: two at a time, since each call is then one that V8 can inline. */
function combined(observers: readonly CallObserver[]): CallObserver {
  const [first, ...others] = observers;
  if (first === undefined) return {};
  return others.length === 0 ? first : paired(first, combined(others));
}

/** What two observers started. */
interface Pair {
  ofOne: unknown;
  ofOther: unknown;
  /** How many of the two have ended: none ends twice, where the end was cut off by a full stack. */
  ended: number;
}

function paired(one: CallObserver, other: CallObserver): CallObserver {
  const start = (call: Call): Pair => {
    const pair: Pair = { ofOne: undefined, ofOther: undefined, ended: 0 };
    try {
      pair.ofOne = begun(one, call);
      pair.ofOther = begun(other, call);
    } catch {
      // What has started is kept, so that it ends.
    }
    return pair;
  };
  const end = (call: Call, started: unknown): void => {
    const pair = started as Pair;
    if (pair.ended === 0) ended(call, one, pair.ofOne);
    if (pair.ended < 2) pair.ended = 1;
    if (pair.ended === 1) ended(call, other, pair.ofOther);
    pair.ended = 2;
  };
  return {
    start,
    end,
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
